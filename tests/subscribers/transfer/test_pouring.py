"""Many rows at once: what goes in is what comes out, however awkward its letters."""

from __future__ import annotations

import json
from datetime import UTC

import psycopg
import pytest
from sqlalchemy import select

from subscribers import Subscriber
from subscribers.transfer import bulk, pouring
from tests.support import SEVEN, open_database

AT_SEVEN = f"{SEVEN.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
AWKWARD = ["", "NULL", 'a"b', "a\\b", "{a,b}", "a\tb\nc\rd", "'; --", "\x1f\x01", "星期日 ☀️", "\\N", None]


def test_awkward_values_come_back_as_they_went_in(database_url: str) -> None:
    database = open_database(database_url)
    digests = [bytes([number, 0, 255, 92, 34]) for number in range(len(AWKWARD))]
    names = ("address", "address_hash", "domain", "attributes", "created_at")
    rows = [
        (text, digest, other, json.dumps({"note": text}), AT_SEVEN)
        for text, digest, other in zip(AWKWARD, digests, reversed(AWKWARD), strict=True)
    ]
    with database.sessions.begin() as session:
        ids = pouring.insert_numbered(session, Subscriber, names, rows, key="address_hash")
    with database.readers() as session:
        found = {one.address_hash: one for one in session.scalars(select(Subscriber))}
        present = bulk.find(session, select(Subscriber.id), Subscriber.address_hash, digests[:3])
    assert [found[digest].address for digest in digests] == AWKWARD
    assert [found[digest].domain for digest in digests] == list(reversed(AWKWARD))
    assert [found[digest].attributes for digest in digests] == [{"note": text} for text in AWKWARD]
    assert {one.created_at for one in found.values()} == {SEVEN}
    assert {digest: one.id for digest, one in found.items()} == ids
    assert {row[0] for row in present} == {ids[digest] for digest in digests[:3]}
    database.close()


@pytest.mark.parametrize("text", ["\0", "a\0b"])
def test_a_nul_is_refused_and_moves_no_value_to_another_person(database_url: str, text: str) -> None:
    database = open_database(database_url)
    if database.is_sqlite:
        database.close()
        return  # SQLite takes it as it is, row by row
    names = ("address_hash", "language", "created_at")
    rows = [(b"1", text, AT_SEVEN), (b"2", None, AT_SEVEN)]
    with pytest.raises(ValueError, match="cannot be stored"), database.sessions.begin() as session:
        pouring.insert_numbered(session, Subscriber, names, rows, key="address_hash")
    database.close()


def test_what_is_too_long_for_its_column_is_refused_and_never_cut_off(database_url: str) -> None:
    database = open_database(database_url)
    if database.is_sqlite:
        database.close()
        return  # SQLite knows no lengths
    names = ("address_hash", "language", "attributes", "created_at")
    rows = [(b"1", "a" * 17, "{}", AT_SEVEN)]
    with pytest.raises(psycopg.DataError), database.sessions.begin() as session:
        pouring.insert_numbered(session, Subscriber, names, rows, key="address_hash")
    database.close()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_somebody_who_came_in_meanwhile_stops_nobody_else(database_url: str) -> None:
    database = open_database(database_url)
    names = ("address_hash", "attributes", "created_at")
    rows = [(digest, "{}", AT_SEVEN) for digest in (b"1", b"2", b"3")]
    with database.sessions.begin() as session:
        pouring.insert_numbered(session, Subscriber, names, rows[1:2], key="address_hash")

    with database.sessions.begin() as session:
        ids = pouring.insert_numbered(session, Subscriber, names, rows, key="address_hash")

    with database.readers() as session:
        everybody = {one.address_hash: one.id for one in session.scalars(select(Subscriber))}
    assert sorted(ids) == [b"1", b"3"]
    assert ids.items() <= everybody.items()
    assert len(everybody) == 3
    database.close()
