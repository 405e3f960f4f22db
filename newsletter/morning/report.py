"""How a morning went, or stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter.delivery import books
from newsletter.delivery.books import Books
from newsletter.delivery.states import State as DeliveryState
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import State
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
        problems=look.problems if look else [],
        unreadable=bool(look and look.chosen is None and look.found.errors),
    )
