"""The worker: a few loops beside each other, each in a thread of its own.

*answers* turns what people asked for into notices, *notices* hands them over, *alarms* tells the next people
and posts to webhooks, *editions* hands over the batches that are due, *feedback* lets what came back take
effect, *mailbox* (where one is set) takes it in, *canaries* looks how editions arrived in mailboxes of ours,
*tidy* forgets what is not to be kept, *keep* sees to the journal and the backups; the *clockwork* begins the
editions at their hour. Nothing here decides what is owed: the rows of the database do, so a loop that runs
twice, late or in ten processes at once does no harm.

On SQLite one process sends editions at a time. A worker takes that right (``Database.sole_sender``) only
while it has a batch to send, so a ``newsletter morning`` by hand works beside it: whoever comes second
is told so, or comes back later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from newsletter import slots
from newsletter.alarms import Cause
from newsletter.app import App
from newsletter.chores import Chores
from newsletter.clockwork import Clockwork
from newsletter.database import DatabaseBusy
from newsletter.delivery import heartbeat, late
from newsletter.delivery.stopping import Stopping
from newsletter.delivery.worker import new_owner
from newsletter.errors import NewsletterError
from newsletter.feedback.lifting import lift_there
from newsletter.keeping import keep
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.signup import requests
from newsletter.tidying import tidy
from newsletter.transports.base import Outcome, Transport, Unavailable
from newsletter.transports.sendgrid import SendGridTransport

logger = logging.getLogger(__name__)

LONGEST_PAUSE = timedelta(minutes=1)
TIDY_AT = time(3, 40)
TIDY_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Loop:
    """One thing, done again and again until told to stop; a failure is logged and tried again later."""

    name: str
    step: Callable[[], bool]  # says whether there is more to do at once
    pause: timedelta
    stopping: threading.Event

    def run(self) -> None:
        """Go round until ``stopping``."""
        failures = 0
        while not self.stopping.is_set():
            pause = self.pause
            try:
                if self.step():
                    pause = timedelta(0)
                failures = 0
            except Exception as error:
                # The loop must survive, whatever it was.
                failures += 1
                pause = min(self.pause * 2 ** min(failures, 10), LONGEST_PAUSE)
                # What a person can be told in one sentence needs no stack.
                trace = None if isinstance(error, NewsletterError) else error
                logger.error("loop failed: %s", error, exc_info=trace, extra={"loop": self.name})
            self.stopping.wait(pause.total_seconds())


class Stoppable:
    """A transport that takes no further call once the worker is stopping; the one in flight ends.

    When the grace is over and there is still no answer, it ends without one: that is doubt.
    """

    def __init__(self, inner: Transport, stopping: Stopping) -> None:
        self.name = inner.name
        self.copies_per_call = inner.copies_per_call
        self.streams = inner.streams
        self._inner = inner
        self._stopping = stopping

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome | None]:
        """Hand over, or raise ``Unavailable`` when it is too late for that."""
        if self._stopping.is_set():
            raise Unavailable("this worker is stopping", retry_after=timedelta(seconds=1))
        outcomes = self._inner.send(mailing, copies, call_id=call_id, lane=lane)
        try:
            for outcome in outcomes:
                yield outcome
                if outcome is None and self._stopping.is_overdue:
                    return
        finally:
            if isinstance(outcomes, Generator):
                outcomes.close()

    def close(self) -> None:
        """Let go of connections."""
        self._inner.close()


class Worker:
    """All the loops of one process. ``start`` returns at once; ``stop`` and then ``join`` end it."""

    def __init__(self, app: App, *, pause: timedelta = timedelta(seconds=1)) -> None:
        self.app = app
        self.owner = new_owner()
        self.stopping = Stopping(app.settings.sending.shutdown_grace)
        self.courier = app.courier(self.stopping)
        self._chores = Chores(app=app, owner=self.owner, is_over=self.stopping.is_set)
        notices = app.notice_sender()
        self._notices = replace(notices, transport=Stoppable(notices.transport, self.stopping))
        self._mailers = {slug: app.mailer(slug) for slug in app.settings.newsletters}
        self._tidied_at: datetime | None = None
        self._beaten_at: dict[str, datetime] = {}
        steps = [
            ("answers", self.answer_requests, 1),
            ("notices", self.send_notices, 1),
            ("alarms", self.tell_of_alarms, 2),
            ("feedback", self.apply_feedback, 1),
            ("tidy", self.tidy, 60),
            ("chores", self.do_chores, 1),
            ("keep", self.keep, 60),
            ("clockwork", self.mind_the_clock, 2),
        ]
        if app.returning.collector is not None:
            steps.append(("mailbox", self.collect, 1))
        if app.returning.canaries is not None:
            steps.append(("canaries", app.returning.canaries.step, 10))
        if app.settings.sending.engine == "threads":
            steps.append(("editions", self.send_editions, 1))
        else:
            steps += [("engine", self._carry, 1), ("editions", self.wake_engine, 2)]
        self._loops = [
            Loop(
                name=name,
                step=step,
                pause=app.settings.mailbox.poll_every if name == "mailbox" else pause * times,
                stopping=self.stopping,
            )
            for name, step, times in steps
        ]
        self._threads: list[threading.Thread] = []
        self.clockwork = Clockwork(
            app=app, mornings={slug: app.unattended(slug) for slug in app.settings.newsletters}
        )
        self._ticker = self.clockwork.ticker()

    def start(self) -> None:
        """Let every loop run in a thread of its own."""
        self.app.establish()
        if refusal := self.app.refusal():
            logger.warning("no editions will be sent: %s", refusal)
        self._threads = [threading.Thread(target=loop.run, name=loop.name) for loop in self._loops]
        for thread in self._threads:
            thread.start()
        self.clockwork.spread()
        self._ticker.start()

    def stop(self) -> None:
        """Tell every loop to end: no new call is begun, those in flight are finished and recorded."""
        self.stopping.set()

    def join(self) -> None:
        """Wait until all have ended, and take our heartbeat back."""
        self._ticker.stop()
        self.clockwork.end()
        for thread in self._threads:
            thread.join()
        try:
            with self.app.database.sessions.begin() as session:
                heartbeat.stop(session, owner=self.owner)
        except SQLAlchemyError as error:
            logger.warning("the heartbeat stays behind: %s", type(error).__name__)

    # ---- one step of each loop; each says whether there is more to do at once ----

    def answer_requests(self) -> bool:
        """Answer what people asked for."""
        self._beat("answers")
        with self.app.database.readers() as session:
            asked = requests.waiting(session)
        is_busy = False
        for slug, mailer in self._mailers.items():
            if slug in asked:
                with self.app.database.sessions.begin() as session:
                    is_busy |= requests.answer(session, mailer, now=self.app.clock()) == requests.AT_ONCE
        return is_busy

    def send_notices(self) -> bool:
        """Hand over the notices that are due; the sender's errors are ours."""
        self._beat("notices")
        provider = self.app.notice_transport
        if isinstance(provider, SendGridTransport):
            lift_there(self.app.database, provider, now=self.app.clock())
        return self._notices.send_due() > 0

    def tell_of_alarms(self) -> bool:
        """Tell the next people of the alarms that nobody answers, and post what webhooks are to hear."""
        self._beat("alarms")
        # A copy tells nobody of what was wrong with the original, only that it is one.
        only = Cause.FENCE if self.app.why_fenced() else None
        now = self.app.clock()
        # Most of the time nobody has to be told, and then nothing is written.
        with self.app.database.readers() as session:
            is_waited_for = self.app.alarms.is_due(session, now=now)
        if is_waited_for:
            with self.app.database.sessions.begin() as session:
                self.app.alarms.advance(session, now=now, only=only)
        return self.app.poster.post_due(is_over=self.stopping.is_set, only=only) > 0

    def send_editions(self) -> bool:
        """Hand over the batches that are due. Raises ``TransportError`` when a person must act."""
        self._beat("editions")
        if self.app.refusal():
            return False
        self._reopen()
        self.courier.tidy()
        if not self.courier.is_due():
            return False
        try:
            with self.app.database.sole_sender() as sole:
                self.courier.send_due(sole_sender=sole, after_batch=lambda: self._beat("editions"))
        except DatabaseBusy:
            logger.info("another process is sending editions")
        return False

    def wake_engine(self) -> bool:
        """Tell the engine of what is due and it may have lost, and clear up after workers that died."""
        self._beat("editions")
        if self.app.refusal():
            return False
        self._reopen()
        self.courier.tidy()
        with self.app.database.sessions.begin() as session:
            self.courier.wake(session)
        self.app.engine.sweep()
        return False

    def _carry(self) -> bool:
        """Send what the engine brings, until we are told to end."""
        threads = self.app.settings.sending.threads
        self.app.engine.run(self._send_one, concurrency=threads, stopping=self.stopping)
        return False

    def _send_one(self, batch_id: int) -> None:
        self._beat("editions")
        if not self.app.refusal():
            self.courier.send_one(batch_id)

    def apply_feedback(self) -> bool:
        """Let what providers have posted take effect."""
        self._beat("feedback")
        return self.app.applier.step()

    def mind_the_clock(self) -> bool:
        """See to it that the moments come, also when somebody sets the clock back."""
        if self.clockwork.is_silent():
            self._ticker.nudge()
        else:
            self._beat("clockwork")
        return False

    def do_chores(self) -> bool:
        """Do a part of what was asked in the console, and count long lists anew."""
        self._beat("chores")
        return self._chores.step() or self._chores.count()

    def collect(self) -> bool:
        """Take in what came back to the mailbox. Raises ``MailboxError`` when it is not reached."""
        return self.app.returning.collector is not None and bool(self.app.returning.collector.poll())

    def tidy(self) -> bool:
        """Once a night, forget what is not to be kept."""
        self._beat("tidy")
        now = self.app.clock()
        due = slots.latest_due(slots.daily(TIDY_AT, TIDY_ZONE), now, lookback=timedelta(days=2))
        if due is None or (self._tidied_at and self._tidied_at >= due):
            return False
        more = tidy(self.app)
        more |= self._chores.tidy()
        if not more:
            self._tidied_at = now
        return more

    def keep(self) -> bool:
        """Keep the journal and the backups."""
        self._beat("keep")
        keep(self.app)
        return False

    def _reopen(self) -> None:
        """Open the editions again that were closed at the very moment somebody joined."""
        for slug in self.app.settings.newsletters:
            with self.app.database.readers() as session:
                is_closed_too_soon = bool(late.closed_too_soon(session, slug))
            if is_closed_too_soon:
                with self.app.database.sessions.begin() as session:
                    for edition in late.closed_too_soon(session, slug, lock=True):
                        late.reopen(edition)

    def _beat(self, part: str) -> None:
        now = self.app.clock()
        last = self._beaten_at.get(part)
        if last is None or now - last >= heartbeat.EVERY:
            with self.app.database.sessions.begin() as session:
                heartbeat.beat(session, owner=self.owner, part=part, now=now)
            self._beaten_at[part] = now
