"""Signed links: one token opens one door, for one person, on one newsletter.

``<key id>.<newsletter>.<subscriber, base 36>.<signature>``, with the minute it was made (base 36)
before the signature where that matters: no query string, nothing that HTML or a header would have to
escape. The signature is HMAC-SHA-256 cut to 128 bits over the purpose and all of it, so a token for one
purpose is worthless for another. Keys are versioned; an old key verifies for ever, because a link to
leave must work in the oldest mail.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from subscribers.mac import Hmac

_SHAPE = re.compile(
    r"([a-z0-9]{1,8})\.([a-z][a-z0-9_]{0,39})\.([0-9a-z]{1,13})(?:\.([0-9a-z]{1,7}))?\.([A-Za-z0-9_-]{22})"
)
_LOCAL_SHAPE = re.compile(r"([a-z0-9]{1,8})-([a-z0-9]+(?:-[a-z0-9]+)*)-([a-z2-7]{20})")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648, 5
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Purpose(StrEnum):
    """What a link may do. Nothing else."""

    LEAVE = "leave"
    MANAGE = "manage"
    CONFIRM = "confirm"
    DISOWN = "disown"  # "I never signed up": never mail this address
    UNDO = "undo"  # take leaving back, on the page that said goodbye
    ERASE = "erase"
    MOVE_OLD = "move_old"  # the old address agrees to a move; the subject is the wish, not the person
    MOVE_NEW = "move_new"
    BOUNCE = "bounce"  # this very copy came back; the left of the address it was sent from
    LEAVE_BY_MAIL = "leave_by_mail"  # a mail to this address leaves
    ACKNOWLEDGE = "acknowledge"  # "I have this alarm"; the subject is whoever was told, not a reader


# How long a token works after it was made; the others work for ever, though some say when they were made.
LIFETIMES = {
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.UNDO: timedelta(hours=1),
    Purpose.ERASE: timedelta(hours=1),
    Purpose.MOVE_OLD: timedelta(days=2),
    Purpose.MOVE_NEW: timedelta(days=2),
    Purpose.ACKNOWLEDGE: timedelta(days=7),
}
# "I never signed up" is about the address the mail went to, which the person may have given up since.
DATED = frozenset({*LIFETIMES, Purpose.DISOWN})


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom a valid token is about, and the minute it was made in where the token says so."""

    newsletter: str
    subscriber_id: int
    made_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The signing key in use and all that ever were. ``repr`` never shows them."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    _macs: Mapping[str, Hmac] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError(f"there is no token key {self.current!r}")
        for name, key in self.keys.items():
            if not re.fullmatch(r"[a-z0-9]{1,8}", name) or len(key) < 32:
                raise ValueError(f"token key {name!r} needs a short name (a-z, 0-9) and 32 bytes or more")
        object.__setattr__(self, "_macs", {name: Hmac(key) for name, key in self.keys.items()})

    def sign(
        self, purpose: Purpose, *, newsletter: str, subscriber_id: int, now: datetime | None = None
    ) -> str:
        """Return the token that lets ``subscriber_id`` do ``purpose`` on ``newsletter``.

        A purpose whose tokens say when they were made needs ``now``.
        """
        body = f"{self.current}.{newsletter}.{base36(subscriber_id)}"
        if purpose in DATED:
            if now is None:
                raise ValueError(f"a token to {purpose} needs the time it is made")
            body += f".{base36(int(now.timestamp()) // 60)}"
        return f"{body}.{self._signature(self.current, purpose, body)}"

    def series(self, purpose: Purpose, *, newsletter: str) -> Callable[[str], str]:
        """Return what signs the tokens of one purpose that has no date, for one subscriber after another.

        It takes the subscriber as ``base36`` writes them and returns what ``sign`` would.
        """
        if purpose in DATED:
            raise ValueError(f"a token to {purpose} needs the time it is made")
        start = f"{self.current}.{newsletter}."
        digest = self._macs[self.current].beginning_with(f"{purpose}\0{start}".encode()).digest

        def signed(subscriber: str) -> str:
            return f"{start}{subscriber}.{_coded(digest(subscriber.encode()))}"

        return signed

    def verify(self, purpose: Purpose, token: str, *, now: datetime | None = None) -> Claim | None:
        """Return whom a genuine token is about; None for anything else, without saying why."""
        shape = _SHAPE.fullmatch(token)
        if not shape or shape[1] not in self.keys:
            return None
        body = token.rpartition(".")[0]
        if not hmac.compare_digest(self._signature(shape[1], purpose, body), shape[5]):
            return None
        made_at = datetime.fromtimestamp(int(shape[4], 36) * 60, UTC) if shape[4] else None
        if purpose in LIFETIMES:
            if now is None or made_at is None:
                return None
            # A minute of grace: the moment was cut to its minute.
            if not timedelta(0) <= now - made_at <= LIFETIMES[purpose] + timedelta(minutes=1):
                return None
        return Claim(newsletter=shape[2], subscriber_id=int(shape[3], 36), made_at=made_at)

    def sign_local(self, purpose: Purpose, body: str) -> str:
        """Return a token that fits the left of an address, where case may be lost: 100 bits in base 32.

        ``body`` is a-z, 0-9 and hyphens.
        """
        return f"{self.current}-{body}-{self._local(self.current, purpose, body)}"

    def verify_local(self, purpose: Purpose, token: str) -> str | None:
        """Return the body of such a token; None for anything else, without saying why."""
        shape = _LOCAL_SHAPE.fullmatch(token.lower())
        if not shape or shape[1] not in self.keys:
            return None
        genuine = hmac.compare_digest(self._local(shape[1], purpose, shape[2]), shape[3])
        return shape[2] if genuine else None

    def _local(self, key_id: str, purpose: Purpose, body: str) -> str:
        digest = self._macs[key_id].digest(f"{purpose}\0{key_id}-{body}".encode())
        return b32encode(digest[:13])[:20].decode().lower()

    def _signature(self, key_id: str, purpose: Purpose, body: str) -> str:
        return _coded(self._macs[key_id].digest(f"{purpose}\0{body}".encode()))


def _coded(digest: bytes) -> str:
    return b2a_base64(digest[:16], newline=False)[:22].translate(_URL_SAFE).decode()


def base36(number: int) -> str:
    """Write a subscriber's id as tokens have it."""
    if number < 0:
        raise ValueError("a subscriber's id is never negative")
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if not number:
            return digits
