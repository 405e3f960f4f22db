"""The editions of a newsletter in pages, newest first. The caller owns the session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, load_only

from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State

PER_PAGE = 30
GROUPS: Mapping[str, tuple[State, ...]] = {
    "waiting": (State.MISSING, State.HELD, State.READY),
    "going": (State.SENDING, State.PAUSED),
    "done": (State.FINISHED,),
    "stopped": (State.SKIPPED, State.CANCELLED),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list: what comes after it is older."""

    day: date
    id: int

    @classmethod
    def of(cls, edition: Edition) -> Place:
        """Return the place of an edition."""
        return cls(edition.day, edition.id)

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """Return the place that is written ``2026-11-23.17``; None when it is none."""
        day, dot, id_ = text.partition(".")
        if not dot or not id_.isascii() or not id_.isdigit() or len(id_) > 18:
            return None
        try:
            return cls(date.fromisoformat(day), int(id_))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.day.isoformat()}.{self.id}"


def page_of(
    session: Session,
    newsletter: str,
    *,
    kind: Kind | None = None,
    group: str = "",
    before: Place | None = None,
) -> Sequence[Edition]:
    """Return a page of editions, and one more when there are older ones. Texts are not loaded."""
    query = select(Edition).where(Edition.newsletter == newsletter)
    if kind is not None:
        query = query.where(Edition.kind == kind)
    if group:
        query = query.where(Edition.state.in_(GROUPS[group]))
    if before is not None:
        query = query.where(
            or_(Edition.day < before.day, and_(Edition.day == before.day, Edition.id < before.id))
        )
    shown = (
        Edition.newsletter,
        Edition.day,
        Edition.kind,
        Edition.serial,
        Edition.state,
        Edition.title,
        Edition.subject,
        Edition.considered,
        Edition.excluded,
        Edition.stopped_because,
        Edition.revision,
    )
    return session.scalars(
        query.options(load_only(*shown)).order_by(Edition.day.desc(), Edition.id.desc()).limit(PER_PAGE + 1)
    ).all()
