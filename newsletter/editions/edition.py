"""An edition: what goes out once, frozen. One row per (newsletter, day, kind, serial)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Date,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    and_,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.editions.states import Happening, Kind, State, next_state
from subscribers import Base, BigId, Choice, UtcDateTime

# Frozen: everybody it is owed to has a row, and there is nothing more to decide about its content.
SENT = (State.SENDING, State.PAUSED, State.FINISHED, State.CANCELLED)
OPEN = (State.SENDING, State.PAUSED)
Decided = tuple[bool, str | None, datetime | None]  # skipped, held because, begins at
UNDECIDED: Decided = (False, None, None)


class Edition(Base):
    """One day's issue, or the row that says why there was none."""

    __tablename__ = "edition"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)  # the local date it goes out
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    serial: Mapped[int] = mapped_column(default=1)
    state: Mapped[State] = mapped_column(Choice(State))
    title: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    digest_key: Mapped[str | None] = mapped_column(Text)  # where the digest lies in its source
    digest_hash: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of its bytes, hex
    digest_day: Mapped[date | None] = mapped_column(Date)  # the day the digest gives itself
    used_hash: Mapped[str | None] = mapped_column(String(64))  # digest_hash, from the freeze on
    digest_source: Mapped[str | None] = mapped_column(Text)  # the Markdown as it was read
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    considered: Mapped[int | None]
    excluded: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # counts by reason
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    examined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the gate last looked
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deliver_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # what is left then expires
    # Skipped, paused or cancelled: by whom, and why.
    stopped_because: Mapped[str | None] = mapped_column(Text)
    # Skipped, and its stories go out with the next edition; then with which.
    is_carried: Mapped[bool] = mapped_column(default=False, server_default=false())
    carried_into_id: Mapped[int | None] = mapped_column(BigId)
    held_because: Mapped[str | None] = mapped_column(Text)  # somebody holds it until it is approved: who, why
    begin_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a person's choice, instead of its hour
    revision: Mapped[int] = mapped_column(default=1, server_default="1")  # what is handed over from now on
    # A correction: of which edition, and of which revision of it (None: of all). No foreign key: SQLite
    # adds none to a table that is there.
    corrects_id: Mapped[int | None] = mapped_column(BigId)
    corrects_revision: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("newsletter", "day", "kind", "serial"),
        # The same digest never goes out twice, whoever wakes whom.
        UniqueConstraint("newsletter", "kind", "used_hash"),
    )

    @property
    def label(self) -> str:
        """Our short ASCII name for it, as in folders and provider categories."""
        tail = "" if (self.kind, self.serial) == (Kind.DAILY, 1) else f"-{self.kind}-{self.serial}"
        return f"{self.newsletter}-{self.day.isoformat()}{tail}"

    @property
    def decided(self) -> Decided:
        """What people decided about whether and when it begins, to tell whether that has changed."""
        return self.state is State.SKIPPED, self.held_because, self.begin_at

    def becomes(self, happening: Happening) -> None:
        """Move to the state that follows ``happening``, or raise."""
        self.state = next_state(self.state, happening)


class StoredMailing(Base):
    """A mailing as it goes out, byte for byte. A revision brings new ones; the old ones stay."""

    __tablename__ = "mailing"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    edition_id: Mapped[int] = mapped_column(BigId, ForeignKey("edition.id"))
    language: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    fingerprint: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("edition_id", "language", "revision"),)


class Superseded(Base):
    """What a revision put out of use: it went out to some, so it is kept."""

    __tablename__ = "superseded"

    edition_id: Mapped[int] = mapped_column(BigId, ForeignKey("edition.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    digest_hash: Mapped[str | None] = mapped_column(String(64))
    digest_source: Mapped[str | None] = mapped_column(Text)
    because: Mapped[str] = mapped_column(Text)  # why it was superseded, and by whom
    superseded_at: Mapped[datetime] = mapped_column(UtcDateTime)


def new(newsletter: str, day: date, kind: Kind = Kind.DAILY, serial: int = 1, *, now: datetime) -> Edition:
    """Return an edition that has no row yet."""
    return Edition(
        newsletter=newsletter,
        day=day,
        kind=kind,
        serial=serial,
        state=State.MISSING,
        findings=[],
        excluded={},
        created_at=now,
    )


def find(
    session: Session,
    newsletter: str,
    day: date,
    kind: Kind = Kind.DAILY,
    serial: int = 1,
    *,
    lock: bool = False,
) -> Edition | None:
    """Return the edition, locked against other writers when ``lock``."""
    query = select(Edition).where(
        Edition.newsletter == newsletter, Edition.day == day, Edition.kind == kind, Edition.serial == serial
    )
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def latest(session: Session, newsletter: str, kind: Kind = Kind.DAILY) -> Edition | None:
    """Return the newest edition of a kind by day."""
    return session.scalars(
        select(Edition)
        .where(Edition.newsletter == newsletter, Edition.kind == kind)
        .order_by(Edition.day.desc(), Edition.serial.desc(), Edition.id.desc())
    ).first()


def beside(session: Session, edition: Edition) -> Sequence[Edition]:
    """Return the other editions a person may look for beside one: of its day, and what corrects it."""
    return session.scalars(
        select(Edition)
        .where(
            Edition.newsletter == edition.newsletter,
            Edition.id != edition.id,
            or_(Edition.day == edition.day, Edition.corrects_id == edition.id),
        )
        .order_by(Edition.day, Edition.id)
    ).all()


def is_used(session: Session, newsletter: str, *, key: str, title: str, day: date, digest_hash: str) -> bool:
    """Say whether this digest has already gone out: the same bytes, or the same place or title and day.

    The second is for a typo mended after sending, the file renamed or not: the bytes are new, the
    digest is not.
    """
    query = select(Edition.id).where(
        Edition.newsletter == newsletter,
        Edition.used_hash.is_not(None),
        or_(
            Edition.used_hash == digest_hash,
            and_(Edition.digest_day == day, or_(Edition.digest_key == key, Edition.title == title)),
        ),
    )
    return session.scalars(query).first() is not None


def moved(session: Session, newsletter: str, since: date) -> dict[date, datetime]:
    """Return when the days from ``since`` on begin for which a person chose another hour."""
    rows = session.execute(
        select(Edition.day, Edition.begin_at).where(
            Edition.newsletter == newsletter,
            Edition.kind == Kind.DAILY,
            Edition.day >= since,
            Edition.begin_at.is_not(None),
        )
    )
    return {day: at for day, at in rows if at is not None}


def earliest_day(session: Session, newsletter: str) -> date | None:
    """Return the first day of which a daily edition is known, or that there was none."""
    return session.scalar(
        select(func.min(Edition.day)).where(Edition.newsletter == newsletter, Edition.kind == Kind.DAILY)
    )


def days_since(session: Session, newsletter: str, since: date) -> set[date]:
    """Return the days from ``since`` on that have a row."""
    return set(
        session.scalars(
            select(Edition.day).where(
                Edition.newsletter == newsletter, Edition.kind == Kind.DAILY, Edition.day >= since
            )
        )
    )


def begun_since(session: Session, newsletter: str, since: datetime) -> Sequence[Edition]:
    """Return the editions of other kinds than daily that began since then."""
    return session.scalars(
        select(Edition)
        .where(
            Edition.newsletter == newsletter,
            Edition.kind != Kind.DAILY,
            Edition.frozen_at >= since,
            Edition.state.in_(SENT),
        )
        .order_by(Edition.id)
    ).all()


def open_editions(session: Session, newsletter: str) -> Sequence[Edition]:
    """Return the editions that still have copies to hand over, oldest first."""
    return session.scalars(
        select(Edition)
        .where(Edition.newsletter == newsletter, Edition.state == State.SENDING)
        .order_by(Edition.day, Edition.id)
    ).all()
