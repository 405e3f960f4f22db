"""Searching a list: pages that fit together, a bound that says so, and the ways through the indexes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from newsletter.database import Database
from subscribers import (
    Cadence,
    Event,
    Evidence,
    Page,
    Reason,
    Sought,
    Status,
    Subscriber,
    Subscription,
    count,
    highest,
    history,
    leave_all,
    next_slice,
    read_segment,
    search,
    searching,
    suppress_address,
)
from tests.support import DAY, SEVEN, SLUG, Reader, add, open_database, readers

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


def sought(text: str, after: str = "", newsletter: str = SLUG) -> Sought:
    return Sought(newsletter=newsletter, segment=read_segment(text), zone=ZONE, today=DAY, after=after)


def every_page(session: Session, text: str, *, limit: int = 3) -> list[Page]:
    pages, after = [], ""
    while True:
        page = search(session, sought(text, after), limit=limit)
        pages.append(page)
        if not page.next:
            return pages
        assert page.next != after
        after = page.next


def ids(pages: list[Page]) -> list[int]:
    return [person.id for page in pages for person in page.people]


WAYS: list[tuple[str, list[int]]] = [
    ("id > 0", list(range(40, 0, -1))),
    ("status = active", list(range(40, 20, -1))),
    ("status = pending", list(range(20, 0, -1))),
    ("domain = qq.com", list(range(40, 0, -4))),
    ("domain in (qq.com, 163.com)", list(range(40, 0, -2))),
    ("suppressed = yes", [40, 7]),
    ("paused = yes", [39, 5]),
    ("id in (3, 9, 400)", [9, 3]),
    ("address = r09@163.com", []),
    ("address = r08@qq.com", [8]),
    ("status = active and cadence = weekly", [30]),
    ("status = active and not address contains r3", [40, *range(29, 20, -1)]),
]


def test_every_way_through_the_list_finds_the_same_people_page_by_page(database: Database) -> None:
    _forty(database)

    with database.readers() as session:
        found = {text: ids(every_page(session, text)) for text, _ in WAYS}
        counts = {text: count(session, sought(text)) for text, _ in WAYS}

    assert found == dict(WAYS)
    assert counts == {text: searching.Counted(len(people), True) for text, people in WAYS}


def test_a_beginning_of_addresses_is_found_in_their_order(database: Database) -> None:
    with database.sessions.begin() as session:
        add(
            session,
            [Reader(address=f"{name}@qq.com") for name in ("b", "ab", "aa.x", "aa-x", "a_b", "ac", "z")],
        )

    with database.readers() as session:
        pages = every_page(session, "address starts a", limit=2)

    found = [person.address for page in pages for person in page.people]
    assert found == sorted(found, key=lambda address: (address or "").encode())
    assert set(found) == {f"{n}@qq.com" for n in ("ab", "aa.x", "aa-x", "a_b", "ac")}


def test_a_page_says_how_far_it_looked_and_the_next_goes_on_there(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _forty(database)
    monkeypatch.setattr(searching, "STEPS", (4, 6))

    with database.readers() as session:
        first = search(session, sought("address contains r01@"))
        pages = every_page(session, "address contains r01@")

    assert (first.is_bounded, first.looked_at, first.people) == (True, 10, ())
    assert ids(pages) == [1]


def test_what_goes_on_at_nonsense_begins_anew(database: Database) -> None:
    _forty(database)

    with database.readers() as session:
        for after in ("x", "9" * 40, "-1", "1; drop table subscriber"):
            assert search(session, sought("id > 0", after)).people[0].id == 40


def test_another_list_is_not_searched(database: Database) -> None:
    _forty(database)

    with database.readers() as session:
        for text in (
            "domain = qq.com",
            "id in (3)",
            "address = r08@qq.com",
            "suppressed = yes",
            "address starts r",
        ):
            assert search(session, sought(text, newsletter="robots")).people == ()


def test_slices_go_through_all_once_and_leave_out_who_comes_later(database: Database) -> None:
    _forty(database)
    with database.sessions.begin() as session:
        upto = highest(session, SLUG)
        add(session, readers(1, domain="late.com"))

    found, walked_to = [], 0
    with database.readers() as session:
        while True:
            some = next_slice(session, sought("status = active"), walked_to=walked_to, upto=upto, most=7)
            found += some.ids
            walked_to = some.walked_to
            if some.is_last:
                break

    assert found == list(range(21, 41))


def test_many_leave_by_the_same_transition_and_with_the_same_evidence_as_one(database: Database) -> None:
    _forty(database)

    with database.sessions.begin() as session:
        first = leave_all(session, SLUG, [19, 21, 22], evidence=Evidence(origin="张三: asked to"), now=SEVEN)
        again = leave_all(session, SLUG, [19, 21, 22], evidence=Evidence(origin="张三: asked to"), now=SEVEN)

    assert (first, again) == ([19, 21, 22], [])
    with database.readers() as session:
        listed = session.get_one(Subscription, (SLUG, 21))
        acts = history(session, 21)
    assert (listed.status, listed.left_at) == (Status.LEFT, SEVEN)
    assert [(act.event, act.origin) for act in acts] == [(Event.LEFT, "张三: asked to")]


def _forty(database: Database) -> None:
    """Twenty who have not confirmed and twenty readers, on four domains; some paused, some suppressed."""
    domains = ("qq.com", "a.com", "163.com", "b.com")
    with database.sessions.begin() as session:
        add(
            session,
            [
                Reader(
                    address=f"r{n:02}@{domains[n % 4]}",
                    status=Status.ACTIVE if n > 20 else Status.PENDING,
                    cadence=Cadence.WEEKLY if n in (10, 30) else Cadence.DAILY,
                    paused_until=DAY + timedelta(days=2) if n in (5, 39) else None,
                )
                for n in range(1, 41)
            ],
        )
        for id_ in (7, 40):
            person = session.get_one(Subscriber, id_)
            suppress_address(session, person.address_hash, reason=Reason.BOUNCED, now=SEVEN)
        session.execute(update(Subscription).where(Subscription.subscriber_id == 12).values(paused_until=DAY))
