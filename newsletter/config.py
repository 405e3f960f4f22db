"""The settings: config.toml, overridden by the environment, checked before anything runs.

``NEWSLETTER_SECTION__KEY`` overrides a key and ``NEWSLETTER_SECTION__KEY_FILE`` reads its value
from a file. Relative paths count from the folder of config.toml. A value that exists is valid;
an error names the setting and where it came from.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from enum import StrEnum
from importlib import resources
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from newsletter.errors import ConfigError

ENV_PREFIX = "NEWSLETTER_"
CONFIG_ENV = "NEWSLETTER_CONFIG"
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
# What a page of ours begins with, now or one day: a newsletter's page could not be reached there.
_RESERVED = frozenset(
    "admin api confirm data desk disown healthz leave login logout manage metrics move privacy readyz "
    "static undo webhooks".split()
)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Asia/Shanghai") from error
    return name


def _one_line(value: str) -> str:
    if any(character in value for character in "\r\n\0"):
        raise ValueError("must be one line")
    return value


def _ascii_address(value: str) -> str:
    if value and not re.fullmatch(r"[!#$%&'*+/=?^_`{|}~A-Za-z0-9.-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+", value):
        raise ValueError("must be an ASCII email address such as news@example.com")
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]+)?", value):
        raise ValueError("must be an origin such as https://blog.example.com, without a path")
    return value


OneLine = Annotated[str, AfterValidator(_one_line)]
Origin = Annotated[str, AfterValidator(_origin)]
Network = IPv4Network | IPv6Network
Email = Annotated[str, AfterValidator(_ascii_address)]


class _Section(BaseModel):
    """A section refuses keys it does not know, so that a typo is an error and not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class DatabaseSettings(_Section):
    url: str = "sqlite:///var/newsletter.db"

    @field_validator("url")
    @classmethod
    def _known(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return url


class KeySettings(_Section):
    file: Path = Path("var/keys.toml")


class TransportKind(StrEnum):
    FILE = "file"
    CONSOLE = "console"
    MEMORY = "memory"
    SMTP = "smtp"
    SENDGRID = "sendgrid"


class FileSettings(_Section):
    folder: Path = Path("var/outbox")


class SmtpSettings(_Section):
    host: str = "localhost"
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    timeout_seconds: float = Field(default=60, gt=0)


class SendGridSettings(_Section):
    api_key: SecretStr = SecretStr("")
    host: str = "https://api.sendgrid.com"
    timeout_seconds: float = Field(default=60, gt=0)


class TransportSettings(_Section):
    kind: TransportKind = TransportKind.FILE
    file: FileSettings = FileSettings()
    smtp: SmtpSettings = SmtpSettings()
    sendgrid: SendGridSettings = SendGridSettings()


class SendingSettings(_Section):
    batch_size: int = Field(default=1000, ge=1, le=1000)
    lease_seconds: int = Field(default=180, ge=90)

    @property
    def lease(self) -> timedelta:
        """How long a claim holds if its worker dies."""
        return timedelta(seconds=self.lease_seconds)


class SenderSettings(_Section):
    name: OneLine = ""  # empty: the newsletter's name
    address: Email = "news@example.com"
    reply_to: Email = ""


class SourceSettings(_Section):
    folder: Path = Path("digests")
    max_age_hours: float = Field(default=20, gt=0)
    yesterday_evening: bool = True

    @property
    def max_age(self) -> timedelta:
        """How old a digest may be when it goes out."""
        return timedelta(hours=self.max_age_hours)


class ScheduleSettings(_Section):
    send_at: time = time(7, 30)
    zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"

    @property
    def tz(self) -> ZoneInfo:
        """The newsletter's local time."""
        return ZoneInfo(self.zone)


Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class NewsletterSettings(_Section):
    name: OneLine
    description: OneLine = ""
    language: Language = "zh-CN"
    template: str = Field(default="daily", pattern=r"[a-z][a-z0-9_]*")
    subject: OneLine = ""  # a pattern; empty: the template's subject.txt.j2
    postal_address: OneLine = ""
    sender: SenderSettings = SenderSettings()
    source: SourceSettings = SourceSettings()
    schedule: ScheduleSettings = ScheduleSettings()

    @property
    def sender_name(self) -> str:
        """The display name of the sender."""
        return self.sender.name or self.name


class WebSettings(_Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    # Whose X-Forwarded-For is believed. By default only a proxy on this machine.
    trusted_proxies: tuple[Network, ...] = (ip_network("127.0.0.1"), ip_network("::1"))
    altcha: Literal["never", "attack", "always"] = "attack"
    attack_at: int = Field(default=300, ge=1)  # forms an hour, over all visitors
    api_origins: tuple[Origin, ...] = ()
    icp: OneLine = ""
    abroad: OneLine = ""
    privacy_version: OneLine = "1"
    privacy_notice: str = ""


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
    web: WebSettings = WebSettings()
    newsletters: dict[str, NewsletterSettings] = Field(default_factory=dict)

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


def packaged_config() -> str:
    """Return the text of the commented default config.toml."""
    packed = resources.files("newsletter") / "config.toml"
    if packed.is_file():
        return packed.read_text(encoding="utf-8")
    # An editable install ignores force-include; the file is at the top of the checkout then.
    return (Path(__file__).parent.parent / "config.toml").read_text(encoding="utf-8")


def find_config(given: Path | None) -> Path:
    """Return the configuration file to use, or raise ``ConfigError`` with what to do."""
    path = given or Path(os.environ.get(CONFIG_ENV) or "config.toml")
    if not path.is_file():
        raise ConfigError(f"there is no {path}; make one with `newsletter init`, or name yours with --config")
    return path.resolve()


def load(path: Path) -> Settings:
    """Read and check ``path`` and the environment, or raise ``ConfigError`` naming each wrong setting."""
    try:
        values = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    with _secrets_from_files():
        _refuse_unknown_variables()
        try:
            settings = Settings(**values)
        except ValidationError as error:
            raise ConfigError(_explain(error, path)) from None
    return _anchor(settings, path.parent)


def _explain(error: ValidationError, path: Path) -> str:
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        setting = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            message = "no such setting; is it a typo?"
        variable = ENV_PREFIX + "__".join(str(part) for part in fault["loc"]).upper()
        origin = f"the environment ({variable})" if variable in os.environ else str(path)
        lines.append(f"{origin}: {setting}: {message}")
    return "\n".join(lines)


@contextmanager
def _secrets_from_files() -> Iterator[None]:
    """Offer ``NEWSLETTER_…_FILE`` as ``NEWSLETTER_…`` while the settings are read."""
    before = dict(os.environ)
    try:
        for name, value in before.items():
            target = name.removesuffix("_FILE")
            # A key that is itself called "file" (keys.file) ends in two underscores and FILE.
            if not name.startswith(ENV_PREFIX) or target == name or name.endswith("__FILE"):
                continue
            try:
                os.environ.setdefault(target, Path(value).read_text(encoding="utf-8").strip())
            except OSError as error:
                raise ConfigError(f"{name}: cannot read {value}: {error.strerror}") from error
            del os.environ[name]
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _refuse_unknown_variables() -> None:
    """Refuse a variable with our prefix that names no section: the library would pass over it."""
    for name in os.environ:
        section = name.removeprefix(ENV_PREFIX).partition("__")[0].lower()
        if name.startswith(ENV_PREFIX) and name != CONFIG_ENV and section not in Settings.model_fields:
            raise ConfigError(f"the environment ({name}): no such setting; is it a typo?")


def _anchor(settings: Settings, folder: Path) -> Settings:
    """Make every relative path absolute, counted from ``folder``."""
    url = settings.database.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    transport = settings.transport
    outbox = transport.file.model_copy(update={"folder": folder / transport.file.folder})
    newsletters = {
        slug: entry.model_copy(
            update={"source": entry.source.model_copy(update={"folder": folder / entry.source.folder})}
        )
        for slug, entry in settings.newsletters.items()
    }
    return settings.model_copy(
        update={
            "templates": folder / settings.templates if settings.templates else None,
            "database": settings.database.model_copy(update={"url": url}),
            "keys": settings.keys.model_copy(update={"file": folder / settings.keys.file}),
            "transport": transport.model_copy(update={"file": outbox}),
            "newsletters": newsletters,
        }
    )
