"""The lists side by side."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request, Response
from markupsafe import Markup

from newsletter.language import Catalog
from newsletter.reports.lists import side_by_side
from newsletter.web import charts
from newsletter.web.console.room import VIEW, Room
from newsletter.web.staff import Someone, StaffRoute
from subscribers import Day


class Lists(Room):
    """One page for all the lists that one may see."""

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        return [
            StaffRoute(
                method="GET",
                path="/staff/lists",
                right=VIEW,
                anywhere=True,
                handler=self.page,
                nav="console.nav.lists",
                nav_at=20,
            )
        ]

    def page(self, request: Request, someone: Someone) -> Response:
        """Show who is on which list, how they grow, and what went out last."""
        seen = [(slug, self.zone(slug)) for slug in someone.where(VIEW)]
        with self.door.reading() as session:
            lists = side_by_side(session, seen, now=self.door.now())
        words = self.staff.words(request, someone)
        pictures = {
            each.newsletter: _growth(words, each.census.days)
            for each in lists
            if each.census is not None and (each.census.joined or each.census.left)
        }
        names = {slug: self.door.newsletter(slug).name for slug, _ in seen}
        return self.show(request, "console_lists", someone, lists=lists, names=names, pictures=pictures)


def _growth(words: Catalog, days: Sequence[Day]) -> Markup:
    return charts.line(
        [
            charts.Series(name=words.say("console.lists.joined"), values=[day.joined for day in days]),
            charts.Series(name=words.say("console.lists.left"), values=[day.left for day in days]),
        ],
        [words.short_date(day.day) for day in days],
        title=words.say("console.lists.growth"),
    )
