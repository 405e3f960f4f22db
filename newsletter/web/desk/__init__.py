"""The editors' pages: a newsletter's home, its editions, and the desk on which one lies."""

from __future__ import annotations

from newsletter.web.desk.afterwards import Afterwards
from newsletter.web.desk.api import Api
from newsletter.web.desk.comparing import Comparing
from newsletter.web.desk.deciding import Deciding
from newsletter.web.desk.edition import EditionPage
from newsletter.web.desk.frame import Frame
from newsletter.web.desk.home import Home
from newsletter.web.desk.listing import Listing
from newsletter.web.desk.table import Table
from newsletter.web.desk.trial import Trial
from newsletter.web.desk.writing import Writing
from newsletter.web.staff import Staff, StaffRoute


def routes(staff: Staff) -> list[StaffRoute]:
    """Return where these pages are."""
    table = Table(staff)
    errands = (Home, Listing, EditionPage, Frame, Writing, Comparing, Trial, Deciding, Afterwards, Api)
    return [route for errand in errands for route in errand(table).routes()]
