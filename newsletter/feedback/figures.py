"""What came back, in figures: of an edition, of the last days, and of the sign-up form. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.tables import Batch
from newsletter.editions.edition import Edition
from newsletter.feedback import inbox, reading
from newsletter.feedback.events import Kind
from newsletter.feedback.tables import Feedback, FeedbackCount, FeedbackFold
from newsletter.replies import Meaning
from subscribers import confirmations

CONFIRMED_WITHIN = timedelta(days=7)  # older: whoever did not confirm may be forgotten already


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFigures:
    """Where the copies of an edition stand."""

    label: str
    accepted: int  # copies handed over
    by_kind: Mapping[Kind, int]
    blocked_by_meaning: Mapping[Meaning, int]
    opens: int
    clicks: int

    @property
    def heard(self) -> int:
        """Of how many copies anything has come back."""
        return sum(self.by_kind.values())

    def as_json(self) -> dict[str, object]:
        """Return it for ``--json``."""
        return {
            "edition": self.label,
            "handed_over": self.accepted,
            "heard": self.heard,
            **{kind.value: count for kind, count in self.by_kind.items()},
            "blocked_by_meaning": {
                meaning.value: count for meaning, count in self.blocked_by_meaning.items()
            },
            "opens": self.opens,
            "clicks": self.clicks,
        }


def of_edition(session: Session, edition: Edition) -> EditionFigures:
    """Count where the copies of an edition stand."""
    rows = session.execute(
        select(Feedback.kind, Feedback.meaning, func.count())
        .where(Feedback.edition_id == edition.id)
        .group_by(Feedback.kind, Feedback.meaning)
    ).all()
    by_kind: dict[Kind, int] = {}
    blocked: dict[Meaning, int] = {}
    for kind, meaning, count in rows:
        by_kind[kind] = by_kind.get(kind, 0) + count
        if kind is Kind.BLOCKED and meaning is not None:
            blocked[meaning] = blocked.get(meaning, 0) + count
    for kind, meaning, count in session.execute(
        select(FeedbackFold.kind, FeedbackFold.meaning, FeedbackFold.count).where(
            FeedbackFold.edition_id == edition.id
        )
    ):
        by_kind[kind] = by_kind.get(kind, 0) + count
        if kind is Kind.BLOCKED and meaning:
            blocked[Meaning(meaning)] = blocked.get(Meaning(meaning), 0) + count
    accepted = session.scalar(select(func.sum(Batch.accepted)).where(Batch.edition_id == edition.id))
    return EditionFigures(
        label=edition.label,
        accepted=int(accepted or 0),
        by_kind=by_kind,
        blocked_by_meaning=blocked,
        opens=reading.opens(session, edition),
        clicks=sum(reading.clicks_by_story(session, [edition]).values()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """How taking in goes."""

    waiting: int  # posts
    oldest_at: datetime | None
    failed: int  # posts that were set aside
    counted: Mapping[str, Mapping[str, int]]  # by provider: what came in the last days


def intake(session: Session, *, now: datetime, days: int = 7) -> Intake:
    """Return how taking in goes."""
    waiting, oldest_at = inbox.waiting(session)
    counted: dict[str, dict[str, int]] = {}
    for provider, what, count in session.execute(
        select(FeedbackCount.provider, FeedbackCount.what, func.sum(FeedbackCount.count))
        .where(FeedbackCount.day > (now - timedelta(days=days)).date())
        .group_by(FeedbackCount.provider, FeedbackCount.what)
        .order_by(FeedbackCount.provider, FeedbackCount.what)
    ):
        counted.setdefault(provider, {})[what] = int(count)
    return Intake(waiting=waiting, oldest_at=oldest_at, failed=inbox.failed(session), counted=counted)


def confirmation(session: Session, newsletter: str, *, now: datetime) -> tuple[int, int]:
    """Return how many asked in the last days, and how many of them have confirmed."""
    return confirmations(session, newsletter, since=now - CONFIRMED_WITHIN, until=now)
