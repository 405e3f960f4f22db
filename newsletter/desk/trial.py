"""Test mails: a text as it would arrive, in a few mailboxes of one's own choice.

They go through the ledger as notices, whatever the gate thinks of them, and their links to leave and to
manage only explain themselves. What keeps this from being a relay: few at once, few a day for each person
and for the installation, nobody who is never mailed, and no way to leave out who we are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter import limits
from newsletter.delivery import notices
from newsletter.delivery.notices import Posted
from newsletter.delivery.states import OPEN, State
from newsletter.delivery.tables import Notice
from newsletter.desk.persona import written_out
from newsletter.errors import ExitCode, NewsletterError
from newsletter.limits import Limit
from newsletter.mailing import Mailing
from newsletter.urls import Urls
from subscribers import Address, AddressHasher, Base, InvalidAddress, UtcDateTime, is_suppressed, normalise

PREFIX = "【测试】"
AT_ONCE = 10
PER_DAY = 50  # of the installation
PER_PERSON = Limit(name="mail.test.person", times=30, window=timedelta(days=1))
PER_INSTALLATION = Limit(name="mail.test.day", times=PER_DAY, window=timedelta(days=1))
PER_ADDRESS = Limit(name="mail.test.address", times=15, window=timedelta(days=1))
REMEMBERED = 12  # addresses a form offers
FORGOTTEN_AFTER = timedelta(days=180)
PURPOSE = "test"
_RUN = re.compile(r"[0-9a-f]{24}")


class NotSent(NewsletterError):
    """No test mail was written, to nobody. The message says why."""


class NoAddress(NotSent):
    """What was typed is no address. Type it again."""

    exit_code = ExitCode.UNREADABLE


class TooMany(NotSent):
    """A limit is reached. Wait until tomorrow."""


class TestAddress(Base):
    """An address that test mails of a newsletter went to, offered again the next time."""

    __tablename__ = "test_address"
    __test__ = False  # it is no test of ours

    newsletter: Mapped[str] = mapped_column(String(40), primary_key=True)
    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    by: Mapped[str] = mapped_column(String(80))
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one test mail."""

    address: str
    state: State
    reply: str

    @property
    def is_open(self) -> bool:
        """Whether it is still on its way."""
        return self.state in OPEN


def addresses_in(typed: str | Iterable[str]) -> list[Address]:
    """Return the addresses somebody typed, each once; raise ``NotSent``."""
    words = re.split(r"[\s,，;；、]+", typed.strip()) if isinstance(typed, str) else list(typed)
    try:
        found = list(dict.fromkeys(normalise(word) for word in words if word))
    except InvalidAddress as error:
        raise NoAddress(f"{error}; nothing was sent") from None
    if not found:
        raise NoAddress("no address was given; nothing was sent")
    return found


def post(
    session: Session,
    mailing: Mailing,
    addresses: Sequence[Address],
    *,
    newsletter: str,
    urls: Urls,
    hasher: AddressHasher,
    by: str,
    marked: bool = True,
    now: datetime,
) -> str:
    """Write a test mail for each address, all or none, and return what ``outcomes`` knows them by.

    Raises ``NotSent``; the caller's transaction is then to be rolled back. ``marked`` says 【测试】 in the
    subject.
    """
    if len(addresses) > AT_ONCE:
        raise NotSent(f"at most {AT_ONCE} addresses at once; nothing was sent")
    marked_mailing = replace(mailing, subject=PREFIX + mailing.subject) if marked else mailing
    run = token_hex(12)
    for number, address in enumerate(addresses):
        if is_suppressed(session, hasher.digest(address), address.domain):
            raise NotSent(f"{address} is on the list of those we never mail; nothing was sent")
        for limit, key in (
            (PER_INSTALLATION, "installation"),
            (PER_PERSON, by),
            (PER_ADDRESS, address.value),
        ):
            if not limits.allow(session, limit, key, now=now):
                raise TooMany(_TOO_MANY[limit.name].format(times=limit.times) + "; nothing was sent")
        notices.post(
            session,
            Posted(
                purpose=PURPOSE,
                dedupe_key=_key(run, number),
                mailing=written_out(marked_mailing, address.value, urls),
                newsletter=newsletter,
                address=address.value,
                priority=1,
            ),
            now=now,
        )
        _remember(session, newsletter, address.value, by=by, now=now)
    return run


def outcomes(session: Session, run: str, *, newsletter: str) -> list[Outcome]:
    """Return what became of the test mails of one run, in the order of their addresses."""
    found = session.scalars(
        select(Notice)
        .where(Notice.dedupe_key.in_(keys_of(run)), Notice.newsletter == newsletter)
        .order_by(Notice.id)
    )
    return [
        Outcome(address=notice.address or "", state=notice.state, reply=notice.reply or "")
        for notice in found
    ]


def is_run(name: str) -> bool:
    """Say whether something may be the name of a run."""
    return _RUN.fullmatch(name) is not None


def keys_of(run: str, count: int = AT_ONCE) -> list[str]:
    """Return the keys of the notices of a run."""
    return [_key(run, number) for number in range(count)]


def remembered(session: Session, newsletter: str) -> list[str]:
    """Return the addresses that test mails went to lately, the last first."""
    return list(
        session.scalars(
            select(TestAddress.address)
            .where(TestAddress.newsletter == newsletter)
            .order_by(TestAddress.used_at.desc(), TestAddress.address)
            .limit(REMEMBERED)
        )
    )


def forget_address(session: Session, newsletter: str, address: str) -> None:
    """Offer an address no more."""
    session.execute(
        delete(TestAddress).where(TestAddress.newsletter == newsletter, TestAddress.address == address)
    )


def forget(session: Session, *, now: datetime) -> None:
    """Forget addresses that were not used for long."""
    session.execute(delete(TestAddress).where(TestAddress.used_at < now - FORGOTTEN_AFTER))


def _key(run: str, number: int) -> str:
    return f"{PURPOSE}:{run}:{number}"


def _remember(session: Session, newsletter: str, address: str, *, by: str, now: datetime) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"by": by[:80], "used_at": now}
    session.execute(
        dialect.insert(TestAddress)
        .values(newsletter=newsletter, address=address, **values)
        .on_conflict_do_update(index_elements=[TestAddress.newsletter, TestAddress.address], set_=values)
    )


_TOO_MANY = {
    PER_INSTALLATION.name: "no more than {times} test mails a day",
    PER_PERSON.name: "no more than {times} test mails a day for one person",
    PER_ADDRESS.name: "no more than {times} test mails a day to one address",
}
