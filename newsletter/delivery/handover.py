"""One pass through a batch: copies out, outcomes in, both written down as it goes.

Copies are taken up in small pieces (a tenth of a second's worth where the transport streams), each with
its intent committed before the first of them may leave; outcomes are committed as often. So whoever is
killed leaves in doubt only what was taken up last. No network call is made inside a transaction.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.delivery import audience, calls, control
from newsletter.delivery.calls import Became, Taken
from newsletter.delivery.composer import Composer, subscriber_of
from newsletter.delivery.pacer import Pacer
from newsletter.delivery.patience import patiently
from newsletter.delivery.states import Event
from newsletter.delivery.stopping import Stopping
from newsletter.delivery.tables import Batch, Call
from newsletter.editions.edition import Edition
from newsletter.mailing import Copy, Mailing
from newsletter.replies import Meaning
from newsletter.transports.base import Outcome, Transport, TransportError, Verdict

logger = logging.getLogger(__name__)

EVENTS = {
    Verdict.ACCEPTED: Event.ACCEPTED,
    Verdict.REFUSED: Event.REFUSED,
    Verdict.DEFERRED: Event.DEFERRED,
    Verdict.IN_DOUBT: Event.DOUBTED,
}
# A worker that was frozen (a paused machine) must not hand over on a lease about to end.
LEASE_MARGIN = timedelta(seconds=60)
PIECE = 0.1  # seconds of work between two commits
FIRST_PIECE, SMALLEST_PIECE = 16, 8  # copies
WAIT_FOR_LANE = timedelta(seconds=5)  # that a pass waits for its lane rather than end
LOOK_AGAIN = 1.0  # seconds between two looks at what a person may have said meanwhile

Result = TypeVar("Result")


class HandOver:
    """One pass. ``run`` ends when nothing of the batch can be handed over now, whatever the reason."""

    def __init__(
        self,
        *,
        database: Database,
        transport: Transport,
        composer: Composer,
        pacer: Pacer,
        stopping: Stopping,
        clock: Clock,
        lease: timedelta,
        batch: Batch,
        edition: Edition,
        mailing: Mailing,
    ) -> None:
        self._database, self._transport, self._composer = database, transport, composer
        self._pacer, self._stopping, self._clock, self._lease = pacer, stopping, clock, lease
        self._batch, self._edition, self._mailing = batch, edition, mailing
        self._call: Call | None = None
        self._after_id = batch.walked_to
        self._is_last = False  # nothing is left behind what was taken up
        self._ready: deque[Copy] = deque()  # taken up, not yet given to the transport
        self._given: set[str] = set()  # given to the transport, no outcome yet
        self._results: list[Became] = []  # known, not yet written
        self._lease_ends_at = batch.lease_ends_at or clock()
        self._rate = 0.0  # outcomes a second
        self._taken_up, self._taken_up_at = 0, 0.0
        self._written_at = self._looked_at = time.monotonic()
        self._ask_at = 0.0  # when the lane may be asked for leave again
        self._put_back: list[int] = []  # taken up in this walk, and not handed over
        self.stopped_because: str | None = None  # why it ended before the batch did
        self.next_at: datetime | None = None  # when the lane lets the rest go on
        self.moved = False  # the far side took something

    @property
    def walked_to(self) -> int | None:
        """How far the walk has come when it was interrupted; None when it came to the end."""
        if self._put_back:
            return max(0, min(self._put_back) - 1)
        return None if self._is_last else self._after_id

    def run(self) -> None:
        """Hand over what can be handed over now. Raises ``TransportError`` or ``LeaseLost``."""
        while not (self._is_last or self.stopped_because):
            feed = self._stream() if self._transport.streams else iter(self._whole_call())
            first = next(feed, None)
            while first is None and not (self._is_last or self.stopped_because):
                time.sleep(PIECE / 2)  # the lane must wait a moment
                first = next(feed, None)
            if first is not None:
                self._hand_over(_again(first, feed))
        if self._ready:  # taken up, and then it was too late to begin
            self._release_ready()
            self._write(lambda _session: None)

    # ---- copies out ----

    def _whole_call(self) -> list[Copy | None]:
        """Take up the copies of one call."""
        while not self._ready and not self._is_last and self._may_go_on():
            if time.monotonic() >= self._ask_at:
                self._take_up(self._transport.copies_per_call)
            if not self._ready and not self._is_last and not self.stopped_because:
                self._keep_up()
                time.sleep(PIECE / 2)
        if not self._ready or not self._is_held():
            return []
        copies: list[Copy | None] = [*self._ready]
        self._given.update(copy.ref for copy in self._ready)
        self._ready.clear()
        return copies

    def _stream(self) -> Iterator[Copy | None]:
        """Yield copies as the transport gets room for them; None while the lane must wait."""
        limit = self._transport.copies_per_call
        while limit > 0:
            if not self._ready:
                if self._is_last or not self._may_go_on():
                    return
                if time.monotonic() >= self._ask_at:
                    self._take_up(min(limit, self._piece()))
                if not self._ready:
                    yield None
                    continue
            if self.stopped_because or not self._is_held():
                return
            limit -= 1
            yield self._give()

    def _give(self) -> Copy:
        copy = self._ready.popleft()
        self._given.add(copy.ref)
        return copy

    def _is_held(self) -> bool:
        """Say whether the lease is long enough to begin with another copy."""
        if self._clock() < self._lease_ends_at - LEASE_MARGIN:
            return True
        self.stopped_because = "the lease is about to end"
        return False

    def _may_go_on(self) -> bool:
        if self.stopped_because is None and self._stopping.is_set():
            self.stopped_because = "this worker is stopping"
        return self.stopped_because is None

    def _piece(self) -> int:
        """Return how many copies to take up: about as many as go out before the next commit."""
        now = time.monotonic()
        if self._taken_up and now > self._taken_up_at:
            rate = self._taken_up / (now - self._taken_up_at)
            self._rate = rate if not self._rate else (self._rate + rate) / 2
        self._taken_up_at = now
        return max(SMALLEST_PIECE, int(self._rate * PIECE)) if self._rate else FIRST_PIECE

    def _take_up(self, limit: int) -> None:
        """Commit the intent for the next copies, together with the outcomes that are known."""
        now = self._clock()
        taken = self._write(lambda session: self._taken(session, limit, now))
        if taken is None:
            return
        self._lease_ends_at = now + self._lease
        self._after_id, self._is_last = taken.last_id, taken.is_last
        self._taken_up = len(taken.readers)
        compose, mailing = self._composer.compose, self._mailing
        edition_id, corrects_id = self._edition.id, self._edition.corrects_id
        self._ready.extend(
            compose(mailing, edition_id, id_, address, corrects_id=corrects_id)
            for id_, address in taken.readers
        )

    def _taken(self, session: Session, limit: int, now: datetime) -> Taken | None:
        why_not = control.why_not(session, self._batch, now=now)
        if why_not:
            self.stopped_because = why_not
            return None
        granted = self._pacer.grant(session, self._batch.lane, limit, now)
        if granted.copies == 0:
            wait = granted.next_at - now if granted.next_at else WAIT_FOR_LANE * 2
            if wait > WAIT_FOR_LANE:
                self.stopped_because, self.next_at = "the lane must wait", granted.next_at
            self._ask_at = time.monotonic() + wait.total_seconds()
            return None
        call = self._call or calls.open_call(self._batch, transport=self._transport.name, now=now)
        taken = calls.take(
            session,
            self._batch,
            call,
            newsletter=self._edition.newsletter,
            day=self._edition.day,
            to=audience.cadences(self._edition.kind),
            after_id=self._after_id,
            limit=granted.copies,
            now=now,
            lease=self._lease,
        )
        self._pacer.refund(session, self._batch.lane, granted.copies - len(taken.readers))
        if taken.readers:
            self._call = call
        return taken

    # ---- outcomes in ----

    def _hand_over(self, copies: Iterator[Copy | None]) -> None:
        """Make one call and write down what becomes of it, however it ends."""
        call = self._call
        if call is None:
            raise AssertionError("no copy is given before its call is open")
        # Not every way a transport may end says what became of the rest: then nobody knows.
        rest, reply = Event.DOUBTED, "the transport gave no outcome"
        outcomes = self._transport.send(self._mailing, copies, call_id=call.key, lane=self._batch.lane)
        try:
            for outcome in outcomes:
                if outcome is not None:
                    self._note(outcome)
                self._keep_up()
                # Answers that have come are written down; only what is waited for is let go.
                if outcome is None and self._stopping.is_overdue:
                    reply = "this worker had to end before the answer"
                    break
        except TransportError as error:
            rest, reply = Event.RELEASED, str(error)
            raise
        except BaseException as error:
            reply = f"the hand-over broke off ({type(error).__name__})"
            raise
        finally:
            given = [subscriber_of(ref) for ref in self._given]
            self._results += [Became(id_, rest, reply=reply) for id_ in given]
            if rest is Event.RELEASED:
                self._put_back += given
            self._given.clear()
            self._release_ready()
            try:
                self._write(lambda _session: None)
            finally:
                self._call = None
                _close(outcomes)

    def _release_ready(self) -> None:
        """Put back what was taken up and not given to the transport."""
        ids = [subscriber_of(copy.ref) for copy in self._ready]
        self._results += [Became(id_, Event.RELEASED) for id_ in ids]
        self._put_back += ids
        self._ready.clear()

    def _note(self, outcome: Outcome) -> None:
        self._given.discard(outcome.ref)
        accepted = outcome.verdict is Verdict.ACCEPTED
        id_, event = subscriber_of(outcome.ref), EVENTS[outcome.verdict]
        if outcome.meaning is Meaning.THROTTLED and outcome.verdict is Verdict.DEFERRED:
            # We came too fast: that is about us, and counts against nobody.
            self._pacer.note_throttle(self._batch.lane)
            self.stopped_because = "the lane must wait"
            event = Event.RELEASED
            self._put_back.append(id_)
        reply = None if accepted else outcome.reply or None
        self._results.append(Became(id_, event, outcome.provider_id, reply))
        self.moved |= accepted

    def _keep_up(self) -> None:
        """Write down what is known, and look whether somebody wants us to stop."""
        now = time.monotonic()
        # Where the outcomes of a call come all at once, they are written all at once.
        if self._results and self._transport.streams and now - self._written_at >= PIECE:
            self._write(lambda _session: None)
        if now - self._looked_at >= LOOK_AGAIN:
            self._looked_at = now
            moment = self._clock()
            why_not = self._write(lambda session: control.why_not(session, self._batch, now=moment))
            if self._may_go_on():
                self.stopped_because = why_not
            if moment >= self._lease_ends_at - self._lease / 2:
                self._write(lambda session: calls.renew(session, self._batch, now=moment, lease=self._lease))
                self._lease_ends_at = moment + self._lease

    def _write(self, step: Callable[[Session], Result]) -> Result:
        """Commit the outcomes that are known, then ``step``; a database that is away is waited for.

        Nothing here harms when the commit was made and only its answer was lost: what is written twice
        stays as it is, and what was taken up without our knowing is put back.
        """
        done = patiently(lambda attempt: self._attempt(step, attempt), self._stopping)
        self._results = []
        self._pacer.written(self._batch.lane)
        self._written_at = time.monotonic()
        return done

    def _attempt(self, step: Callable[[Session], Result], attempt: int) -> Result:
        with self._database.sessions.begin() as session:
            released = 0
            if attempt and self._call is not None:
                if calls.is_known(session, self._call):
                    released += calls.untake(session, self._batch, self._call, after_id=self._after_id)
                else:
                    self._call = None  # its commit was not made
            if self._results and self._call is not None:
                became = calls.record(session, self._batch, self._call, self._results, now=self._clock())
                released += became.get(Event.RELEASED, 0)
            self._pacer.refund(session, self._batch.lane, released)
            self._pacer.write(session, self._batch.lane, self._clock(), moved=self.moved)
            return step(session)


def _again(first: Copy, feed: Iterator[Copy | None]) -> Iterator[Copy | None]:
    yield first
    yield from feed


def _close(outcomes: Iterator[Outcome | None]) -> None:
    """End a transport that was not heard out: it lets go of what it holds."""
    close = getattr(outcomes, "close", None)
    if close is not None:
        close()
