"""How many read: counted by edition and by link, each reader once, and nobody's name written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import inspect, select

from newsletter.database import Database
from newsletter.editions.edition import Edition
from newsletter.feedback import reading, trail
from newsletter.feedback.own_data import own_data
from newsletter.feedback.rules import Rules
from newsletter.feedback.tables import ReadCount
from newsletter.mailing import Hole, HoleKind, Template
from newsletter.transports.sendgrid_payload import Payload
from subscribers import Address, erase
from tests.feedback.support import NOW, about, events_of, sent, take_effect
from tests.support import KEYS, a_mailing

ON = Rules(counts_reading=True)
PERSON = {"useragent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"}
DIGEST = """---
title: 早报
date: 2026-11-23
---

1. [OpenAI 发布新模型](https://a.example.com/一?x=1&y=2)

   一段摘要。

2. [三家云厂商跟进](https://b.example.com/two)

   一段摘要。
"""


def opened(number: int, **more: Any) -> dict[str, Any]:
    return {"event": "open", "sg_event_id": f"o{number}", **PERSON, **more}


def clicked(number: int, url: str, *, at: int = 0, **more: Any) -> dict[str, Any]:
    moment = int((NOW - timedelta(minutes=1)).timestamp()) + at
    return {"event": "click", "sg_event_id": f"c{number}", "url": url, "timestamp": moment, **PERSON, **more}


def tell(
    database: Database, edition: Edition, told: list[tuple[int, dict[str, Any]]], rules: Rules = ON
) -> None:
    events = events_of([about(database, edition, who, one, **one) for who, one in told])
    take_effect(database, events, rules=rules)


def counted(database: Database) -> dict[str | None, int]:
    with database.readers() as session:
        return {row.url: row.readers for row in session.scalars(select(ReadCount))}


def test_off_by_default_nothing_is_counted(database: Database) -> None:
    edition = sent(database, 1)

    tell(database, edition, [(1, opened(1)), (1, clicked(2, "https://a.example.com/"))], Rules())

    assert counted(database) == {}


def test_a_reader_counts_once_for_an_edition_and_once_for_a_link(database: Database) -> None:
    edition = sent(database, 2)
    url = "https://a.example.com/"

    tell(database, edition, [(1, opened(1)), (1, opened(2)), (2, opened(3)), (1, clicked(4, url))])
    tell(database, edition, [(1, clicked(5, url, at=30)), (2, clicked(6, url))])

    assert counted(database) == {None: 2, url: 2}


def test_programs_and_prefetching_do_not_count(database: Database) -> None:
    edition = sent(database, 3)
    links = [f"https://a.example.com/{n}" for n in range(4)]

    tell(
        database,
        edition,
        [
            (1, opened(1, sg_machine_open=True)),
            (1, opened(2, useragent="Mozilla/5.0")),  # Apple's privacy proxy says no more than this
            (2, clicked(3, links[0], useragent="Barracuda Sentinel (EE)")),
            *((3, clicked(4 + n, link, at=n)) for n, link in enumerate(links)),  # faster than anybody reads
        ],
    )

    assert counted(database) == {}


def test_clicks_are_told_by_story_whatever_the_email_made_of_its_link(database: Database) -> None:
    edition = sent(database, 3)
    with database.sessions.begin() as session:
        session.get_one(Edition, edition.id).digest_source = DIGEST
    first = "https://a.example.com/%E4%B8%80?x=1&y=2"

    tell(
        database,
        edition,
        [(1, clicked(1, first)), (2, clicked(2, first)), (3, clicked(3, "https://b.example.com/two"))],
    )

    with database.readers() as session:
        stored = session.get_one(Edition, edition.id)
        assert reading.clicks_by_story(session, [stored]) == {(edition.id, 0): 2, (edition.id, 1): 1}
        assert reading.clicks_by_link(session, [stored]) == {
            first: 2,
            "https://b.example.com/two": 1,
        }


def test_no_column_says_who_it_was() -> None:
    assert {column.name for column in inspect(ReadCount).columns} == {
        "edition_id",
        "url_hash",
        "url",
        "readers",
    }


# ---- who it was, where that was chosen ----

NAMED = Rules(counts_reading=True, keeps_trail=True)


def trail_of(database: Database, subscriber_id: int) -> list[tuple[str, str | None]]:
    with database.readers() as session:
        return [(step["what"], step["url"]) for step in trail.of_person(session, subscriber_id)]


def test_a_trail_is_kept_only_where_it_was_chosen(database: Database) -> None:
    edition = sent(database, 2)
    url = "https://a.example.com/"

    tell(database, edition, [(1, opened(1)), (1, clicked(2, url))])
    before = trail_of(database, 1)
    tell(database, edition, [(2, opened(3)), (2, clicked(4, url)), (2, clicked(5, url))], NAMED)

    assert before == []
    assert sorted(trail_of(database, 2)) == [("clicked", url), ("opened", None)]
    assert trail_of(database, 1) == []


def test_a_trail_is_forgotten_in_time_and_with_its_reader(database: Database) -> None:
    edition = sent(database, 3)
    tell(database, edition, [(who, opened(who)) for who in (1, 2)], NAMED)

    with database.sessions.begin() as session:
        trail.forget(session, before=NOW - timedelta(days=90))
        both = [len(trail.of_person(session, who)) for who in (1, 2)]
        erase(session, KEYS.addresses, Address("r1@example.com"), now=NOW)
        trail.forget(session, before=NOW - timedelta(days=90))
        one = [len(trail.of_person(session, who)) for who in (1, 2)]
    tell(database, edition, [(1, clicked(9, "https://a.example.com/"))], NAMED)
    with database.sessions.begin() as session:
        late = len(trail.of_person(session, 1))
        trail.forget(session, before=NOW + timedelta(days=1))
        none = [len(trail.of_person(session, who)) for who in (1, 2)]

    assert (both, one, late, none) == ([1, 1], [0, 1], 0, [0, 0])


def test_ones_own_data_holds_the_editions_and_what_was_read(database: Database) -> None:
    edition = sent(database, 2)
    tell(database, edition, [(1, opened(1))], NAMED)
    take_effect(database, events_of([about(database, edition, 1, {"event": "delivered"})]))

    with database.readers() as session:
        told = own_data(session, KEYS.addresses, Address("r1@example.com"))
        nobody = own_data(session, KEYS.addresses, Address("x@example.com"))

    assert [(one["day"], one["state"], one["came_back"]) for one in told["editions"]] == [
        ("2026-11-23", "accepted", "delivered")
    ]
    assert [one["what"] for one in told["reading"]] == ["opened"]
    assert nobody["known"] is False


def test_sendgrid_is_asked_to_tell_of_clicks_but_for_a_readers_own_links() -> None:
    leave = Hole("leave_url", HoleKind.URL)
    html = Template(
        ('<p><a style="x" href="https://a.example.com/">A</a> <a style="x" href="', leave, '">退订</a>')
    )
    mailing = a_mailing()
    mailing = type(mailing)(
        edition=mailing.edition,
        language=mailing.language,
        sender=mailing.sender,
        subject=mailing.subject,
        headers=mailing.headers,
        text=mailing.text,
        html=html,
    )

    on = Payload(mailing, tracks_reading=True).body([], call_id="c").decode()
    off = Payload(mailing).body([], call_id="c").decode()

    assert '"click_tracking":{"enable":true,"enable_text":false}' in on
    assert on.count('clicktracking=\\"off\\"') == 1
    assert '<a clicktracking=\\"off\\" style=\\"x\\" href=\\"%%nl' in on
    assert '"click_tracking":{"enable":false' in off
    assert "clicktracking" not in off
