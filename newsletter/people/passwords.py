"""Passwords: the door to ``argon2``. Hashing is slow and takes memory on purpose, so two run at a time.

A hash of cheaper parameters is made anew when its password is typed next. Nothing here opens a
transaction: hash before one begins, not inside it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from newsletter.config import StaffSettings
from newsletter.errors import NewsletterError

SHORTEST, LONGEST = 12, 1024  # characters
AT_ONCE = 2


class WeakPassword(NewsletterError):
    """The password will not do. Choose another; the message says what is asked of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether a password was right, and the hash to keep from now on where it should be another."""

    is_right: bool
    new_hash: str | None = field(default=None, repr=False)


class Passwords:
    """Makes and checks hashes (argon2id, RFC 9106)."""

    def __init__(self, *, memory_kib: int = 65536, rounds: int = 3) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=4)
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = ""

    @classmethod
    def of(cls, settings: StaffSettings) -> Passwords:
        """Return what makes hashes as the settings ask."""
        return cls(memory_kib=settings.password_memory_kib, rounds=settings.password_rounds)

    def hash(self, password: str) -> str:
        """Return the hash to keep of a new password; raise ``WeakPassword``."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise WeakPassword(
                f"a password has {SHORTEST} to {LONGEST} characters; a few words are good ones"
            )
        if len(set(password)) < 5:
            raise WeakPassword("a password of one sign again and again is no secret; choose another")
        with self._turns:
            return self._hasher.hash(password)

    def check(self, kept: str | None, password: str) -> Checked:
        """Check a password; for somebody who has none (``kept`` is None) it takes as long."""
        if len(password) > LONGEST:
            password = ""  # wrong, and it costs as much as any other
        try:
            with self._turns:
                self._nobodys = self._nobodys or self._hasher.hash("nobody has this password")
                self._hasher.verify(kept or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return Checked(is_right=False)
        if kept is None:
            return Checked(is_right=False)
        if self._hasher.check_needs_rehash(kept):
            with self._turns:
                return Checked(is_right=True, new_hash=self._hasher.hash(password))
        return Checked(is_right=True)
