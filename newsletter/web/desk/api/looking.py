"""The desk for programs: how things stand, and what a text would be."""

from __future__ import annotations

from typing import Literal

from fastapi import Request
from fastapi.responses import JSONResponse

from newsletter.desk.home import home_of
from newsletter.desk.listing import PER_PAGE, Place, page_of
from newsletter.editions.states import Kind
from newsletter.people.rights import Right
from newsletter.web.desk.api.answers import answer, clean, looked_at, revision_of, row_of
from newsletter.web.desk.api.bodies import Answer, Text
from newsletter.web.desk.edition import text_to_look_at
from newsletter.web.desk.sent_text import LARGEST_FORM
from newsletter.web.desk.table import Table
from newsletter.web.desk.view import View
from newsletter.web.staff import Someone, StaffRoute

BASE = "/api/staff/{newsletter}"
ONE = f"{BASE}/editions/{{key}}"


class Looking:
    """Calls that change nothing."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.door = table.door
        self.staff = table.staff

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        reads = {BASE: self.home, f"{BASE}/editions": self.editions, ONE: self.edition}
        return [
            *(
                StaffRoute(method="GET", path=path, right=Right.VIEW, handler=handler, answer=Answer)
                for path, handler in reads.items()
            ),
            StaffRoute(
                method="POST",
                path=f"{ONE}/preview",
                right=Right.VIEW,
                handler=self.preview,
                answer=Answer,
                largest_body=LARGEST_FORM,
            ),
        ]

    def home(self, request: Request, someone: Someone, newsletter: str) -> JSONResponse:
        """Return how a newsletter stands: the next edition, the last one, and its health."""
        door = self.door
        timetable = door.app.morning(newsletter).timetable
        with door.reading() as session:
            home = home_of(
                session,
                newsletter,
                door.settings.newsletters[newsletter],
                timetable=timetable,
                refusal=door.app.refusal(),
                now=door.now(),
            )
        following, last = home.next, home.last
        return answer(
            now=home.now,
            next={
                "day": following.day,
                "send_at": following.send_at,
                "latest": following.latest,
                "state": following.state,
                "title": following.edition.title if following.edition else None,
                "holds": list(following.holds),
                "warnings": following.warnings,
                "audience_of_the_last": following.audience,
            },
            last={
                **row_of(last.edition),
                "owed": last.going.owed,
                "accepted": last.going.accepted,
                "refused": last.going.refused,
                "on_its_way": last.going.open,
                "in_doubt": last.going.in_doubt,
                "per_second": last.going.per_second,
                "opens": last.opens,
                "clicks": [
                    {"story": one.number, "title": one.title, "readers": one.readers} for one in last.clicks
                ],
            }
            if last
            else None,
            health={
                "worker_at": home.health.worker_at,
                "refusal": home.health.refusal,
                "queue_age_seconds": home.health.queue_age.total_seconds() if home.health.queue_age else None,
                "reports_waiting": home.health.reports_waiting,
                "last_report_on": home.health.last_report_on,
                "faults": list(home.health.faults),
            },
        )

    def editions(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        kind: Literal["", "daily", "weekly", "correction"] = "",
        state: Literal["", "waiting", "going", "done", "stopped"] = "",
        before: str = "",
    ) -> JSONResponse:
        """Return editions, newest first; `older` is what to ask `before` with for the next page."""
        with self.door.reading() as session:
            rows = page_of(
                session,
                newsletter,
                kind=Kind(kind) if kind else None,
                group=state,
                before=Place.parse(before),
            )
        shown = rows[:PER_PAGE]
        older = str(Place.of(shown[-1])) if len(rows) > PER_PAGE else None
        return answer(editions=[row_of(row) for row in shown], older=older)

    def edition(self, request: Request, someone: Someone, newsletter: str, key: str) -> JSONResponse:
        """Return an edition: its text, who revised it, and what the gate says."""
        opened = self.table.open(someone, newsletter, key)
        text = text_to_look_at(opened, typed=False)
        persona = self.table.persona(someone, opened.newsletter, View())
        shown = self.table.look(opened, text, persona)
        return answer(
            **(row_of(opened.edition) if opened.edition else {"key": str(opened.key), "state": None}),
            **looked_at(shown),
            text=text,
            whole_text=opened.text.text,
            after=opened.text.number,
            digest_hash=opened.desk.texts.hash_of(opened.text) if opened.text.is_editable else None,
            is_contested=opened.text.is_contested,
            is_editable=opened.text.is_editable,
            left_out=sorted(opened.text.left_out),
            revisions=[revision_of(one) for one in opened.text.history],
        )

    def preview(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Text
    ) -> JSONResponse:
        """Return what a text would be; nothing is written."""
        opened = self.table.open(someone, newsletter, key)
        persona = self.table.persona(someone, opened.newsletter, View())
        return answer(**looked_at(self.table.look(opened, clean(sent.text), persona), whole=True))
