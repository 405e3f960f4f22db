"""The desk for programs: what the pages show and do, as JSON. The rights are the same."""

from __future__ import annotations

from newsletter.web.desk.api.deciding import Deciding
from newsletter.web.desk.api.looking import Looking
from newsletter.web.desk.api.writing import Writing
from newsletter.web.desk.table import Table
from newsletter.web.staff import StaffRoute


class Api:
    """The desk's calls."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def routes(self) -> list[StaffRoute]:
        """Return where the calls are."""
        return [route for part in (Looking, Writing, Deciding) for route in part(self.table).routes()]
