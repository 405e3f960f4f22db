"""Jobs: what takes longer than a page may, written down and done by a worker in slices.

A slice and how far it has come are one transaction, so a job goes on where it was, whoever dies, and nothing
is done twice. A person says yes to a number before anything is changed. The caller owns the transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Index, String, Text, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.reports.states import OVER, WORKABLE, JobHasMovedOn, JobKind, JobState, Step, next_state
from subscribers import Base, BigId, Choice, UtcDateTime

LEASE = timedelta(minutes=2)  # a worker that is silent for longer has died
KEPT_FOR = timedelta(days=90)
LONGEST_REASON = 300


class Job(Base):
    """One job on one list. A segment may name an address, so a job is forgotten some time after its end."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(40))
    kind: Mapped[JobKind] = mapped_column(Choice(JobKind))
    state: Mapped[JobState] = mapped_column(Choice(JobState))
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)  # the segment, or the file and how to read it
    because: Mapped[str] = mapped_column(Text)
    by_whom: Mapped[str] = mapped_column(String(200))
    walked_to: Mapped[int] = mapped_column(BigId, default=0)  # the last subscriber that was looked at
    upto: Mapped[int] = mapped_column(BigId, default=0)  # who came later is not meant
    total: Mapped[int | None]  # people it is about, once counted
    done: Mapped[int] = mapped_column(default=0)  # people that were dealt with, changed or not
    tally: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    problem: Mapped[str | None] = mapped_column(Text)  # why it failed
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str | None] = mapped_column(String(64))
    lease_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(None, "newsletter", "id"),
        # The few that a worker looks for.
        Index(
            "ix_job_workable",
            "id",
            sqlite_where=text("state IN ('counting', 'waiting')"),
            postgresql_where=text("state IN ('counting', 'waiting')"),
        ),
    )

    @property
    def is_over(self) -> bool:
        """Whether nothing more is going to happen."""
        return self.state in OVER

    @property
    def fraction(self) -> float:
        """How much of it is done, from 0 to 1."""
        if self.state is JobState.DONE:
            return 1.0
        if self.kind is JobKind.IMPORT:
            return float(self.tally.get("fraction", 0.0))
        if self.state is JobState.COUNTING:
            return self.walked_to / self.upto if self.upto else 0.0
        return min(1.0, self.done / self.total) if self.total else 0.0

    def moves(self, step: Step, *, now: datetime) -> None:
        """Let ``step`` happen, or raise ``JobHasMovedOn``."""
        self.state = next_state(self.state, step)
        if self.is_over:
            self.ended_at = now
        if self.state not in WORKABLE:
            self.owner = self.lease_ends_at = None

    def add(self, counts: Mapping[str, int]) -> None:
        """Add to what was counted."""
        self.tally = {**self.tally, **(Counter(_numbers(self.tally)) + Counter(counts))}

    def as_json(self) -> dict[str, Any]:
        """Return it for the API."""
        return {
            "id": self.id,
            "newsletter": self.newsletter,
            "kind": self.kind.value,
            "state": self.state.value,
            "segment": self.asked.get("segment"),
            "file": self.asked.get("file"),
            "because": self.because,
            "by": self.by_whom,
            "total": self.total,
            "done": self.done,
            "fraction": round(self.fraction, 4),
            "tally": self.tally,
            "problem": self.problem,
            "created_at": self.created_at.isoformat(timespec="seconds"),
            "ended_at": self.ended_at.isoformat(timespec="seconds") if self.ended_at else None,
        }


def _numbers(tally: Mapping[str, Any]) -> dict[str, int]:
    return {name: count for name, count in tally.items() if isinstance(count, int)}


# ---- by people ----


def write_down(
    session: Session,
    newsletter: str,
    kind: JobKind,
    *,
    asked: Mapping[str, Any],
    because: str,
    by_whom: str,
    upto: int = 0,
    state: JobState = JobState.COUNTING,
    now: datetime,
) -> Job:
    """Write a job down, to be counted first."""
    job = Job(
        newsletter=newsletter,
        kind=kind,
        state=state,
        asked=dict(asked),
        because=because.strip()[:LONGEST_REASON],
        by_whom=by_whom[:200],
        upto=upto,
        walked_to=0,
        done=0,
        tally={},
        created_at=now,
    )
    session.add(job)
    session.flush()
    return job


def find(session: Session, newsletter: str, id_: int, *, lock: bool = False) -> Job | None:
    """Return a job of a list, locked against other writers when ``lock``."""
    query = select(Job).where(Job.newsletter == newsletter, Job.id == id_)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def latest(session: Session, newsletter: str, *, before: int | None = None, most: int = 30) -> Sequence[Job]:
    """Return the newest jobs of a list."""
    query = select(Job).where(Job.newsletter == newsletter).order_by(Job.id.desc()).limit(most)
    return session.scalars(query if before is None else query.where(Job.id < before)).all()


def approve(job: Job, *, number: int, now: datetime) -> None:
    """Let a job begin, by somebody who typed how many people it is about.

    Raises ``JobHasMovedOn`` when the number is not that of the job.
    """
    if number != job.total:
        raise JobHasMovedOn(f"the job is about {job.total} people, and not about {number}")
    job.moves(Step.APPROVED, now=now)
    job.walked_to = 0


def stop(job: Job, *, now: datetime) -> None:
    """End a job; what it has done stays done. Raises ``JobHasMovedOn`` when it is over."""
    job.moves(Step.STOPPED, now=now)


def forget(session: Session, *, now: datetime) -> bool:
    """Remove up to a hundred jobs that ended long ago; say whether there may be more."""
    old = session.scalars(
        select(Job).where(Job.ended_at.is_not(None), Job.ended_at < now - KEPT_FOR).limit(100)
    ).all()
    for job in old:
        session.delete(job)
    return len(old) == 100


# ---- by a worker ----


def waiting_imports(session: Session) -> Sequence[Job]:
    """Return the imports that are not over: their files are needed."""
    return session.scalars(select(Job).where(Job.kind == JobKind.IMPORT, Job.state.not_in(OVER))).all()


def take(session: Session, *, owner: str, now: datetime, but: Sequence[int] = ()) -> Job | None:
    """Lease the oldest job that nobody works at, but none of ``but``; None when there is none."""
    job = session.scalars(
        select(Job)
        .where(
            Job.state.in_(WORKABLE),
            or_(Job.lease_ends_at.is_(None), Job.lease_ends_at <= now, Job.owner == owner),
            Job.id.not_in(but),
        )
        .order_by(Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if job is not None:
        job.owner, job.lease_ends_at = owner, now + LEASE
        job.begun_at = job.begun_at or now
    return job


def held(session: Session, id_: int, *, owner: str, now: datetime) -> Job:
    """Return a job that was taken, locked, with its lease renewed.

    Raises ``JobHasMovedOn`` when it was stopped, or is another's by now.
    """
    job = session.get_one(Job, id_, with_for_update=True, populate_existing=True)
    if job.owner != owner or job.state not in WORKABLE:
        raise JobHasMovedOn(f"job {id_} is {job.state} and no longer ours")
    job.lease_ends_at = now + LEASE
    return job


def release(session: Session, id_: int, *, owner: str) -> None:
    """Give a job back before it is done: the worker is to end, and another need not wait for the lease."""
    job = session.get_one(Job, id_, with_for_update=True, populate_existing=True)
    if job.owner == owner:
        job.owner = job.lease_ends_at = None
