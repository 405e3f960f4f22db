"""A morning: find the digest, examine it, freeze the edition, hand it over, and say how it went.

The same words for a person who types ``newsletter morning`` (``run``) and for a schedule that wakes it
(``send``, which goes by the newsletter's rules). The rows decide: told twice, or by two machines at
once, it does the work once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from newsletter.config import NewsletterSettings
from newsletter.database import Database
from newsletter.delivery import books
from newsletter.delivery.holding import OnFrozen
from newsletter.delivery.states import State as DeliveryState
from newsletter.delivery.worker import Courier
from newsletter.digests.sources import Source
from newsletter.editions import edition as editions
from newsletter.editions.edition import SENT, UNDECIDED, Edition
from newsletter.editions.states import State
from newsletter.errors import ConfigError
from newsletter.morning.beginning import Beginning, Look
from newsletter.morning.probing import Prober
from newsletter.morning.races import unless_outrun
from newsletter.morning.report import Report, report_of
from newsletter.rendering.renderer import Renderer
from newsletter.timetable import Timetable
from newsletter.urls import Urls

SETTLING = timedelta(seconds=30)  # how long after the hour a file that is being saved is waited for
MOVED_FOR = timedelta(days=7)  # older days are over
Begun = tuple[Edition, Look | None]  # the look is None when there was nothing to look for any more


@dataclass(frozen=True, kw_only=True)
class Morning:
    """All that the morning of one newsletter needs."""

    slug: str
    newsletter: NewsletterSettings
    database: Database
    source: Source
    renderer: Renderer
    courier: Courier
    urls: Urls
    batch_size: int
    prober: Prober | None = None  # None: nobody opens the links
    # Why this installation sends no editions, if so. Asked each time: a fence may have been opened meanwhile.
    why_refused: Callable[[], str] = lambda: ""
    on_frozen: OnFrozen | None = None

    @property
    def now(self) -> datetime:
        """This moment, aware UTC."""
        return self.courier.clock()

    @property
    def timetable(self) -> Timetable:
        """The newsletter's days and hours, with what people have moved of late."""
        with self.database.readers() as session:
            moved = editions.moved(session, self.slug, self.today() - MOVED_FOR)
        return Timetable(self.newsletter.schedule, moved)

    @cached_property
    def beginning(self) -> Beginning:
        """What finds, examines and freezes."""
        return Beginning(
            slug=self.slug,
            newsletter=self.newsletter,
            database=self.database,
            source=self.source,
            prober=self.prober,
            renderer=self.renderer,
            urls=self.urls,
            batch_size=self.batch_size,
            clock=self.courier.clock,
            on_frozen=self.on_frozen,
            wake=lambda session, edition_id: self.courier.wake(session, edition_id=edition_id),
        )

    def today(self) -> date:
        """The local day it is now."""
        return self.now.astimezone(self.newsletter.schedule.tz).date()

    def existing(self, day: date) -> Edition | None:
        """Return the row of a day, if there is one."""
        with self.database.readers() as session:
            return editions.find(session, self.slug, day)

    # ---- the whole way ----

    def run(self, day: date | None = None, *, progress: Callable[[], None] | None = None) -> Report:
        """Do what is still to be done for ``day`` (today), because a person says so, and report.

        The hours and days of the schedule do not matter, and no other approval is needed; the gate does.
        Raises ``ConfigError`` when the installation may not send, ``DatabaseBusy`` when another
        process is sending, and ``TransportError`` when a person must act.
        """
        return self._through(day or self.today(), self._begin_by_hand, progress)

    def send(
        self, day: date | None = None, *, late: bool = False, progress: Callable[[], None] | None = None
    ) -> Report:
        """Do the same by the newsletter's rules, as the schedule does at the hour.

        ``late``: a person says that it may go out although ``latest`` is past.
        """
        return self._through(day or self.today(), lambda day: self._begin_by_rule(day, late=late), progress)

    def begin_due(self, day: date) -> Edition | None:
        """Let the edition of ``day`` begin if the rules say so; None where this installation may not send."""
        if self.why_refused():
            return None
        return self._begun(day, lambda day: self._begin_by_rule(day, comes_back=True))[0]

    def _through(
        self, day: date, begin: Callable[[date], Begun], progress: Callable[[], None] | None
    ) -> Report:
        if refusal := self.why_refused():
            raise ConfigError(refusal)
        with self.database.sole_sender() as sole:
            edition, look = self._begun(day, begin)
            before = self._accepted(edition)
            if edition.state is State.SENDING:
                self.courier.send_due(edition_id=edition.id, sole_sender=sole, after_batch=progress)
            with self.database.readers() as session:
                edition = session.get(Edition, edition.id) or edition
                return report_of(session, edition, sent_now=self._accepted(edition) - before, look=look)

    def _accepted(self, edition: Edition) -> int:
        with self.database.readers() as session:
            return books.of_edition(session, edition)[DeliveryState.ACCEPTED]

    # ---- before anything is owed ----

    def _begun(self, day: date, begin: Callable[[date], Begun]) -> Begun:
        """Return the edition of the day, begun by us or by another process that was quicker."""

        def step() -> Begun:
            edition = self.existing(day)
            return (edition, None) if edition and edition.state in SENT else begin(day)

        return unless_outrun(step)

    def _begin_by_hand(self, day: date) -> Begun:
        look = self.beginning.look(day, by_hand=True)
        if look.chosen is None or look.held:
            return self.beginning.note(day, look), look
        return self.beginning.freeze(day, look), look

    def _begin_by_rule(self, day: date, *, late: bool = False, comes_back: bool = False) -> Begun:
        timetable = self.timetable
        decision, moments = timetable.decide(day), timetable.moments(day)
        row = self.existing(day)
        if row and row.state is State.SKIPPED and not late:
            return row, None
        if not decision.goes and not late:
            return self.beginning.skip(day, because=decision.because), None
        decided = row.decided if row else UNDECIDED
        look = self.beginning.look(day, decided=decided, promptly=comes_back)
        if comes_back and look.is_settling and look.chosen is None and self.now < moments.send_at + SETTLING:
            # Somebody is saving it at this very moment: at the next tick it is there.
            return row or self.beginning.new(day), look
        is_too_late = self.now > moments.latest and not late
        if look.chosen is None or look.held or self.now < moments.send_at:
            return self.beginning.note(day, look), look
        if not is_too_late:
            return self.beginning.freeze(day, look), look
        match self.newsletter.schedule.when_late:
            case "ask":
                return self.beginning.note(day, look), look
            case policy:
                latest = moments.latest.astimezone(self.newsletter.schedule.tz)
                because = f"it could not begin before {latest:%H:%M}"
                if policy == "merge":
                    because += "; its stories go out with the next edition"
                return self.beginning.skip(day, because=because, look=look, carry=policy == "merge"), look
