"""Reads config.toml and the environment, and makes relative paths absolute."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from pydantic import SecretStr, ValidationError

from newsletter.config.alarms import AlarmSettings
from newsletter.config.canaries import CanariesSettings
from newsletter.config.settings import ENV_PREFIX, Settings
from newsletter.config.webhooks import EventWebhookSettings, check_secrets
from newsletter.errors import ConfigError

CONFIG_ENV = "NEWSLETTER_CONFIG"


def packaged_config() -> str:
    """Return the text of the commented default config.toml."""
    packed = resources.files("newsletter") / "config.toml"
    if packed.is_file():
        return packed.read_text(encoding="utf-8")
    # An editable install ignores force-include; the file is at the top of the checkout then.
    return (Path(__file__).parents[2] / "config.toml").read_text(encoding="utf-8")


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
    return _anchor(settings, path.parent).read_from(path)


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


def _read_secret(file: Path | None, value: SecretStr, *, setting: str) -> SecretStr:
    """Return what ``file`` holds, where there is one; its content is never part of a message."""
    if file is None:
        return value
    try:
        return SecretStr(file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise ConfigError(f"{setting}: cannot read {file}: {why}") from None


def _alarms(alarms: AlarmSettings, folder: Path) -> AlarmSettings:
    """Read the secrets of webhooks that lie in files."""
    webhooks = []
    for webhook in alarms.webhooks:
        setting = f"alarms.webhooks ({webhook.name})"
        secrets = {
            name: _read_secret(
                folder / file if (file := getattr(webhook, f"{name}_file")) else None,
                getattr(webhook, name),
                setting=f"{setting}.{name}_file",
            )
            for name in ("url", "secret")
        }
        if not secrets["url"].get_secret_value().startswith(("https://", "http://")):
            raise ConfigError(f"{setting}.url_file: must hold an address that starts with https://")
        webhooks.append(webhook.model_copy(update=secrets))
    return alarms.model_copy(update={"webhooks": tuple(webhooks)})


def _canaries(canaries: CanariesSettings, folder: Path) -> CanariesSettings:
    """Read the passwords that lie in files."""
    read = []
    for mailbox in canaries.mailboxes:
        setting = f"canaries.mailboxes ({mailbox.name}).password_file"
        file = folder / mailbox.password_file if mailbox.password_file else None
        password = _read_secret(file, mailbox.password, setting=setting)
        read.append(mailbox.model_copy(update={"password": password}))
    return canaries.model_copy(update={"mailboxes": tuple(read)})


def _webhooks(webhooks: tuple[EventWebhookSettings, ...], folder: Path) -> tuple[EventWebhookSettings, ...]:
    """Read the secrets of webhooks out that lie in files."""
    found = []
    for webhook in webhooks:
        setting = f"webhooks ({webhook.name})"
        secrets = {
            name: _read_secret(
                folder / file if (file := getattr(webhook, f"{name}_file")) else None,
                getattr(webhook, name),
                setting=f"{setting}.{name}_file",
            )
            for name in ("url", "secret")
        }
        ready = webhook.model_copy(update=secrets)
        try:
            check_secrets(ready)
        except ValueError as error:
            raise ConfigError(f"{setting}: {error}") from None
        if not ready.url.get_secret_value() or not ready.secret.get_secret_value():
            raise ConfigError(f"{setting}: the file of its url or secret is empty")
        found.append(ready)
    return tuple(found)


def _anchor(settings: Settings, folder: Path) -> Settings:
    """Make every relative path absolute, counted from ``folder``."""
    url = settings.database.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    transport = settings.transport
    outbox = transport.file.model_copy(update={"folder": folder / transport.file.folder})
    signatures = tuple(each.model_copy(update={"key": folder / each.key}) for each in transport.smtp.dkim)
    smtp = transport.smtp.model_copy(update={"dkim": signatures})
    backup, journal, log = settings.backup, settings.journal, settings.log
    newsletters = {
        slug: entry.model_copy(
            update={"source": entry.source.model_copy(update={"folder": folder / entry.source.folder})}
            if entry.source.folder
            else {}
        )
        for slug, entry in settings.newsletters.items()
    }
    return settings.model_copy(
        update={
            "templates": folder / settings.templates if settings.templates else None,
            "database": settings.database.model_copy(update={"url": url}),
            "keys": settings.keys.model_copy(update={"file": folder / settings.keys.file}),
            "transport": transport.model_copy(update={"file": outbox, "smtp": smtp}),
            "mailbox": settings.mailbox.model_copy(update={"path": folder / settings.mailbox.path}),
            "canaries": _canaries(settings.canaries, folder),
            "alarms": _alarms(settings.alarms, folder),
            "webhooks": _webhooks(settings.webhooks, folder),
            "web": settings.web.model_copy(update={"spool": folder / settings.web.spool}),
            "journal": journal.model_copy(update={"file": folder / journal.file if journal.file else None}),
            "backup": backup.model_copy(
                update={
                    "folder": folder / backup.folder if backup.folder else None,
                    "passphrase_file": folder / backup.passphrase_file if backup.passphrase_file else None,
                    "programs": folder / backup.programs if backup.programs else None,
                }
            ),
            "log": log.model_copy(update={"file": folder / log.file if log.file else None}),
            "newsletters": newsletters,
        }
    )
