"""A batch closes when all its copies have ended, and never while one is open, whatever happened in between.

Giving a batch back does not look at its copies where the counts say that all have ended. So the counts may
fall behind what is true, and must never run ahead of it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import calls, control, evidence, ledger
from newsletter.delivery.calls import Became
from newsletter.delivery.control import Chosen
from newsletter.delivery.states import OPEN, BatchState, Event, LeaseLost, State
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from tests.support import DAY, SEVEN, SLUG, frozen, open_database, readers

PEOPLE, STEPS, LEASE = 6, 60, timedelta(minutes=3)
ENDS = (Event.ACCEPTED, Event.ACCEPTED, Event.REFUSED, Event.DEFERRED, Event.DOUBTED, Event.RELEASED)


class Life:
    """One batch and all that may happen to it, by chance."""

    def __init__(self, database: Database, chance: random.Random) -> None:
        self.database, self.chance, self.now = database, chance, SEVEN
        self.held: list[tuple[Batch, Call, list[int], int]] = []  # by workers that live, or think they do

    def claim(self, session: Session) -> None:
        batch = ledger.claim(session, owner=f"w{self.chance.random()}", now=self.now, lease=LEASE)
        if batch is not None:
            call = calls.open_call(batch, transport="test", now=self.now)
            self.held.append((batch, call, [], batch.walked_to))

    def take(self, session: Session) -> None:
        batch, call, ids, after = self._anybody()
        limit = self.chance.randint(1, 4)
        taken = calls.take(
            session,
            batch,
            call,
            newsletter=SLUG,
            day=DAY,
            after_id=after,
            limit=limit,
            now=self.now,
            lease=LEASE,
        )
        ids = [*ids, *(id_ for id_, _ in taken.readers)]
        self.held.append((batch, call, ids, taken.last_id))

    def record(self, session: Session) -> None:
        batch, call, ids, after = self._anybody()
        some = self.chance.sample(ids, self.chance.randint(0, len(ids)))
        if some and call.id:
            alike = self.chance.choice(ENDS)
            mixed = self.chance.random() < 0.7
            results = [Became(id_, self.chance.choice(ENDS) if mixed else alike) for id_ in some]
            calls.record(session, batch, call, results, now=self.now)
        # Some outcomes are told twice.
        kept = ids if self.chance.random() < 0.2 else [id_ for id_ in ids if id_ not in some]
        self.held.append((batch, call, kept, after))

    def release(self, session: Session) -> None:
        batch, _, _, after = self._anybody()
        ledger.release(session, batch, now=self.now, walked_to=self.chance.choice([None, after]))

    def die(self, session: Session) -> None:
        self.now += LEASE * 2
        ledger.reconcile(session, now=self.now)

    def wait(self, _session: Session) -> None:
        self.now += timedelta(hours=1)

    def retry(self, session: Session) -> None:
        control.retry(session, self._edition(session), Chosen(), now=self.now)

    def resend(self, session: Session) -> None:
        control.resend(session, self._edition(session), Chosen(), now=self.now)

    def settle(self, session: Session) -> None:
        control.settle(session, self._edition(session), Chosen(), because="seen")

    def prove(self, session: Session) -> None:
        evidence.hear(session, session.scalars(select(Call.id)).all(), now=self.now)
        evidence.settle_heard(session, now=self.now)

    def give_back(self, session: Session) -> None:
        rows = session.execute(
            select(Delivery.edition_id, Delivery.subscriber_id, Delivery.call_id).where(
                Delivery.state == State.ACCEPTED
            )
        ).all()
        if rows:
            edition_id, who, call_id = self.chance.choice(rows)
            evidence.give_back(session, {(edition_id, who): (call_id or 0, "dropped")})

    def resume(self, session: Session) -> None:
        edition = self._edition(session)
        if edition.state is EditionState.SENDING:
            control.pause(session, edition, because="a look")
            control.resume(session, edition)

    def _anybody(self) -> tuple[Batch, Call, list[int], int]:
        if not self.held:
            raise LeaseLost("nobody holds it")
        return self.held.pop(self.chance.randrange(len(self.held)))

    def _edition(self, session: Session) -> Edition:
        return session.scalars(select(Edition)).one()

    def steps(self) -> list[Callable[[Session], None]]:
        often = [self.claim, self.take, self.take, self.record, self.record, self.release]
        seldom = [self.die, self.wait, self.retry, self.resend, self.settle, self.prove, self.give_back]
        return [*often, *often, *seldom, self.resume]


@pytest.mark.parametrize("seed", range(6))
def test_the_counts_never_run_ahead_and_no_batch_closes_over_an_open_copy(
    database_url: str, seed: int
) -> None:
    database = open_database(database_url)
    frozen(database, readers(PEOPLE))
    life = Life(database, random.Random(seed))
    steps, done = life.steps(), []

    for _ in range(STEPS):
        step = life.chance.choice(steps)
        done.append(step.__name__)
        try:
            with database.sessions.begin() as session:
                step(session)
        except LeaseLost:
            pass  # of a worker that was taken for dead: it lets go
        with database.readers() as session:
            batch = session.scalars(select(Batch)).one()
            counted = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state)).all()
            states = Counter({state: count for state, count in counted})  # noqa: C416 - rows, not pairs
        story = f"seed {seed}: {' '.join(done)}: {dict(states)}"
        ended = states[State.ACCEPTED] + states[State.REFUSED]
        assert batch.accepted + batch.refused <= ended, story
        if batch.state is BatchState.DONE:
            assert not any(states[state] for state in OPEN), story
        if batch.accepted + batch.refused == batch.size:
            assert ended == batch.size, story
    database.close()
