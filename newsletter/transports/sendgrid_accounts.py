"""The accounts at SendGrid, and which of them takes a call. Pure.

An account is a key, perhaps used on behalf of a subuser, perhaps with a pool of sending addresses.
Each takes some lanes or all, and has a weight among those that take a lane. The call's name decides,
so the same call always has the same account, on every host, and a new attempt may have another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from newsletter.errors import ConfigError
from newsletter.lanes import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One way into SendGrid. ``name`` is empty for the one and only account."""

    name: str = ""
    api_key: str = field(repr=False)
    subuser: str = ""  # who is sent for
    ip_pool: str = ""
    lanes: tuple[Lane, ...] = ()  # empty: all
    weight: int = 1

    @property
    def setting(self) -> str:
        """Where a person finds it."""
        return f"transport.sendgrid.accounts {self.name!r}" if self.name else "transport.sendgrid"

    def __post_init__(self) -> None:
        key, pool = self.api_key.strip(), self.ip_pool
        if not key or not key.isascii() or not key.isprintable():
            where = f"api_key of {self.setting}" if self.name else f"{self.setting}.api_key"
            raise ConfigError(f"{where} must be a key such as SG.…; set it, best by …API_KEY_FILE")
        if not self.subuser.isascii() or not self.subuser.isprintable():
            raise ConfigError(f"subuser of {self.setting} must be a SendGrid username, in ASCII")
        if pool and not 2 <= len(pool) <= 64:
            raise ConfigError(f"ip_pool of {self.setting} must be the name of a pool, of 2 to 64 characters")

    def takes(self, lane: Lane) -> bool:
        """Say whether mail of a lane may go through it."""
        return not self.lanes or lane in self.lanes


def checked(accounts: Sequence[Account]) -> tuple[Account, ...]:
    """Return the accounts when every lane has one and no name is used twice, or raise ``ConfigError``."""
    names = [account.name for account in accounts]
    if len(set(names)) < len(names):
        raise ConfigError("transport.sendgrid.accounts must each have a name of its own")
    if left := [lane.value for lane in Lane if not any(account.takes(lane) for account in accounts)]:
        raise ConfigError(
            f"no account of transport.sendgrid.accounts takes the lanes {', '.join(left)}; "
            "give one of them no lanes, so that it takes all"
        )
    return tuple(accounts)


def choose(accounts: Sequence[Account], lane: Lane, call_id: str) -> Account:
    """Return the account for a call: by weight among those that take its lane."""
    candidates = [account for account in accounts if account.takes(lane)]
    ticket = int.from_bytes(sha256(call_id.encode()).digest()[:8])
    ticket %= sum(account.weight for account in candidates)
    for account in candidates:
        ticket -= account.weight
        if ticket < 0:
            return account
    raise AssertionError("the weights do not add up")
