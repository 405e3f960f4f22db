"""The audit log: what was done, newest first. Whoever manages people on a newsletter sees its entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from fastapi import Request, Response

from newsletter.people import audit, people
from newsletter.people.rights import ALL, Right
from newsletter.people.tables import AuditEntry, Person
from newsletter.web.people import facts
from newsletter.web.staff import Someone, Staff, StaffRoute

PAGE = "/staff/audit"
AT_ONCE = 50


class Audit:
    """The page of the log."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        return [
            StaffRoute(
                method="GET",
                path=PAGE,
                right=Right.MANAGE_PEOPLE,
                anywhere=True,
                handler=self.page,
                nav="staff.nav.audit",
                nav_at=60,
            )
        ]

    def page(self, request: Request, someone: Someone) -> Response:
        """Show what was done: all, on one newsletter, or by one person."""
        asked = request.query_params
        on, by, before = asked.get("on"), number_of(asked.get("by")), number_of(asked.get("before"))
        with self.door.reading() as session:
            entries = audit.latest(
                session,
                newsletters=visible(someone, on),
                person_id=by,
                before_id=before,
                limit=AT_ONCE + 1,
            )
            everybody = people.every(session)
        older = ""
        if len(entries) > AT_ONCE:
            more = {"on": on, "by": by, "before": entries[AT_ONCE - 1].id}
            older = f"{self.staff.root}/audit?" + urlencode({k: v for k, v in more.items() if v is not None})
        words, names = self.staff.words(request, someone), {each.id: each.name for each in everybody}
        return self.staff.show(
            request,
            "audit",
            someone,
            entries=entries[:AT_ONCE],
            older=older,
            newest=f"{self.staff.root}/audit" if before else "",
            on=on,
            by=by,
            everybody=everybody,
            about=_named(everybody),
            said={each.id: facts.said(each, words, names) for each in entries},
            via={each.id: facts.via(each, words) for each in entries},
            named={slug: paper.name for slug, paper in self.door.settings.newsletters.items()},
            sees_all=someone.may(Right.MANAGE_PEOPLE, ALL),
            where=someone.where(Right.MANAGE_PEOPLE),
        )


def _named(everybody: Sequence[Person]) -> Callable[[AuditEntry], str]:
    """Return what says what an entry is about, people by their names."""
    names = {people.name_of(person): person.name for person in everybody}
    return lambda entry: names.get(entry.about, entry.about)


def visible(someone: Someone, on: str | None) -> list[str] | None:
    """Return of which newsletters somebody sees entries, when they ask for one; None: all there are."""
    sees_all, where = someone.may(Right.MANAGE_PEOPLE, ALL), someone.where(Right.MANAGE_PEOPLE)
    if on:
        return [on] if sees_all or on in where else []
    return None if sees_all else where


def number_of(typed: str | None) -> int | None:
    """Return the number that somebody named; None for anything else."""
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) <= 18 else None
