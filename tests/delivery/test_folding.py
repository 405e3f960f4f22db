"""Folding: what people see of an old edition is the same before and after, and at every moment between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from newsletter.config.keeping import RetentionSettings
from newsletter.database import Database
from newsletter.delivery import books, folding, received
from newsletter.delivery.states import State
from newsletter.delivery.tables import Call, Delivery
from newsletter.delivery.worker import drain
from newsletter.editions.edition import Edition
from newsletter.feedback import figures, why
from newsletter.feedback.events import Kind
from newsletter.feedback.forgetting import forget_feedback
from newsletter.feedback.tables import Feedback
from newsletter.replies import Meaning
from newsletter.transports.memory import MemoryTransport
from subscribers import Subscriber
from tests.support import DAY, SEVEN, SLUG, a_sender, frozen, new_edition, open_database, readers

LATER = SEVEN + timedelta(days=200)
PEOPLE = 23


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture
def edition(database: Database, monkeypatch: pytest.MonkeyPatch) -> Edition:
    """Return an old edition that is over, with a newer one behind it."""
    monkeypatch.setattr(folding, "AT_ONCE", 5)
    edition = frozen(database, readers(PEOPLE), batch_size=4)
    drain(a_sender(database, MemoryTransport()), edition.id)
    with database.sessions.begin() as session:
        for number, state in ((3, State.REFUSED), (4, State.WITHDRAWN), (5, State.EXPIRED)):
            session.execute(
                update(Delivery)
                .where(Delivery.edition_id == edition.id, Delivery.subscriber_id == number)
                .values(state=state, call_id=None if number == 4 else Delivery.call_id)
            )
        session.add(new_edition(DAY + timedelta(days=1)))
    return edition


def seen(database: Database, edition: Edition) -> object:
    with database.readers() as session:
        row = session.get_one(Edition, edition.id)
        counted = books.of_edition(session, row)
        assert counted.balanced
        return (
            counted,
            received.counts(session, edition.id),
            received.counts(session, edition.id, revision=1),
            received.revisions(session, edition.id),
            figures.of_edition(session, row),
        )


def fold(database: Database) -> bool:
    with database.sessions.begin() as session:
        return folding.fold(session, before=LATER - timedelta(days=180))


def left(database: Database) -> int:
    with database.readers() as session:
        return session.scalar(select(func.count()).select_from(Delivery)) or 0


def test_every_figure_is_the_same_after_every_slice(database: Database, edition: Edition) -> None:
    before = seen(database, edition)

    slices = 0
    while fold(database):
        slices += 1
        assert seen(database, edition) == before

    assert (slices, left(database)) == (5, 0)
    with database.readers() as session:
        assert folding.is_folded(session, edition.id)
        assert session.scalar(select(func.count()).select_from(Call)) == 0


def test_a_reader_is_told_that_it_is_no_longer_known(database: Database, edition: Edition) -> None:
    while fold(database):
        pass

    with database.readers() as session:
        (tale,) = why.tell(session, SLUG, session.get_one(Subscriber, 1), DAY)
        assert tale.fate is why.Fate.FORGOTTEN


def test_a_copy_nobody_knows_about_keeps_its_edition_whole(database: Database, edition: Edition) -> None:
    with database.sessions.begin() as session:
        session.execute(update(Delivery).where(Delivery.subscriber_id == PEOPLE).values(state=State.IN_DOUBT))

    assert not fold(database)
    assert left(database) == PEOPLE


def test_a_young_edition_and_the_newest_are_left_alone(database: Database, edition: Edition) -> None:
    with database.sessions.begin() as session:
        assert not folding.fold(session, before=SEVEN)
        session.delete(session.scalars(select(Edition).where(Edition.id != edition.id)).one())
        session.flush()
        assert not folding.fold(session, before=LATER)


def test_what_came_back_is_counted_the_same_after_it_was_forgotten(
    database: Database, edition: Edition
) -> None:
    kinds = [(Kind.DELIVERED, None), (Kind.BLOCKED, Meaning.SOFT), (Kind.BLOCKED, None), (Kind.BOUNCED, None)]
    with database.sessions.begin() as session:
        session.add_all(
            Feedback(edition_id=edition.id, subscriber_id=number, kind=kind, at=SEVEN, meaning=meaning)
            for number, (kind, meaning) in enumerate(kinds * 5, 1)
        )
    before = seen(database, edition)

    with database.sessions.begin() as session:
        while forget_feedback(session, now=LATER, kept=timedelta(days=180), trail_kept=timedelta(days=30)):
            pass

    with database.readers() as session:
        assert session.scalar(select(func.count()).select_from(Feedback)) == 0
    assert seen(database, edition) == before


def test_too_short_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="30 or more"):
        RetentionSettings(deliveries_days=7)
    assert RetentionSettings(deliveries_days=0).deliveries is None
