"""The home page of a newsletter, and the card on it that follows an edition on its way."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request, Response

from newsletter.desk.home import Home as Shown
from newsletter.desk.home import home_of
from newsletter.editions.archive import Key
from newsletter.editions.states import State
from newsletter.feedback.wording import canary
from newsletter.language import Catalog
from newsletter.people.rights import Right
from newsletter.web import charts
from newsletter.web.desk.table import Table
from newsletter.web.desk.wording import ago, in_words, kind_of_state, left
from newsletter.web.staff import Someone, StaffRoute

CHARTED = ("bounced", "blocked", "complained", "unsubscribed")


class Home:
    """Will tomorrow's mail go out, and did today's arrive?"""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.door = table.door

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        return [
            StaffRoute(
                method="GET",
                path="/staff/{newsletter}",
                right=Right.VIEW,
                handler=self.page,
                nav="desk.nav.home",
                nav_at=10,
            )
        ]

    def page(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Show how the newsletter stands; only the part on its way where htmx asks for that.

        ``phase`` is what the page was last told of the edition on its way: a screen reader hears only of
        what has changed.
        """
        door, words = self.door, self.table.staff.words(request, someone)
        morning = door.app.morning(newsletter)
        with door.reading() as session:
            home = home_of(
                session,
                newsletter,
                door.settings.newsletters[newsletter],
                timetable=morning.timetable,
                refusal=door.app.refusal(),
                now=door.now(),
            )
        last = home.last
        phase = (
            f"{Key(last.edition.day, last.edition.kind, last.edition.serial)} {last.edition.state}"
            if last
            else ""
        )
        return self.table.staff.show(
            request,
            "desk/home",
            someone,
            slug=newsletter,
            home=home,
            holds=[in_words(finding, words.tag) for finding in home.next.holds[:3]],
            key_of=lambda row: str(Key(row.day, row.kind, row.serial)),
            next_key=str(home.next.day),
            next_state=kind_of_state(home.next.state),
            next_day=f"{words.long_date(home.next.day)} {words.weekday(home.next.day)}",
            left=left(words, home.next.send_at - home.now),
            is_past=home.next.send_at <= home.now,
            kind_of_state=kind_of_state,
            phase=phase,
            phase_changed=request.query_params.get("phase", phase) != phase,
            reports=_chart(home, words),
            growth=_growth(home, words),
            canary_says=lambda row: canary(row, words),
            State=State,
            ago=lambda at: ago(words, home.now - at),
            span=lambda span: left(words, span),
            short_day=lambda day: f"{words.short_date(day)} {words.weekday(day)}",
        )


def _growth(home: Shown, words: Catalog) -> dict[str, object] | None:
    """Return who joined and left in the last days; None when that is not known, or nobody did."""
    days = home.census.days if home.census else ()
    if not any(day.joined or day.left for day in days):
        return None
    names = [words.say("desk.growth.joined"), words.say("desk.growth.left")]
    labels = [words.short_date(day.day) for day in days]
    values = ([day.joined for day in days], [day.left for day in days])
    series = [charts.Series(name=name, values=each) for name, each in zip(names, values, strict=True)]
    title = words.say("desk.growth.title")
    return {
        "picture": charts.line(series, labels, title=title),
        "headings": [words.say("desk.day"), *names],
        "rows": [[label, *row] for label, row in zip(labels, zip(*values, strict=True), strict=True)],
        "caption": title,
    }


def _chart(home: Shown, words: Catalog) -> dict[str, object] | None:
    """Return the reports of the last days as a chart and its table; None when nothing came."""
    if not home.reports:
        return None
    today = home.now.date()
    days = [today - timedelta(days=back) for back in range(13, -1, -1)]
    names = [words.say(f"desk.report.{what}") for what in CHARTED]
    rows = [[home.reports.get(day, {}).get(what, 0) for what in CHARTED] for day in days]
    series = [
        charts.Series(name=name, values=[row[place] for row in rows]) for place, name in enumerate(names)
    ]
    labels = [words.short_date(day) for day in days]
    title = words.say("desk.home.reports")
    return {
        "picture": charts.line(series, labels, title=title),
        "headings": [words.say("desk.day"), *names],
        "rows": [[label, *row] for label, row in zip(labels, rows, strict=True)],
        "caption": title,
    }
