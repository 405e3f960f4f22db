"""Measuring an installation: the samples of every metric, from a few cheap queries.

What takes a moment on a large list (the books of an edition, the counts of a list) is remembered for a
while by this process, so that a monitor that asks every second costs no more than one that is patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from newsletter import __version__
from newsletter.alarms import Alarm
from newsletter.app import App
from newsletter.backup.nightly import last_good
from newsletter.delivery import books, control, heartbeat, progress
from newsletter.delivery.states import BatchState
from newsletter.delivery.states import State as Copy
from newsletter.delivery.tables import Batch, Call, Delivery, Notice
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Kind, State
from newsletter.feedback import inbox
from newsletter.journal.writing import waiting
from newsletter.metrics import Sample, gauge
from newsletter.morning.watching import LEAST_DONE
from newsletter.timetable import Timetable
from subscribers import Subscription

GOING = timedelta(seconds=15)  # for which the books of an edition that goes out are remembered
STILL = timedelta(minutes=5)  # and of one that has ended, and the counts of a list
MORNINGS_LOOKED_AT = 5

Value = TypeVar("Value")


@dataclass(kw_only=True)
class Measuring:
    """Measures one installation."""

    app: App
    _known: dict[object, tuple[datetime, Any]] = field(default_factory=dict)

    def samples(self) -> list[Sample]:
        """Return every sample, as of one moment of the database."""
        now = self.app.clock()
        fenced = bool(self.app.why_fenced())
        with self.app.database.readers() as session:
            return [
                gauge("newsletter_build_info", 1, version=__version__),
                gauge("newsletter_fence_closed", fenced),
                *self._editions(session, now),
                *self._lanes(session, now),
                *_doubt(session),
                *self._mornings(session, now),
                *_work(session, now),
                *self._lists(session, now),
                *self._keeping(session),
            ]

    def _remembered(
        self, key: object, now: datetime, length: timedelta, measure: Callable[[], Value]
    ) -> Value:
        at, value = self._known.get(key, (None, None))
        if at is None or not timedelta(0) <= now - at < length:
            value = measure()
            self._known[key] = (now, value)
        return value  # pyright: ignore[reportReturnType] - what was remembered is what measures

    def _books(self, session: Session, edition: Edition, now: datetime) -> books.Books:
        length = GOING if edition.state is State.SENDING else STILL
        return self._remembered(
            ("books", edition.id, edition.state), now, length, lambda: books.of_edition(session, edition)
        )

    def _editions(self, session: Session, now: datetime) -> Iterator[Sample]:
        for slug in self.app.settings.newsletters:
            for kind in Kind:
                newest = _newest(session, slug, kind)
                if newest is None:
                    continue
                about = {"newsletter": slug, "kind": kind.value}
                yield gauge("newsletter_edition_state", 1, **about, state=newest.state.value)
                for severity in ("hold", "warn"):
                    count = sum(finding["severity"] == severity for finding in newest.findings)
                    yield gauge("newsletter_edition_findings", count, **about, severity=severity)
                begun = newest if newest.frozen_at else _newest(session, slug, kind, is_begun=True)
                if begun is None or begun.frozen_at is None:
                    continue
                counted = self._books(session, begun, now)
                yield gauge(
                    "newsletter_edition_begun_timestamp_seconds", begun.frozen_at.timestamp(), **about
                )
                yield gauge("newsletter_edition_owed_copies", counted.owed, **about)
                yield gauge("newsletter_edition_books_balanced", counted.balanced, **about)
                for state, count in counted.by_state.items():
                    yield gauge("newsletter_edition_copies", count, **about, state=state.value)
                if begun.state is State.SENDING:
                    for lane, speed in progress.speeds_of(session, begun, now).items():
                        yield gauge("newsletter_edition_copies_per_second", speed, **about, lane=lane.value)

    def _lanes(self, session: Session, now: datetime) -> Iterator[Sample]:
        # A batch counts what became of its copies, so the rows of readers are not looked at.
        left = Batch.size - Batch.accepted - Batch.refused
        for lane, copies in session.execute(
            select(Batch.lane, func.sum(left))
            .join(Edition, Edition.id == Batch.edition_id)
            .where(Batch.state != BatchState.DONE, Edition.state == State.SENDING)
            .group_by(Batch.lane)
        ):
            yield gauge("newsletter_lane_waiting_copies", max(0, copies or 0), lane=lane.value)
        for lane, state in progress.lane_states(session).items():
            yield gauge("newsletter_lane_paused", state.is_paused(now), lane=lane.value)
        off = control.switched_off(session) is not None
        yield gauge("newsletter_sending_off", off)

    def _mornings(self, session: Session, now: datetime) -> Iterator[Sample]:
        for slug, newsletter in self.app.settings.newsletters.items():
            due = Timetable(newsletter.schedule).next(now).send_at
            yield gauge("newsletter_next_edition_timestamp_seconds", due.timestamp(), newsletter=slug)
            ended = session.scalars(
                select(Edition)
                .where(
                    Edition.newsletter == slug,
                    Edition.kind == Kind.DAILY,
                    Edition.state == State.FINISHED,
                    Edition.finished_at.is_not(None),
                )
                .order_by(Edition.day.desc())
                .limit(MORNINGS_LOOKED_AT)
            )
            for edition in ended:
                counted = self._books(session, edition, now)
                is_good = counted.balanced and counted[Copy.ACCEPTED] >= LEAST_DONE * counted.owed > 0
                if is_good and edition.finished_at and not counted[Copy.IN_DOUBT]:
                    at = edition.finished_at.timestamp()
                    yield gauge("newsletter_last_good_morning_timestamp_seconds", at, newsletter=slug)
                    break

    def _lists(self, session: Session, now: datetime) -> Iterator[Sample]:
        for slug in self.app.settings.newsletters:
            counted = self._remembered(("list", slug), now, STILL, lambda slug=slug: _people(session, slug))
            for status, count in counted.items():
                yield gauge("newsletter_subscribers", count, newsletter=slug, status=status)

    def _keeping(self, session: Session) -> Iterator[Sample]:
        newest = last_good(session)
        if newest is not None:
            yield gauge("newsletter_backup_timestamp_seconds", newest.started_at.timestamp())
            yield gauge("newsletter_backup_size_bytes", newest.size or 0)
        yield gauge("newsletter_journal_waiting_facts", waiting(session))
        if self.app.database.is_sqlite:
            file = self.app.database.file
            size = file.stat().st_size if file else 0
        else:
            size = session.scalar(text("SELECT pg_database_size(current_database())")) or 0
        yield gauge("newsletter_database_size_bytes", size)


def _newest(session: Session, slug: str, kind: Kind, *, is_begun: bool = False) -> Edition | None:
    query = select(Edition).where(Edition.newsletter == slug, Edition.kind == kind)
    if is_begun:
        query = query.where(Edition.state.in_(SENT))
    return session.scalars(
        query.order_by(Edition.day.desc(), Edition.serial.desc(), Edition.id.desc()).limit(1)
    ).first()


def _doubt(session: Session) -> Iterator[Sample]:
    # Only the few calls that are not settled are looked at, and only the copies of their batches.
    copies, oldest = session.execute(
        select(func.count(), func.min(Call.opened_at))
        .select_from(Call)
        .join(Batch, Batch.id == Call.batch_id)
        .join(
            Delivery,
            (Delivery.edition_id == Batch.edition_id)
            & Delivery.subscriber_id.between(Batch.first_subscriber_id, Batch.last_subscriber_id)
            & (Delivery.call_id == Call.id),
        )
        .where(Call.settled_at.is_(None), Delivery.state == Copy.IN_DOUBT)
    ).one()
    yield gauge("newsletter_doubt_copies", copies)
    if oldest is not None:
        yield gauge("newsletter_doubt_oldest_timestamp_seconds", oldest.timestamp())


def _work(session: Session, now: datetime) -> Iterator[Sample]:
    for part, at in heartbeat.parts(session).items():
        yield gauge("newsletter_heartbeat_timestamp_seconds", at.timestamp(), part=part)
    late, since = session.execute(
        select(func.count(), func.min(Notice.due_at)).where(
            Notice.state == Copy.WAITING, Notice.due_at <= now
        )
    ).one()
    yield gauge("newsletter_notices_waiting", late)
    if since is not None:
        yield gauge("newsletter_notices_oldest_timestamp_seconds", since.timestamp())
    posts, oldest = inbox.waiting(session)
    yield gauge("newsletter_webhook_waiting_posts", posts)
    yield gauge("newsletter_webhook_lag_seconds", max(0.0, (now - oldest).total_seconds()) if oldest else 0)
    yield gauge("newsletter_webhook_failed_posts", inbox.failed(session))
    for cause, count in session.execute(
        select(Alarm.cause, func.count()).where(Alarm.cleared_at.is_(None)).group_by(Alarm.cause)
    ):
        yield gauge("newsletter_alarms_open", count, cause=cause.value)


def _people(session: Session, slug: str) -> dict[str, int]:
    rows = session.execute(
        select(Subscription.status, func.count())
        .where(Subscription.newsletter == slug)
        .group_by(Subscription.status)
    )
    return {status.value: count for status, count in rows}
