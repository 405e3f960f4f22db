"""The home page of a newsletter: will tomorrow's mail go out, and did today's arrive?

Plain values, each read by a key: a list of a million and a year of editions are answered as fast as an
empty one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.backup.tables import BackupRun
from newsletter.config import NewsletterSettings
from newsletter.delivery import heartbeat
from newsletter.delivery.progress import speeds_of
from newsletter.delivery.states import SENDABLE, BatchState
from newsletter.delivery.tables import Batch, Notice
from newsletter.desk.going import Going, going_of
from newsletter.editions import edition as editions
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Kind, State
from newsletter.feedback import canaries, inbox, reading
from newsletter.feedback.canary_rows import Canary
from newsletter.feedback.figures import confirmation
from newsletter.feedback.tables import FeedbackCount
from newsletter.timetable import Decision, Timetable
from subscribers import Census, census

UNDECIDED = (State.MISSING, State.HELD, State.READY)
DAYS = 30  # of reports
AHEAD = 7  # days that are listed
REPORTED = ("delivered", "bounced", "blocked", "complained", "unsubscribed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The edition to come: when, what, and whether it would go out as things stand."""

    day: date
    send_at: datetime
    latest: datetime
    edition: Edition | None  # None: nothing was found yet
    holds: Sequence[Mapping[str, Any]]
    warnings: int
    audience: int | None  # of the last edition like it; None: there was none

    @property
    def state(self) -> State | None:
        """How it stands; None: it was not looked for yet."""
        return self.edition.state if self.edition else None


class Fault(StrEnum):
    """What would keep an edition from going out, or from being known."""

    WORKER = "worker"  # none runs
    REFUSED = "refused"  # the installation may not send
    QUEUE = "queue"  # what is due is not taken up


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the machinery says of itself."""

    worker_at: datetime | None  # the last sign of life
    refusal: str  # why this installation may send nothing
    queue_age: timedelta | None  # since when the oldest copy is due; None: none is
    notices_due: int  # notices that wait
    reports_waiting: int  # posts of the provider, not applied yet
    last_report_on: date | None  # a day (UTC) on which the provider told us anything
    backup_at: datetime | None  # when the newest good backup was begun
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryClicks:
    """How often a story of the last edition was followed."""

    number: int
    title: str
    readers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """The edition that went out last."""

    edition: Edition
    going: Going
    opens: int
    clicks: Sequence[StoryClicks]
    canaries: Sequence[Canary]  # how it arrived in mailboxes of our own


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """All that the page shows."""

    now: datetime
    next: Next
    last: Last | None
    days: Sequence[Decision]  # the days to come, also those without an edition
    reports: Mapping[date, Mapping[str, int]]  # of the whole installation, by day (UTC) and kind
    census: Census | None  # None: a long list that nobody has counted yet
    confirmed: tuple[int, int] | None  # asked in the last days, and confirmed; None: too many to count now
    health: Health


def home_of(
    session: Session,
    slug: str,
    newsletter: NewsletterSettings,
    *,
    timetable: Timetable | None = None,
    refusal: str = "",
    now: datetime,
) -> Home:
    """Return how a newsletter stands; ``timetable`` knows what people have moved."""
    timetable = timetable or Timetable(newsletter.schedule)
    last = latest_sent(session, slug)
    reports = _reports(session, now)
    counted = census(session, slug, zone=newsletter.schedule.tz, now=now)
    is_short = counted is not None and counted.at == now
    return Home(
        now=now,
        next=_next(session, slug, timetable, now),
        last=_last(session, last, newsletter, now) if last else None,
        days=_days(timetable, now),
        reports=reports,
        census=counted,
        confirmed=confirmation(session, slug, now=now) if is_short else None,
        health=_health(session, refusal, reports, now),
    )


def day_in_hand(session: Session, slug: str, timetable: Timetable, now: datetime) -> date:
    """Return the day to look after: one whose hour came and that may still begin, else the next."""
    due = timetable.due(now)
    row = editions.find(session, slug, due.day)
    if now <= due.latest and row is not None and row.state in UNDECIDED:
        return due.day
    return timetable.next(now).day


def latest_sent(session: Session, slug: str) -> Edition | None:
    """Return the edition, of any kind, that began last."""
    newest = session.scalars(
        select(Edition)
        .where(Edition.newsletter == slug, Edition.state.in_(SENT))
        .order_by(Edition.day.desc(), Edition.id.desc())
        .limit(5)
    ).all()
    return max(newest, key=lambda one: one.frozen_at or one.created_at, default=None)


def expected_audience(session: Session, slug: str, day: date) -> int | None:
    """Return how many readers the last daily edition on a day like ``day`` had."""
    before = session.scalars(
        select(Edition)
        .where(
            Edition.newsletter == slug,
            Edition.kind == Kind.DAILY,
            Edition.day < day,
            Edition.state.in_(SENT),
            Edition.considered.is_not(None),
        )
        .order_by(Edition.day.desc())
        .limit(7)
    ).all()
    alike = [one for one in before if (one.day.weekday() >= 5) == (day.weekday() >= 5)] or list(before)
    return (alike[0].considered or 0) - sum(alike[0].excluded.values()) if alike else None


def _next(session: Session, slug: str, timetable: Timetable, now: datetime) -> Next:
    day = day_in_hand(session, slug, timetable, now)
    moments, edition = timetable.moments(day), editions.find(session, slug, day)
    findings = edition.findings if edition and edition.state in UNDECIDED else []
    holds = [finding for finding in findings if finding["severity"] == "hold"]
    return Next(
        day=day,
        send_at=moments.send_at,
        latest=moments.latest,
        edition=edition,
        holds=holds,
        warnings=len(findings) - len(holds),
        audience=expected_audience(session, slug, day),
    )


def _last(session: Session, edition: Edition, newsletter: NewsletterSettings, now: datetime) -> Last:
    speeds = speeds_of(session, edition, now) if edition.state is State.SENDING else {}
    by_story = reading.clicks_by_story(session, [edition])
    titles = reading.titles_of(edition) if by_story else []
    clicks = [
        StoryClicks(number=place + 1, title=title, readers=by_story[edition.id, place])
        for place, title in enumerate(titles)
        if (edition.id, place) in by_story
    ]
    flown = canaries.of_edition(session, edition.id)
    return Last(
        edition=edition,
        going=going_of(session, edition, now=now, speeds=speeds),
        opens=reading.opens(session, edition),
        clicks=sorted(clicks, key=lambda one: -one.readers)[:10],
        canaries=flown[1] if flown else (),
    )


def _days(timetable: Timetable, now: datetime) -> list[Decision]:
    return [decision for decision, _ in zip(timetable.days(now), range(AHEAD), strict=False)]


def _reports(session: Session, now: datetime) -> dict[date, dict[str, int]]:
    found: dict[date, dict[str, int]] = {}
    for day, what, count in session.execute(
        select(FeedbackCount.day, FeedbackCount.what, func.sum(FeedbackCount.count))
        .where(FeedbackCount.day > (now - timedelta(days=DAYS)).date())
        .group_by(FeedbackCount.day, FeedbackCount.what)
        .order_by(FeedbackCount.day)
    ):
        if what in REPORTED:
            found.setdefault(day, {})[what] = int(count)
    return found


def _health(
    session: Session, refusal: str, reports: Mapping[date, Mapping[str, int]], now: datetime
) -> Health:
    worker_at = heartbeat.latest(session)
    due_at = session.scalar(select(func.min(Batch.due_at)).where(Batch.state == BatchState.WAITING))
    notices = session.scalar(
        select(func.count()).select_from(Notice).where(Notice.state.in_(SENDABLE), Notice.due_at <= now)
    )
    queue_age = now - due_at if due_at is not None and due_at < now else None
    waiting, _ = inbox.waiting(session)
    faults = []
    if worker_at is None or now - worker_at > heartbeat.FRESH:
        faults.append(Fault.WORKER)
    if refusal:
        faults.append(Fault.REFUSED)
    if queue_age is not None and queue_age > timedelta(minutes=10):
        faults.append(Fault.QUEUE)
    return Health(
        worker_at=worker_at,
        refusal=refusal,
        queue_age=queue_age,
        notices_due=notices or 0,
        reports_waiting=waiting,
        last_report_on=max(reports, default=None),
        backup_at=session.scalar(
            select(BackupRun.started_at)
            .where(BackupRun.file.is_not(None))
            .order_by(BackupRun.started_at.desc())
            .limit(1)
        ),
        faults=faults,
    )
