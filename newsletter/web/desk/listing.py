"""The editions of a newsletter, newest first: by day, kind and state, paged by the place of the last one."""

from __future__ import annotations

from datetime import date

from fastapi import Request, Response

from newsletter.desk.listing import GROUPS, PER_PAGE, Place, page_of
from newsletter.editions.archive import Key
from newsletter.editions.states import Kind
from newsletter.people.rights import Right
from newsletter.web.desk.table import Table
from newsletter.web.desk.wording import kind_of_state
from newsletter.web.staff import Someone, StaffRoute


class Listing:
    """The list."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        return [
            StaffRoute(
                method="GET",
                path="/staff/{newsletter}/editions",
                right=Right.VIEW,
                handler=self.page,
                nav="desk.nav.editions",
                nav_at=20,
            )
        ]

    def page(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Show a page of the list."""
        asked = request.query_params
        kind = Kind(asked["kind"]) if asked.get("kind") in tuple(Kind) else None
        group = asked.get("state", "") if asked.get("state") in GROUPS else ""
        before = Place.parse(asked.get("before", ""))
        with self.table.door.reading() as session:
            rows = page_of(session, newsletter, kind=kind, group=group, before=before)
        shown, words = rows[:PER_PAGE], self.table.staff.words(request, someone)
        older = Place.of(shown[-1]) if len(rows) > PER_PAGE else None

        def day_words(day: date) -> str:
            return f"{words.long_date(day)} {words.weekday(day)}"

        return self.table.staff.show(
            request,
            "desk/editions",
            someone,
            slug=newsletter,
            editions=shown,
            key_of=lambda row: str(Key(row.day, row.kind, row.serial)),
            kind=kind,
            kinds=tuple(Kind),
            group=group,
            groups=tuple(GROUPS),
            older=older,
            is_first=before is None,
            kind_of_state=kind_of_state,
            day_words=day_words,
        )
