"""What a check may ask: the installation, the DNS, and the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.app import App
from newsletter.config import TransportKind
from newsletter.doctor.dns import Dns


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One installation, to be looked at."""

    app: App
    dns: Dns
    now: datetime
    is_offline: bool = False  # nothing outside this machine is asked

    @property
    def domains(self) -> Sequence[str]:
        """The domains that mail is sent from."""
        addresses = [one.sender.address for one in self.app.settings.newsletters.values()]
        return sorted({address.rpartition("@")[2].lower() for address in addresses})

    @property
    def sends(self) -> bool:
        """Whether mail leaves this machine."""
        return self.app.reaches_real_readers

    @property
    def by_smtp(self) -> bool:
        """Whether it leaves by SMTP."""
        return self.app.settings.transport.kind is TransportKind.SMTP

    @property
    def by_sendgrid(self) -> bool:
        """Whether it leaves by SendGrid."""
        return self.app.settings.transport.kind is TransportKind.SENDGRID
