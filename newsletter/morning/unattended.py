"""The unattended morning: what is done with nobody awake, moment by moment.

*prepare* examines the digest of the next edition as soon as it appears, and once more shortly before the
hour. *begin* lets the edition of the day that came last go out, by the newsletter's rules. *watch* looks
how it goes, tells people what they must know and takes back what is over. Each may be called at any
time, again and again, by any number of replicas: the rows decide what is still to be done.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from newsletter import holidays
from newsletter.alarms import Alarms, Cause
from newsletter.delivery import books
from newsletter.editions import edition as editions
from newsletter.editions.edition import SENT, UNDECIDED, Edition
from newsletter.editions.states import Kind, State
from newsletter.morning import hours
from newsletter.morning.beginning import is_blocked
from newsletter.morning.morning import Morning
from newsletter.morning.press import Press
from newsletter.morning.races import unless_outrun
from newsletter.morning.watching import View, alerts, is_good, over
from newsletter.morning.weekly import Clicks, Weekly
from newsletter.timetable import Moments

OTHERS_FOR = timedelta(days=2)  # how long a weekly edition or a correction is watched
ASK_EVERY = timedelta(seconds=60)  # a source elsewhere, while the digest of the day is missing
MISSED_DAYS = timedelta(days=7)  # days without anybody there that are still written down
HOLIDAYS_AHEAD = timedelta(days=30)  # how long before their tables end people are told


@dataclass(kw_only=True)
class Unattended:
    """One newsletter's mornings, as the schedule does them."""

    morning: Morning
    alarms: Alarms
    is_limited: bool = False  # whether any lane has a pace, which makes an edition slow on purpose
    clicks: Clicks | None = None  # how often each link was followed, where that is counted
    # What we told of an edition, so as not to write it again at every look.
    _said: dict[tuple[date, str], object] = field(default_factory=dict)
    _judged: set[date] = field(default_factory=set)  # days this process has examined
    _asked_at: dict[date, datetime] = field(default_factory=dict)  # when it looked for them after their hour
    _filled_in: date | None = None

    @property
    def slug(self) -> str:
        """The newsletter."""
        return self.morning.slug

    def current(self) -> Moments | None:
        """Return the day whose hour came last; None when the newsletter did not have that hour then."""
        timetable, since = self.morning.timetable, self._since()
        due = timetable.due(self.morning.now)
        return due if due.send_at >= since or due.day in timetable.moved else None

    def _since(self) -> datetime:
        """Return since when the newsletter has had its hours; writes down those that are new."""
        morning, now = self.morning, self.morning.now
        schedule = morning.newsletter.schedule
        with morning.database.readers() as session:
            since = hours.since(session, self.slug, schedule, now=now)
            is_to_be_seen = hours.is_to_be_seen(session, self.slug, schedule, now=now)
        if since is None or is_to_be_seen:
            since = since or now
            with morning.database.sessions.begin() as session:
                hours.write_down(session, self.slug, schedule, since=since, now=now)
        return since

    def begin(self) -> Edition | None:
        """Let the edition of the hour that came last begin, if that is still to be done."""
        due = self.current()
        if due is None:
            return None
        edition = self._begin(due)
        self._fill_in(due)
        return edition

    def _begin(self, due: Moments) -> Edition | None:
        row = self.morning.existing(due.day)
        if row and (row.state in SENT or row.state is State.SKIPPED):
            return row
        looked_at = row.examined_at if row else None
        if row and looked_at and looked_at >= due.send_at and row.state is not State.READY:
            # Its hour came and it could not begin. Now only a change of its digest can help, and in time.
            if self.morning.now > due.latest or not self._may_ask(due.day):
                return row
            row = self.prepare_day(due.day)
            if row is None or row.state is not State.READY:
                return self.morning.existing(due.day)
        if row and looked_at and looked_at > due.latest:
            return row  # it was said that it is too late: from here on it is a person's
        self._judged.add(due.day)
        return self.morning.begin_due(due.day)

    def _may_ask(self, day: date) -> bool:
        """Say whether to look for a digest again: a source elsewhere is not asked at every tick."""
        now, last = self.morning.now, self._asked_at.get(day)
        if (
            self.morning.newsletter.source.is_folder
            or last is None
            or not timedelta(0) <= now - last < ASK_EVERY
        ):
            self._asked_at[day] = now
            return True
        return False

    def _fill_in(self, due: Moments) -> None:
        """Write down what became of the days before, on which nobody was there: each is a row."""
        if self._filled_in == due.day:
            return
        morning, timetable, since = self.morning, self.morning.timetable, self._since()
        with morning.database.readers() as session:
            first = editions.earliest_day(session, self.slug)
            known = editions.days_since(session, self.slug, due.day - MISSED_DAYS)
        for back in range(MISSED_DAYS.days, 0, -1):
            day = due.day - timedelta(days=back)
            is_ours = first is not None and day > first and timetable.moments(day).send_at >= since
            if is_ours and day not in known:
                morning.begin_due(day)
        self._filled_in = due.day

    def begin_weekly(self) -> Edition | None:
        """Let the weekly edition begin, if it is due now and nobody has decided on it yet."""
        return Weekly(press=Press.of(self.morning), alarms=self.alarms, clicks=self.clicks).begin_due()

    def prepare(self) -> Edition | None:
        """Examine the digest of the edition to come; None when there is nothing new to find out."""
        morning, now = self.morning, self.morning.now
        due, coming = self.current(), morning.timetable.next(now)
        if due is not None and now <= due.latest:
            row = morning.existing(due.day)
            if morning.timetable.decide(due.day).goes and (row is None or not _is_decided(row)):
                return None  # one day after the other: what lies there may be for the one that is due
        return self.prepare_day(coming.day)

    def prepare_day(self, day: date, *, anew: bool = False) -> Edition | None:
        """Examine the digest of ``day``; ``anew`` although nothing has changed."""
        return unless_outrun(lambda: self._prepared(day, anew=anew))

    def _prepared(self, day: date, *, anew: bool) -> Edition | None:
        morning, now = self.morning, self.morning.now
        moments = morning.timetable.moments(day)
        row = morning.existing(day)
        if row and _is_decided(row):
            return None
        found = morning.beginning.find(day)
        is_early = now < moments.prepare_at
        if found.chosen is None and not found.errors:
            if (row is None and is_early) or (row and row.state is State.MISSING and not row.findings):
                return None
        elif found.is_unreachable and found.chosen is None and is_early:
            return None  # it may answer in time
        elif found.chosen and not is_blocked(found, day) and row and not anew:
            last = row.examined_at
            is_known = row.digest_hash == found.chosen.hash and last is not None
            # Once in the life of a process: what holds it may be a setting that was changed.
            is_to_be_judged_anew = row.state is State.HELD and day not in self._judged
            if is_known and last and not last < moments.prepare_at <= now and not is_to_be_judged_anew:
                return None
        self._judged.add(day)
        look = morning.beginning.look(day, found=found, decided=row.decided if row else UNDECIDED)
        if look.is_settling and look.chosen is None:
            return None
        if row and look.chosen is None and (row.state, row.findings) == (State.MISSING, look.findings):
            return None
        return morning.beginning.note(day, look)

    def watch(self) -> list[Cause]:
        """Tell people what they must know of the last day and of the next; return the causes told."""
        now = self.morning.now
        told: list[Cause] = []
        for moments in (self.current(), self.morning.timetable.next(now)):
            if moments is not None:
                told += self.watch_day(moments)
        return told + self._watch_others(now) + self._watch_holidays(now)

    def watch_day(self, moments: Moments) -> list[Cause]:
        """Look how one day goes, and tell what follows from it."""
        morning = self.morning
        goes = morning.timetable.decide(moments.day).goes
        with morning.database.readers() as session:
            row = editions.find(session, self.slug, moments.day)
            view = self._view(session, moments, row, goes=goes)
        return self._tell(view, "", self._facts(moments, row))

    def _watch_others(self, now: datetime) -> list[Cause]:
        """Look how weekly editions and corrections go that began lately."""
        told: list[Cause] = []
        timetable = self.morning.timetable
        with self.morning.database.readers() as session:
            views = []
            for row in editions.begun_since(session, self.slug, now - OTHERS_FOR):
                moments = timetable.moments(row.day)
                until = row.deliver_until or moments.deliver_until
                moments = replace(moments, send_at=row.frozen_at or now, deliver_until=until)
                about = row.kind.value if row.serial == 1 else f"{row.kind}-{row.serial}"
                facts = self._facts(moments, row) | {"kind": row.kind.value}
                views.append((self._view(session, moments, row, goes=True), about, facts))
        for view, about, facts in views:
            told += self._tell(view, about, facts)
        return told

    def _view(self, session: Session, moments: Moments, row: Edition | None, *, goes: bool) -> View:
        return View(
            now=self.morning.now,
            moments=moments,
            goes=goes,
            state=row.state if row else None,
            findings=row.findings if row else (),
            examined_at=row.examined_at if row else None,
            frozen_at=row.frozen_at if row else None,
            finished_at=row.finished_at if row else None,
            books=books.of_edition(session, row) if row and row.state in SENT else None,
            is_limited=self.is_limited,
        )

    def _tell(self, view: View, about: str, facts: dict[str, Any]) -> list[Cause]:
        """Sound what is due and take back what is over; a daily edition that went well is told elsewhere."""
        day, due, ended = view.moments.day, list(alerts(view)), over(view)
        ended -= {alert.cause for alert in due}
        is_good_daily = not about and is_good(view)
        said = (due, ended, is_good_daily)
        if self._said.get((day, about)) == said or not any(said):
            return []
        told = []
        with self.morning.database.sessions.begin() as session:
            if not self._is_still(session, view, about):
                return []  # it has moved on since it was looked at; the next look sees it as it is
            for alert in due:
                is_new = self.alarms.sound(
                    session,
                    alert.cause,
                    newsletter=self.slug,
                    day=day,
                    about=about,
                    facts={**facts, **alert.facts},
                    findings=list(alert.findings),
                    again=alert.again,
                    now=view.now,
                )
                if is_new:
                    told.append(alert.cause)
            if ended:
                self.alarms.clear(
                    session, newsletter=self.slug, day=day, causes=ended, about=about, now=view.now
                )
            if is_good_daily:
                self.alarms.good_morning(session, self.slug, day, now=view.now)
        self._said[day, about] = said
        return told

    def _is_still(self, session: Session, view: View, about: str) -> bool:
        """Say whether an edition is as it was when it was looked at."""
        kind, _, serial = about.partition("-")
        kind = Kind(kind) if kind else Kind.DAILY
        row = editions.find(session, self.slug, view.moments.day, kind, int(serial or 1))
        if row is None:
            return view.state is None
        return (row.state, row.examined_at, row.frozen_at) == (view.state, view.examined_at, view.frozen_at)

    def _facts(self, moments: Moments, row: Edition | None) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "due": moments.send_at,
            "latest": moments.latest,
            "until": moments.deliver_until,
            "source": self.morning.newsletter.source.folder,
        }
        if row and row.digest_key:
            facts["digest"] = row.digest_key
        if row and row.frozen_at:
            facts["started"] = row.frozen_at
        return facts

    def _watch_holidays(self, now: datetime) -> list[Cause]:
        schedule = self.morning.newsletter.schedule
        if not schedule.holidays:
            return []
        ends = holidays.known_until(schedule.holidays)
        today = now.astimezone(schedule.tz).date()
        if today < ends - HOLIDAYS_AHEAD or self._said.get((ends, "holidays")) == today:
            return []
        self._said[ends, "holidays"] = today  # once a day is enough: the rows pass over what was told
        with self.morning.database.sessions.begin() as session:
            is_new = self.alarms.sound(
                session,
                Cause.HOLIDAYS,
                newsletter=self.slug,
                day=ends,  # once for each year's tables
                facts={"until": ends},
                now=now,
            )
        return [Cause.HOLIDAYS] if is_new else []


def _is_decided(row: Edition) -> bool:
    return row.state in SENT or row.state is State.SKIPPED
