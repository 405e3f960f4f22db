"""What is refused at the door has consequences: gone mailboxes are never mailed again, full ones count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from newsletter.database import Database
from newsletter.delivery import control, ledger
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from newsletter.feedback import door
from newsletter.feedback.events import Kind
from newsletter.feedback.troubles import Sort, Trouble
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.transports.base import Outcome, Verdict, whole
from subscribers import Reason, Subscription
from tests.feedback.support import NOW, RULES, hand_over, sent, standing, suppressed
from tests.feedback.test_apply import reasons
from tests.support import DAY, KEYS, SEVEN, HandClock, a_mailing, add, new_edition, readers

GONE = "550 5.1.1 <r1@example.com>: Recipient address rejected: User unknown"
FULL = "552 5.2.2 mailbox full"
DISLIKED = "550 Mail content denied. http://service.mail.qq.com/detail/122/171"
SAYS_NOTHING = "550 rejected"


class Server:
    """A mail server that refuses some, each with its words."""

    name = "smtp"
    copies_per_call = 1000
    streams = False

    def __init__(self, **replies: str) -> None:
        self.replies = replies  # by the name of a copy, without its edition

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        for copy in whole(copies):
            reply = self.replies.get(copy.ref.partition("-")[2])
            verdict = Verdict.REFUSED if reply else Verdict.ACCEPTED
            yield Outcome(ref=copy.ref, verdict=verdict, reply=reply or "250 ok")

    def close(self) -> None:
        pass


def look(database: Database, days: float = 0) -> list[Trouble]:
    with database.sessions.begin() as session:
        return door.look(session, keys=KEYS, rules=RULES, now=NOW + timedelta(days=days))


def finished(database: Database, edition: Edition) -> None:
    with database.sessions.begin() as session:
        session.get_one(Edition, edition.id).state = EditionState.FINISHED


def test_a_mailbox_that_is_gone_is_never_mailed_again_and_no_other(database: Database) -> None:
    sent(database, 5, transport=Server(s1=GONE, s2=FULL, s3=DISLIKED, s4=SAYS_NOTHING))

    first = look(database)
    second = look(database)

    assert reasons(database) == {"r1": Reason.BOUNCED}
    assert standing(database) == {1: Kind.BOUNCED, 2: Kind.BLOCKED, 3: Kind.BLOCKED, 4: Kind.BLOCKED}
    assert first == second == []


def test_many_refusals_for_what_we_say_stop_the_edition_while_it_goes_out(database: Database) -> None:
    edition = sent(database, 20, transport=Server(s3=DISLIKED, s4=DISLIKED, s5=FULL))
    with database.sessions.begin() as session:
        session.get_one(Edition, edition.id).state = EditionState.SENDING

    troubles = look(database)

    assert [trouble.sort for trouble in troubles] == [Sort.BLOCKED]
    with database.readers() as session:
        assert session.get_one(Edition, edition.id).state is EditionState.PAUSED
        assert suppressed(session) == {}


def test_whoever_was_refused_tried_again_and_taken_is_forgiven(database: Database) -> None:
    edition = sent(database, 3, transport=Server(s1=FULL))
    look(database)
    before = standing(database)
    with database.sessions.begin() as session:
        again = session.get_one(Edition, edition.id)
        control.retry(session, again, control.Chosen(words="full"), now=NOW)
    hand_over(database, edition, Server(), HandClock(NOW + timedelta(hours=1)))
    finished(database, edition)

    look(database)

    assert before == {1: Kind.BLOCKED}
    assert standing(database) == {}


# ---- failing again and again, over SMTP ----


def mornings(database: Database, days: Iterable[int], refused_on: Iterable[int]) -> None:
    """Send an edition on each of these days; the first reader's mailbox is full on some."""
    for day in days:
        at = SEVEN + timedelta(days=day)
        with database.snapshot() as session:
            if not session.scalar(select(func.count()).select_from(Subscription)):
                add(session, readers(2))
            edition = new_edition(DAY + timedelta(days=day))
            ledger.freeze(session, edition, {"zh-CN": a_mailing()}, batch_size=10, now=at)
        hand_over(database, edition, Server(**({"s1": FULL} if day in refused_on else {})), HandClock(at))
        finished(database, edition)
        look(database, day)


@pytest.mark.parametrize(
    ("refused_on", "ends"),
    [
        (range(16), True),  # every day for two weeks
        ((0, 4, 8, 12, 15), False),  # and taken on the days between
        ((*range(5), *range(6, 16)), False),  # taken once, too short ago
    ],
)
def test_only_a_mailbox_that_fails_without_a_copy_taken_between_ends(
    database: Database, refused_on: Iterable[int], ends: bool
) -> None:
    mornings(database, range(16), list(refused_on))

    assert reasons(database) == ({"r1": Reason.BOUNCED} if ends else {})
