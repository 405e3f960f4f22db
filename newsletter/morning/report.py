"""How a morning went, or stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter.delivery import books, received
from newsletter.delivery.books import Books
from newsletter.delivery.states import State as DeliveryState
from newsletter.editions import edition as editions
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Kind, State
from newsletter.errors import ExitCode
from newsletter.morning.beginning import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a morning went."""

    newsletter: str
    day: date
    state: State
    subject: str | None = None
    digest: str | None = None  # its place in the source
    findings: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # about files that were not chosen, or not read
    books: Books | None = None
    next_due: datetime | None = None  # when there is more to hand over
    stopped_because: str | None = None  # paused or cancelled: by whom, and why
    sent_now: int = 0
    unreadable: bool = False
    kind: Kind = Kind.DAILY
    serial: int = 1
    revisions: Mapping[int, int] = field(default_factory=dict)  # copies accepted of each, if it was revised
    beside: Sequence[tuple[str, str]] = ()  # (kind and day, state) of others of its day, and its corrections

    @property
    def name(self) -> str:
        """How we name the edition to a person."""
        tail = "" if self.kind is Kind.DAILY else f" {self.kind}-{self.serial}"
        return f"{self.newsletter} {self.day}{tail}"

    @property
    def exit_code(self) -> ExitCode:
        """The code the command ends with."""
        if self.unreadable:
            return ExitCode.UNREADABLE
        if self.state not in SENT:
            return ExitCode.HELD
        if self.books and (self.books.open or self.books[DeliveryState.IN_DOUBT] or not self.books.balanced):
            return ExitCode.FAILED
        return ExitCode.DONE


def report_of(session: Session, edition: Edition, *, sent_now: int = 0, look: Look | None = None) -> Report:
    """Return how an edition stands at the moment that ``session`` sees, and what a ``look`` found."""
    owed = edition.state in SENT
    return Report(
        newsletter=edition.newsletter,
        day=edition.day,
        state=edition.state,
        subject=edition.subject,
        digest=edition.digest_key,
        findings=edition.findings,
        books=books.of_edition(session, edition) if owed else None,
        next_due=books.next_due(session, edition) if edition.state is State.SENDING else None,
        stopped_because=edition.stopped_because,
        sent_now=sent_now,
        kind=edition.kind,
        serial=edition.serial,
        revisions=received.revisions(session, edition.id) if owed and edition.revision > 1 else {},
        beside=[
            (f"{one.day} {one.kind}-{one.serial}", one.state) for one in editions.beside(session, edition)
        ]
        if edition.id is not None
        else (),
        problems=look.problems if look else [],
        unreadable=bool(look and look.chosen is None and look.found.errors),
    )
