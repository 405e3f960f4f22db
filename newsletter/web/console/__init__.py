"""The console: who is on a list, what became of whom, and what an admin may do about it."""

from __future__ import annotations

from newsletter.web.console.api import Reading, Writing
from newsletter.web.console.deliveries import Deliveries
from newsletter.web.console.imports import Imports
from newsletter.web.console.jobs import Jobs
from newsletter.web.console.lists import Lists
from newsletter.web.console.person import People
from newsletter.web.console.readers import Readers
from newsletter.web.console.segments import Segments
from newsletter.web.console.suppressions import Suppressions
from newsletter.web.staff import Staff, StaffRoute


def routes(staff: Staff) -> list[StaffRoute]:
    """Return where these pages and calls are."""
    errands = (Lists, Readers, People, Jobs, Segments, Imports, Suppressions, Deliveries, Reading, Writing)
    return [route for errand in errands for route in errand(staff).routes()]
