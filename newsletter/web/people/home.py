"""The first page after the login: the newsletters one may see."""

from __future__ import annotations

from fastapi import Request, Response

from newsletter.config import LANGUAGES
from newsletter.people.rights import Right
from newsletter.people.tables import Person
from newsletter.web.forms import Sent
from newsletter.web.staff import Someone, Staff, StaffRoute
from newsletter.web.staff.returning import safe


class Home:
    """Where everybody begins, and the language of everything."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff

    def routes(self) -> list[StaffRoute]:
        """Return where this is."""
        return [
            StaffRoute(
                method="GET", path="/staff", right=None, handler=self.page, nav="staff.nav.home", nav_at=1
            ),
            StaffRoute(method="POST", path="/staff/language", right=None, handler=self.language),
        ]

    def page(self, request: Request, someone: Someone) -> Response:
        """Show the newsletters one may see; whoever has a single one goes on to it."""
        papers = someone.where(Right.VIEW)
        if len(papers) == 1:
            return self.staff.go(f"/staff/{papers[0]}")
        return self.staff.show(request, "home", someone)

    def language(self, request: Request, someone: Someone, sent: Sent) -> Response:
        """Keep the language a person reads, and go back to the page they were on."""
        chosen = sent.get("language", "")
        if chosen in LANGUAGES:
            with self.staff.door.writing() as session:
                session.get_one(Person, someone.person_id).language = chosen
        return self.staff.go(safe(sent.get("back", "")) or "/staff")
