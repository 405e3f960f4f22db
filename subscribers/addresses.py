"""The one place where an address is normalised, before every look-up and every insert.

NFKC, full-width forms, lower case and IDNA, so that one mailbox is one person however it is typed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from email_validator import EmailNotValidError, EmailSyntaxError, validate_email

from subscribers.mac import Hmac

# Nearly every address of a list looks like this. Its local part needs no second look, and its domain
# is looked at once for all who share it: an import is many times faster for it.
_PLAIN = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_LONGEST = 254  # RFC 5321 4.5.3.1.3
_LONGEST_LOCAL = 64  # before the @; 4.5.3.1.1


class InvalidAddress(ValueError):
    """This is not an address that mail can be sent to. The message never repeats the address."""


@dataclass(frozen=True, slots=True)
class Address:
    """A normalised address: ASCII local part, domain as A-labels, all lower case."""

    value: str

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.value.rpartition("@")[2]

    def __str__(self) -> str:
        return mask(self.value)

    def __repr__(self) -> str:
        return f"Address({mask(self.value)})"


def normalise(typed: str) -> Address:
    """Return the address a person meant, or raise ``InvalidAddress``."""
    plain = _PLAIN.fullmatch(typed.strip())
    if plain and _fits(plain[0], plain[1]) and _is_common(plain[2].lower()):
        return Address(plain[0].lower())
    return _normalise_any(typed)


@lru_cache(maxsize=32_768)
def _is_common(domain: str) -> bool:
    """Say whether a lower-case ASCII domain takes mail and is its own normal form."""
    try:
        return _normalise_any(f"a@{domain}").domain == domain
    except InvalidAddress:
        return False


def _normalise_any(typed: str) -> Address:
    text = unicodedata.normalize("NFKC", typed).strip().replace("。", ".")
    try:
        # RFC 6531 local parts are refused by SendGrid and by most exchangers.
        valid = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        reason = "is not a complete address" if isinstance(error, EmailSyntaxError) else "cannot get mail"
        raise InvalidAddress(f"what was typed {reason}") from None
    address = f"{valid.local_part.lower()}@{valid.ascii_domain.lower()}"
    if not _fits(address, valid.local_part):  # the library looks at the local part only when it is strict
        raise InvalidAddress("what was typed cannot get mail")
    return Address(address)


def _fits(address: str, local: str) -> bool:
    return len(address) <= _LONGEST and len(local) <= _LONGEST_LOCAL


def mask(address: str) -> str:
    """Return the address as logs may show it: ``l***@example.com``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}" if local else "***"


@dataclass(frozen=True, slots=True)
class AddressHasher:
    """Names an address without holding it, for suppressions that outlive an erased person.

    The key must never change: every stored hash depends on it.
    """

    key: bytes
    _mac: Hmac = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.key) < 32:
            raise ValueError("the address key must have 32 bytes or more")
        object.__setattr__(self, "_mac", Hmac(self.key))

    def digest(self, address: Address) -> bytes:
        """Return HMAC-SHA-256 of the normalised address, 32 bytes."""
        return self._mac.digest(address.value.encode())

    def __repr__(self) -> str:
        return "AddressHasher(key=***)"
