"""The settings of the ways out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from newsletter.config.base import OneLine, Section
from newsletter.lanes import Lane


class TransportKind(StrEnum):
    FILE = "file"
    CONSOLE = "console"
    MEMORY = "memory"
    SMTP = "smtp"
    SENDGRID = "sendgrid"
    OWN = "own"


class FileSettings(Section):
    folder: Path = Path("var/outbox")


class SmtpServer(Section):
    """One server: how to reach it, and its share of the mail."""

    host: OneLine = "localhost"
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    connections: int = Field(default=8, ge=1, le=100)  # at once, from one process
    weight: int = Field(default=1, ge=0)  # its share; 0: only when the others are away


def _selector(value: str) -> str:
    if not value or not all(part.replace("-", "").isalnum() and part.isascii() for part in value.split(".")):
        raise ValueError("must be a DNS label such as n2026")
    return value


class DkimSettings(Section):
    """One signature on every message of a sending domain (RFC 6376)."""

    domain: OneLine
    selector: Annotated[str, AfterValidator(_selector)]
    key: Path  # a private key in PEM: RSA of 2048 bits, or Ed25519 beside one


class SmtpSettings(SmtpServer):
    timeout_seconds: float = Field(default=60, gt=0)  # to connect; later steps have RFC 5321's own
    messages_per_connection: int = Field(default=500, ge=1)
    more: tuple[SmtpServer, ...] = ()
    dkim: tuple[DkimSettings, ...] = ()

    @property
    def servers(self) -> tuple[SmtpServer, ...]:
        """Every server there is, the main one first."""
        main = SmtpServer(**{name: getattr(self, name) for name in SmtpServer.model_fields})
        return (main, *self.more)

    @model_validator(mode="after")
    def _reachable(self) -> SmtpSettings:
        if not any(server.weight for server in self.servers):
            raise ValueError("at least one server must have a weight above 0")
        return self


class SendGridAccount(Section):
    """One key, subuser or pool of addresses, for some lanes or for a share of all."""

    name: OneLine
    api_key: SecretStr = SecretStr("")  # empty: transport.sendgrid.api_key
    subuser: OneLine = ""  # sends on behalf of
    ip_pool: OneLine = ""
    lanes: tuple[Lane, ...] = ()  # empty: all
    weight: int = Field(default=1, ge=1)  # among those that may take a lane


class SendGridSettings(Section):
    api_key: SecretStr = SecretStr("")
    host: str = "https://api.sendgrid.com"
    timeout_seconds: float = Field(default=60, gt=0)
    ip_pool: OneLine = ""
    accounts: tuple[SendGridAccount, ...] = ()


class OwnSettings(Section):
    """A transport of an installed package: see docs/extending.md."""

    name: OneLine = ""
    options: dict[str, Any] = Field(default_factory=dict)


class TransportSettings(Section):
    kind: TransportKind = TransportKind.FILE
    file: FileSettings = FileSettings()
    smtp: SmtpSettings = SmtpSettings()
    sendgrid: SendGridSettings = SendGridSettings()
    own: OwnSettings = OwnSettings()

    @model_validator(mode="after")
    def _named(self) -> TransportSettings:
        if self.kind is TransportKind.OWN and not self.own.name:
            raise ValueError('kind = "own" needs own.name, the entry point of an installed package')
        return self
