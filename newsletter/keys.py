"""The installation's keys: made once by ``newsletter init``, kept in one file of mode 0600.

Whoever loses them can neither honour a leave-link that is already in somebody's mailbox nor
recognise a suppressed address again.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.errors import ConfigError
from subscribers import AddressHasher, Hmac, TokenKeys

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """What is secret and must never change under our readers."""

    addresses: AddressHasher
    tokens: TokenKeys
    message_salt: bytes
    _message_mac: Hmac = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_message_mac", Hmac(self.message_salt))

    def made_for(self, use: str) -> bytes:
        """Return a key for one use inside, which never changes."""
        return hmac.digest(self.message_salt, f"key\0{use}".encode(), "sha256")

    def message_id(self, ref: str, domain: str) -> str:
        """Return a copy's Message-ID without brackets: the same for the same copy, for ever."""
        return f"{self.message_name(ref)}@{domain}"

    def message_name(self, ref: str) -> str:
        """Return what stands before the @ of a copy's Message-ID."""
        return f"{ref}.{self._message_mac.digest(ref.encode('utf-8', 'replace')).hex()[:16]}"

    def ref_of(self, message_id: str) -> str | None:
        """Return which copy a Message-ID names, when it is one that we made; with or without brackets."""
        local, _, domain = message_id.strip().strip("<>").partition("@")
        ref = local.rpartition(".")[0]
        if not ref or not domain or not local.isascii():
            return None
        genuine = self.message_id(ref, domain).partition("@")[0]
        return ref if hmac.compare_digest(genuine, local) else None

    @property
    def journal(self) -> Hmac:
        """What chains the lines of the journal."""
        return Hmac(self._message_mac.digest(b"\0journal"))

    def __repr__(self) -> str:
        return "Keys(***)"


def create(path: Path) -> Keys:
    """Write new keys to ``path`` (mode 0600). Raises ``ConfigError`` when the file is already there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (
        "# The keys of this newsletter installation. Keep a copy somewhere safe and secret:\n"
        "# without them old unsubscribe links stop working and suppressions are forgotten.\n"
        f'address_hash = "{_random()}"\n'
        f'message_id = "{_random()}"\n\n'
        "[tokens]\n"
        'current = "1"\n'
        f'keys.1 = "{_random()}"\n'
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path} is already there; keys are never overwritten") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return load(path)


def load(path: Path) -> Keys:
    """Read the keys, or raise ``ConfigError``; a value is never part of the message."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"keys.file: there is no {path}; make the keys with `newsletter init`") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"keys.file: {path} cannot be read ({type(error).__name__})") from None
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"keys.file: {path} may be read by others; run `chmod 600 {path}`")
    try:
        return Keys(
            addresses=AddressHasher(_bytes(document["address_hash"])),
            tokens=TokenKeys(
                current=document["tokens"]["current"],
                keys={name: _bytes(value) for name, value in document["tokens"]["keys"].items()},
            ),
            message_salt=_bytes(document["message_id"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = error.args[0] if isinstance(error, KeyError) else type(error).__name__
        raise ConfigError(f"keys.file: {path} is not complete ({what}); restore it from your copy") from None


def _random() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _bytes(value: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(value)
    except binascii.Error as error:
        raise ValueError("not base64") from error
