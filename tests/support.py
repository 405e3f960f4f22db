"""Small working things that many tests share: a clock that is set by hand, readers, a mailing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from newsletter.database import Database, connect
from newsletter.delivery import ledger
from newsletter.delivery.composer import Composer
from newsletter.delivery.sender import Sender
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from newsletter.keys import Keys
from newsletter.mailing import Hole, HoleKind, Mailing, Template
from newsletter.mailing import Sender as From
from newsletter.migrations import migrate
from newsletter.transports.base import Transport
from newsletter.urls import Urls
from subscribers import (
    Address,
    AddressHasher,
    Cadence,
    Status,
    Subscriber,
    Subscription,
    TokenKeys,
)

DAY = date(2026, 11, 23)  # a Monday
SEVEN = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # 07:00 in Shanghai on that day
SLUG = "ai_daily"
URLS = Urls(base="https://news.example.com", newsletter=SLUG)
KEYS = Keys(
    addresses=AddressHasher(b"a" * 32),
    tokens=TokenKeys(current="1", keys={"1": b"t" * 32}),
    message_salt=b"m" * 32,
)


class HandClock:
    """A clock that moves when it is told to."""

    def __init__(self, now: datetime = SEVEN) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


def open_database(url: str) -> Database:
    """Return the database behind ``url`` with today's schema."""
    database = connect(url)
    migrate(database)
    return database


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One reader to be put on the list."""

    address: str
    status: Status = Status.ACTIVE
    language: str | None = None
    cadence: Cadence = Cadence.DAILY
    paused_until: date | None = None


def readers(count: int, *, domain: str = "example.com") -> list[Reader]:
    """Return ``count`` active readers, r1@…, r2@… ."""
    return [Reader(address=f"r{n}@{domain}") for n in range(1, count + 1)]


def add(session: Session, people: Iterable[Reader], *, newsletter: str = SLUG, now: datetime = SEVEN) -> None:
    """Put people on a list in bulk, as an importer would. Ids count from 1 in an empty database."""
    people = list(people)
    start = session.query(Subscriber).count()
    session.execute(
        insert(Subscriber),
        [
            {
                "id": start + n,
                "address": person.address,
                "address_hash": KEYS.addresses.digest(Address(person.address)),
                "domain": person.address.rpartition("@")[2],
                "language": person.language,
                "attributes": {},
                "created_at": now,
            }
            for n, person in enumerate(people, 1)
        ],
    )
    session.execute(
        insert(Subscription),
        [
            {
                "newsletter": newsletter,
                "subscriber_id": start + n,
                "status": person.status,
                "cadence": person.cadence,
                "paused_until": person.paused_until,
                "tags": [],
                "created_at": now,
            }
            for n, person in enumerate(people, 1)
        ],
    )


def a_mailing(*, language: str = "zh-CN", body: str = "今天的新闻") -> Mailing:
    """Return a small mailing with every kind of hole."""
    leave = Hole("leave_url", HoleKind.URL)
    return Mailing(
        edition=f"{SLUG}-{DAY}",
        language=language,
        sender=From("全球AI新闻速递", "news@news.example.com"),
        subject=f"{body} · 11月23日",
        headers=(
            ("List-Unsubscribe", Template(("<", leave, ">"))),
            ("List-Unsubscribe-Post", Template(("List-Unsubscribe=One-Click",))),
        ),
        text=Template((f"{body}\n\n寄给 ", Hole("address", HoleKind.TEXT), "\n退订：", leave, "\n")),
        html=Template(
            (
                f"<html lang=zh-CN><body><h1>{body}</h1><p>寄给 ",
                Hole("address", HoleKind.HTML),
                '</p><p><a href="',
                leave,
                '">退订</a></p></body></html>',
            )
        ),
    )


def new_edition(day: date = DAY, *, newsletter: str = SLUG) -> Edition:
    """Return an edition that has no row yet."""
    return Edition(
        newsletter=newsletter,
        day=day,
        kind=Kind.DAILY,
        serial=1,
        state=State.MISSING,
        created_at=SEVEN,
        findings=[],
        excluded={},
    )


def frozen(
    database: Database,
    people: Iterable[Reader] = (),
    *,
    batch_size: int = 1000,
    mailings: dict[str, Mailing] | None = None,
    now: datetime = SEVEN,
) -> Edition:
    """Put people on the list and freeze an edition for it."""
    with database.sessions.begin() as session:
        people = list(people)
        if people:
            add(session, people)
    with database.snapshot() as session:
        edition = new_edition()
        ledger.freeze(session, edition, mailings or {"zh-CN": a_mailing()}, batch_size=batch_size, now=now)
    return edition


def a_sender(
    database: Database, transport: Transport, clock: HandClock | None = None, *, owner: str = "worker"
) -> Sender:
    """Return a sender over a transport."""
    return Sender(
        database=database,
        transport=transport,
        composer=Composer(KEYS, URLS),
        clock=clock or HandClock(),
        lease=timedelta(minutes=3),
        owner=owner,
    )
