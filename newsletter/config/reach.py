"""Whether the settings let editions leave this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from newsletter.config.settings import Settings
from newsletter.config.transports import TransportKind

# Real readers must be able to leave, so these send editions only with links that lead to us.
REACHES_REAL_READERS = (TransportKind.SMTP, TransportKind.SENDGRID, TransportKind.OWN)


def why_nobody_could_leave(settings: Settings) -> str:
    """Return why editions may not be sent with these settings; empty when they may."""
    kind, url = settings.transport.kind, urlsplit(settings.public_url)
    if kind not in REACHES_REAL_READERS or url.scheme == "https" or _is_this_machine(url.hostname):
        return ""
    wrong = "is not https" if url.scheme else "is empty"
    return (
        f"transport.kind = {kind.value!r} sends no editions while public_url {wrong}: readers must be "
        "able to leave (退订) by a safe link; set it to the https address of `newsletter run`"
    )


def _is_this_machine(host: str | None) -> bool:
    """Say whether a host is this very machine, where nobody listens in: for trying things out."""
    return host in ("localhost", "127.0.0.1", "::1")
