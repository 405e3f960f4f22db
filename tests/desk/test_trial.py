"""Test mails reach those they are meant for, and nobody can send others mail with them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter.database import Database
from newsletter.delivery.states import State
from newsletter.delivery.tables import Notice
from newsletter.desk import draft as drafts
from newsletter.desk import trial
from newsletter.desk.trial import AT_ONCE, NoAddress, NotSent
from newsletter.mailing import Mailing
from subscribers import Reason, suppress_address
from tests.desk.support import LI, SIX, TEXT, a_desk
from tests.support import DAY, KEYS, SLUG, URLS


def the_mailing(database: Database, folder: Path) -> Mailing:
    email = a_desk(database, folder).previewer.look(TEXT, day=DAY, persona=LI, now=SIX).email
    assert email
    return email.mailing


def send(database: Database, mailing: Mailing, typed: str, *, by: str = "张三", marked: bool = True) -> str:
    with database.sessions.begin() as session:
        return trial.post(
            session,
            mailing,
            trial.addresses_in(typed),
            newsletter=SLUG,
            urls=URLS,
            hasher=KEYS.addresses,
            by=by,
            marked=marked,
            now=SIX,
        )


def notices(database: Database) -> int:
    with database.readers() as session:
        return session.scalar(select(func.count()).select_from(Notice)) or 0


def test_each_address_gets_one_and_its_outcome_is_told(database: Database, folder: Path) -> None:
    run = send(database, the_mailing(database, folder), "a@example.com，b@example.com\na@example.com")

    with database.readers() as session:
        told = trial.outcomes(session, run, newsletter=SLUG)
        stored = session.scalars(select(Notice)).first()
        elsewhere = trial.outcomes(session, run, newsletter="other")
    assert [(one.address, one.state) for one in told] == [
        ("a@example.com", State.WAITING),
        ("b@example.com", State.WAITING),
    ]
    assert stored
    mailing = Mailing.from_bytes(stored.mailing)
    assert mailing.subject.startswith("【测试】")
    assert "/leave/test" in mailing.text.fill({})
    assert elsewhere == []


def test_addresses_are_remembered_the_last_first_until_they_are_forgotten(
    database: Database, folder: Path
) -> None:
    mailing = the_mailing(database, folder)
    send(database, mailing, "a@example.com b@example.com")

    with database.sessions.begin() as session:
        before = trial.remembered(session, SLUG)
        trial.forget_address(session, SLUG, "a@example.com")
        after = trial.remembered(session, SLUG)
        other = trial.remembered(session, "other")

    assert before == ["a@example.com", "b@example.com"]
    assert after == ["b@example.com"]
    assert other == []


@pytest.mark.parametrize("typed", ["", "  ", "li.lei@", "a@example.com nobody"])
def test_what_is_no_address_sends_nothing_at_all(database: Database, folder: Path, typed: str) -> None:
    with pytest.raises(NoAddress):
        send(database, the_mailing(database, folder), typed)

    assert notices(database) == 0


def test_whoever_is_never_mailed_gets_no_test_either(database: Database, folder: Path) -> None:
    with database.sessions.begin() as session:
        address = trial.addresses_in("left@example.com")[0]
        suppress_address(session, KEYS.addresses.digest(address), reason=Reason.COMPLAINED, now=SIX)

    with pytest.raises(NotSent, match="never mail"):
        send(database, the_mailing(database, folder), "a@example.com left@example.com")

    assert notices(database) == 0


def test_a_test_send_is_no_relay(database: Database, folder: Path) -> None:
    mailing = the_mailing(database, folder)
    many = " ".join(f"r{n}@example.com" for n in range(AT_ONCE + 1))
    with pytest.raises(NotSent, match="at once"):
        send(database, mailing, many)
    for start in (0, 10, 20):
        send(database, mailing, " ".join(f"r{n}@example.com" for n in range(start, start + 10)))
    with pytest.raises(NotSent, match="one person"):
        send(database, mailing, "x@example.com")
    for start in (30, 40):
        send(database, mailing, " ".join(f"r{n}@example.com" for n in range(start, start + 10)), by="李四")
    with pytest.raises(NotSent, match="50 test mails a day"):
        send(database, mailing, "x@example.com", by="王五")

    assert notices(database) == 50


def test_one_mailbox_is_not_flooded(database: Database, folder: Path) -> None:
    mailing = the_mailing(database, folder)
    for _ in range(15):
        send(database, mailing, "victim@example.com")

    with pytest.raises(NotSent, match="one address"):
        send(database, mailing, "victim@example.com")


def test_what_nobody_came_back_to_is_forgotten(database: Database, folder: Path) -> None:
    send(database, the_mailing(database, folder), "a@example.com")
    with database.sessions.begin() as session:
        drafts.keep(session, SLUG, DAY, "1", text="x", sequence=1, after=0, now=SIX)

    with database.sessions.begin() as session:
        for over in (drafts, trial):
            over.forget(session, now=SIX + timedelta(days=29))
        kept = trial.remembered(session, SLUG), drafts.find(session, SLUG, DAY, "1")
        for over in (drafts, trial):
            over.forget(session, now=SIX + timedelta(days=181))
        gone = trial.remembered(session, SLUG), drafts.find(session, SLUG, DAY, "1")

    assert kept[0] == ["a@example.com"]
    assert kept[1] is not None
    assert gone == ([], None)
