"""What the errands of the console share: the installation, a newsletter's local day, and deeds."""

from __future__ import annotations

from datetime import date, tzinfo

from fastapi import HTTPException, Request, Response
from sqlalchemy.orm import Session

from newsletter.people.rights import Right
from newsletter.verbs import Deed
from newsletter.web.console.filters import Filters
from newsletter.web.staff import Someone, Staff
from subscribers import SegmentError, Sought, Subscriber, Subscription, subscriptions

READERS, SEND, VIEW = Right.READERS, Right.SEND, Right.VIEW


class Room:
    """One errand of the console."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door
        self.app = staff.door.app

    def zone(self, newsletter: str) -> tzinfo:
        """Return where a newsletter's days begin."""
        return self.door.newsletter(newsletter).schedule.tz

    def today(self, newsletter: str) -> date:
        """Return a newsletter's local day."""
        return self.door.today(newsletter)

    def sought(self, filters: Filters, newsletter: str) -> Sought:
        """Return the search that was asked for."""
        return filters.sought(newsletter, zone=self.zone(newsletter), today=self.today(newsletter))

    def show(
        self,
        request: Request,
        page: str,
        someone: Someone,
        *,
        slug: str | None = None,
        status: int = 200,
        **values: object,
    ) -> Response:
        """Answer with a page of the console."""
        return self.staff.show(request, page, someone, slug=slug, status=status, number=number, **values)

    def deed(self, someone: Someone, because: str) -> Deed:
        """Return who does something now, and why. Raises ``ValueError`` without a reason."""
        return Deed(by_whom=whom(someone), because=because, now=self.door.now())


def whom(someone: Someone) -> str:
    """Return somebody as it is kept with what they did."""
    return f"{someone.name} ({someone.token})" if someone.token else someone.name


def on_list(session: Session, newsletter: str, subscriber_id: int) -> tuple[Subscriber, Subscription]:
    """Return a person who is or was on a list; 404 for everybody else, whoever they are."""
    person = session.get(Subscriber, subscriber_id)
    listed = session.get(Subscription, (newsletter, subscriber_id))
    if person is None or listed is None:
        raise HTTPException(404)
    return person, listed


def reaches(session: Session, someone: Someone, subscriber_id: int) -> bool:
    """Say whether somebody may see all the lists a person is on: some verbs reach all of them."""
    where = set(someone.where(READERS))
    return all(listed.newsletter in where for listed in subscriptions(session, subscriber_id))


def reaches_all(someone: Someone) -> bool:
    """Say whether somebody may change the readers of every list."""
    return set(someone.where(READERS)) == set(someone.newsletters)


def mistake(error: SegmentError) -> dict[str, object]:
    """Return what is wrong with a segment, as a page says it in its own language."""
    return {
        "key": f"console.segment.problem.{error.problem}",
        "column": error.column,
        "found": error.found,
        "allowed": ", ".join(error.allowed),
    }


def number(value: int) -> str:
    """Return a number as people read it."""
    return f"{value:,}"
