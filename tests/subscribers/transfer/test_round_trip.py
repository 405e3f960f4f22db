"""What is exported is taken in again without loss, and harmless to a spreadsheet in between."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from newsletter.database import Database
from subscribers import (
    Address,
    Cadence,
    Consent,
    Event,
    ExportFilter,
    Reason,
    Standing,
    Status,
    Subscriber,
    Subscription,
    Suppression,
    export_people,
    normalise,
    suppress_domain,
)
from subscribers.transfer.cells import guard_cell, unguard_cell
from tests.subscribers.transfer.support import HASHER, TERMS, take_in
from tests.support import SEVEN, SLUG, Reader, add, open_database

# Databases keep neither NUL nor half a character.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0@"), max_size=40)
WORD = TEXT.map(str.strip).filter(bool)
MOMENT = st.integers(10**15, 1_760_000_000 * 10**6).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
JSON = st.dictionaries(
    TEXT,
    st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda some: st.lists(some, max_size=3)),
    max_size=3,
)
ACT = st.fixed_dictionaries(
    {"event": st.sampled_from(Event), "at": MOMENT, "origin": WORD},
    optional={
        "wording": TEXT.filter(bool),
        "notice_version": WORD,
        "language": st.sampled_from(["zh-CN", "en"]),
        "ip": st.ip_addresses().map(str),
        "user_agent": WORD,
        "details": JSON.filter(bool),
    },
)
PERSON = st.fixed_dictionaries(
    {
        "status": st.sampled_from(Status),
        "suppressed": st.none() | st.tuples(st.sampled_from(Reason), st.none() | TEXT.filter(bool), MOMENT),
        "cadence": st.sampled_from(Cadence),
        "paused_until": st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
        "language": st.sampled_from([None, "zh-CN", "en"]),
        "tags": st.lists(WORD, max_size=3, unique=True),
        "attributes": JSON,
        "created_at": MOMENT,
        "confirmed_at": MOMENT,
        "left_at": MOMENT,
        "acts": st.lists(ACT, max_size=3),
    }
)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.generate],  # shrinking over a database takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(people=st.lists(PERSON, max_size=5))
def test_an_export_is_taken_in_without_loss(
    database: Database, tmp_path: Path, people: list[dict[str, Any]]
) -> None:
    newsletter = f"n{len(list(tmp_path.iterdir()))}"  # an empty list for every example
    with database.sessions.begin() as session:
        for number, person in enumerate(people):
            _put(session, newsletter, f"{newsletter}-{number}", person)
    first = _export(database, newsletter)
    path = tmp_path / f"{newsletter}.csv"
    path.write_text(first, encoding="utf-8-sig", newline="")
    other = open_database(f"sqlite:///{tmp_path / newsletter}.db")

    taken = take_in(other, path, terms=_terms(newsletter))
    second = _export(other, newsletter)
    other.close()

    assert (taken.problems, taken.tally.new) == ([], len(people))
    assert _comparable(second, moved=True) == _comparable(first, moved=False)


def _terms(newsletter: str) -> Any:
    return type(TERMS)(newsletter=newsletter, origin="moved", now=SEVEN, languages=TERMS.languages)


def _put(session: Session, newsletter: str, name: str, person: dict[str, Any]) -> None:
    address = normalise(f"{name}@example.com")
    status: Status = person["status"]
    subscriber = Subscriber(
        address=address.value,
        address_hash=HASHER.digest(address),
        domain=address.domain,
        language=person["language"],
        attributes=person["attributes"],
        created_at=person["created_at"],
    )
    session.add(subscriber)
    session.flush()
    session.add(
        Subscription(
            newsletter=newsletter,
            subscriber_id=subscriber.id,
            status=status,
            cadence=person["cadence"],
            paused_until=person["paused_until"],
            tags=person["tags"],
            created_at=person["created_at"],
            confirmed_at=person["confirmed_at"] if status is Status.ACTIVE else None,
            left_at=person["left_at"] if status is Status.LEFT else None,
        )
    )
    for act in person["acts"]:
        session.add(Consent(subscriber_id=subscriber.id, newsletter=newsletter, **act))
        session.flush()
    if person["suppressed"]:
        reason, note, at = person["suppressed"]
        session.add(Suppression(address_hash=HASHER.digest(address), reason=reason, note=note, created_at=at))


def _export(database: Database, newsletter: str, which: ExportFilter | None = None) -> str:
    text = io.StringIO()
    with database.readers() as session:
        csv.writer(text).writerows(export_people(session, newsletter, which or ExportFilter()))
    return text.getvalue()


def _comparable(text: str, *, moved: bool) -> list[dict[str, Any]]:
    """Return the rows without what moving adds: its own act, and that the suppressed have left."""
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(text, newline="")))
    rows.sort(key=lambda row: row["email"])
    for row in rows:
        row["consent"] = json.loads(row["consent"] or "[]")
        if moved:
            assert row["consent"].pop()["origin"] == "moved"
        if row["suppressed_at"]:
            del row["left_at"], row["confirmed_at"]
    return rows


def test_no_cell_of_an_export_is_a_formula(database: Database) -> None:
    with database.sessions.begin() as session:
        add(session, [Reader(address="-ada@example.com"), Reader(address="+bob@example.com")])
        session.add(
            Suppression(
                address_hash=HASHER.digest(Address("+bob@example.com")),
                reason=Reason.BLOCKED,
                note="＝HYPERLINK(…)",
                created_at=SEVEN,
            )
        )

    cells = [cell for row in csv.reader(io.StringIO(_export(database, SLUG))) for cell in row]

    assert "'-ada@example.com" in cells
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r＝＋－＠"))]


@given(st.text(max_size=10) | st.text("'=+-@\t\r\n a", max_size=5))
def test_a_guard_is_taken_back_exactly(text: str) -> None:
    assert unguard_cell(guard_cell(text)) == text


def test_an_export_is_filtered_by_standing_tag_and_domain(database: Database) -> None:
    with database.sessions.begin() as session:
        add(
            session,
            [
                Reader(address="ada@example.com"),
                Reader(address="bob@corp.example.com"),
                Reader(address="cid@example.com", status=Status.LEFT),
            ],
        )
        session.get_one(Subscription, (SLUG, 2)).tags = ["vip"]
        suppress_domain(session, "corp.example.com", reason=Reason.BLOCKED, now=SEVEN)

    def addresses(**which: Any) -> list[str]:
        rows = csv.DictReader(io.StringIO(_export(database, SLUG, ExportFilter(**which))))
        return [row["email"][:3] for row in rows]

    assert addresses() == ["ada", "bob", "cid"]
    assert addresses(standings=frozenset({Standing.ACTIVE})) == ["ada"]
    assert addresses(standings=frozenset({Standing.LEFT, Standing.BLOCKED})) == ["bob", "cid"]
    assert addresses(tag="vip") == ["bob"]
    assert addresses(domain="example.com") == ["ada", "cid"]


def test_an_export_has_neither_hashes_nor_erased_people_nor_other_newsletters(database: Database) -> None:
    with database.sessions.begin() as session:
        add(session, [Reader(address="ada@example.com"), Reader(address="bob@example.com")])
        bob = session.get_one(Subscriber, 2)
        bob.address, bob.domain, bob.erased_at = None, None, SEVEN - timedelta(days=1)

    text = _export(database, SLUG)

    assert text.count("\n") == 2
    assert HASHER.digest(Address("ada@example.com")).hex() not in text
    assert _export(database, "cars").count("\n") == 1


def test_an_export_of_many_pages_has_everybody_once(database: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr("subscribers.transfer.exporter.PAGE", 7)
    with database.sessions.begin() as session:
        add(session, [Reader(address=f"r{n}@example.com") for n in range(50)])

    rows = list(csv.DictReader(io.StringIO(_export(database, SLUG))))

    assert len({row["email"] for row in rows}) == len(rows) == 50
