"""Everything a person may set, section by section."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from newsletter.config.alarms import AlarmSettings
from newsletter.config.base import Network, OneLine, Origin, Port, Section
from newsletter.config.canaries import CanariesSettings
from newsletter.config.feedback import FeedbackSettings
from newsletter.config.keeping import (
    BackupSettings,
    JournalSettings,
    LogSettings,
    MetricsSettings,
    RetentionSettings,
)
from newsletter.config.mailbox import MailboxSettings
from newsletter.config.newsletters import NewsletterSettings
from newsletter.config.sending import PacingSettings, SendingSettings
from newsletter.config.staff import StaffSettings
from newsletter.config.transports import TransportSettings
from newsletter.config.webhooks import EventWebhookSettings
from newsletter.errors import ConfigError
from newsletter.lanes import Lane

ENV_PREFIX = "NEWSLETTER_"
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
# What a page of ours begins with, now or one day: a newsletter's page could not be reached there.
_RESERVED = frozenset(
    "account admin alarm api archive audit confirm data desk disown healthz language leave link lists login "
    "logout manage metrics move people privacy readyz staff static tokens undo webhooks welcome".split()
)


class DatabaseSettings(Section):
    url: str = "sqlite:///var/newsletter.db"
    instance: OneLine = Field(default="", max_length=32)  # PostgreSQL: the id of this installation

    @field_validator("url")
    @classmethod
    def _known(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return url


class KeySettings(Section):
    file: Path = Path("var/keys.toml")


class WebSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    # Whose X-Forwarded-For is believed. By default only a proxy on this machine.
    trusted_proxies: tuple[Network, ...] = (ip_network("127.0.0.1"), ip_network("::1"))
    altcha: Literal["never", "attack", "always"] = "attack"
    attack_at: int = Field(default=300, ge=1)  # forms an hour, over all visitors
    api_origins: tuple[Origin, ...] = ()
    spool: Path = Path("var/spool")  # where uploaded lists lie until they are taken in
    upload_mb: int = Field(default=50, ge=1, le=2000)
    icp: OneLine = ""
    abroad: OneLine = ""
    privacy_version: OneLine = "1"
    privacy_notice: str = ""


class FetchingSettings(Section):
    """How we fetch from addresses that others wrote. See docs/decisions/0010-fetching.md."""

    allow: tuple[Network, ...] = ()  # networks inside that may be reached all the same
    ports: tuple[Port, ...] = (80, 443)
    timeout_seconds: float = Field(default=20, gt=0, le=120)  # of a whole fetch, redirects and all
    max_bytes: int = Field(default=10_000_000, ge=1000)  # of one answer, unpacked


class ClockSettings(Section):
    """Who is asked what time it is, besides the machine itself."""

    ntp_server: OneLine = ""  # empty: nobody


class Settings(BaseSettings):
    """Everything a person may set, with the folder that relative paths count from."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        validate_default=True,
    )

    public_url: str = ""
    templates: Path | None = None  # a folder whose files override ours by name
    database: DatabaseSettings = DatabaseSettings()
    keys: KeySettings = KeySettings()
    transport: TransportSettings = TransportSettings()
    sending: SendingSettings = SendingSettings()
    pacing: dict[Lane, PacingSettings] = Field(default_factory=dict)
    alarms: AlarmSettings = AlarmSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    mailbox: MailboxSettings = MailboxSettings()
    canaries: CanariesSettings = CanariesSettings()
    web: WebSettings = WebSettings()
    staff: StaffSettings = StaffSettings()
    webhooks: tuple[EventWebhookSettings, ...] = ()
    fetching: FetchingSettings = FetchingSettings()
    clock: ClockSettings = ClockSettings()
    journal: JournalSettings = JournalSettings()
    backup: BackupSettings = BackupSettings()
    retention: RetentionSettings = RetentionSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
    newsletters: dict[str, NewsletterSettings] = Field(default_factory=dict)
    _read_from: Path | None = PrivateAttr(None)

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?", url):
            raise ValueError("must be an absolute URL such as https://news.example.com")
        return url.rstrip("/")

    @field_validator("newsletters")
    @classmethod
    def _slugs(cls, newsletters: dict[str, NewsletterSettings]) -> dict[str, NewsletterSettings]:
        for slug in newsletters:
            if not _SLUG.fullmatch(slug):
                raise ValueError(f"[newsletters.{slug}]: a slug is a-z, then a-z, 0-9 or _ (40 at most)")
            if slug in _RESERVED:
                raise ValueError(f"[newsletters.{slug}]: /{slug} is a page of ours; choose another slug")
        return newsletters

    @model_validator(mode="after")
    def _told_apart(self) -> Settings:
        names = [webhook.name for webhook in self.webhooks]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"webhooks: the name {sorted(twice)[0]!r} is given twice")
        for webhook in self.webhooks:
            if unknown := set(webhook.newsletters) - set(self.newsletters):
                raise ValueError(f"webhooks: {webhook.name}: there is no newsletter {sorted(unknown)[0]!r}")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which arrives as keyword arguments."""
        return env_settings, init_settings

    @property
    def config_file(self) -> Path | None:
        """The file they were read from."""
        return self._read_from

    def read_from(self, path: Path) -> Settings:
        """Return the same settings, which know where they were read from."""
        known = self.model_copy()
        known._read_from = path
        return known

    @property
    def base_url(self) -> str:
        """The public address, or where ``newsletter serve`` would listen while none is set."""
        return self.public_url or f"http://127.0.0.1:{self.web.port}"

    def newsletter(self, slug: str | None) -> tuple[str, NewsletterSettings]:
        """Return the newsletter named ``slug``, or the only one; raise ``ConfigError`` otherwise."""
        if slug is None and len(self.newsletters) == 1:
            return next(iter(self.newsletters.items()))
        names = ", ".join(self.newsletters) or "none"
        if slug is None:
            raise ConfigError(f"name one newsletter with --newsletter (configured: {names})")
        if slug not in self.newsletters:
            raise ConfigError(f"there is no [newsletters.{slug}] in the configuration (configured: {names})")
        return slug, self.newsletters[slug]
