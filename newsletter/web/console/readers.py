"""The readers of a list: search, chips, pages, verbs on all who match, and the CSV of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from fastapi import Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from newsletter.reports import jobs
from newsletter.reports.states import JobKind, JobState, Step
from newsletter.verbs import VERBS
from newsletter.web.console.filters import CHIPS, Filters, filters_of
from newsletter.web.console.room import READERS, Room, mistake, reaches_all, whom
from newsletter.web.forms import Sent
from newsletter.web.staff import Someone, StaffRoute
from subscribers import (
    Census,
    Counted,
    ExportFilter,
    Page,
    census,
    count,
    export_people,
    highest,
    next_slice,
    saved_segments,
    search,
)

PAGE_SIZE = 50
COUNTED_AT_ONCE = 10_000  # people a bulk verb counts while somebody waits
EVERYWHERE = (JobKind.BLOCK, JobKind.ERASE)  # what is done to a person, whatever list they are on


class Readers(Room):
    """The page to find people by."""

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        here = "/staff/{newsletter}/readers"
        return [
            StaffRoute(
                method="GET",
                path=here,
                right=READERS,
                handler=self.page,
                nav="console.nav.readers",
                nav_at=40,
            ),
            StaffRoute(method="POST", path=f"{here}/bulk", right=READERS, handler=self.bulk),
            StaffRoute(method="GET", path=f"{here}.csv", right=READERS, handler=self.export),
        ]

    def page(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Show the people who match."""
        return self._page(request, someone, newsletter, filters_of(request.query_params))

    def bulk(self, request: Request, someone: Someone, newsletter: str, sent: Sent) -> Response:
        """Write down what is to be done to all who match: they are counted, and then a person says yes."""
        filters = filters_of(sent)
        verb, because = sent.get("verb", ""), sent.get("because", "").strip()
        problem = ""
        if verb not in VERBS:
            problem = "console.bulk.no_verb"
        elif not because:
            problem = "console.no_reason"
        elif verb in EVERYWHERE and not reaches_all(someone):
            problem = "console.bulk.everywhere"
        if problem or filters.problem:
            return self._page(request, someone, newsletter, filters, problem=problem, sent=sent, status=422)
        job_id = self.write_down(someone, newsletter, JobKind(verb), filters.text, because)
        return self.staff.go(f"/staff/{newsletter}/jobs/{job_id}")

    def write_down(self, someone: Someone, newsletter: str, kind: JobKind, segment: str, because: str) -> int:
        """Write a job down; a short list is counted at once."""
        now = self.door.now()
        filters = filters_of({"segment": segment})
        with self.door.writing() as session:
            upto = highest(session, newsletter)
            job = jobs.write_down(
                session,
                newsletter,
                kind,
                asked={"segment": segment},
                because=because,
                by_whom=whom(someone),
                upto=upto,
                now=now,
            )
            first = next_slice(
                session, self.sought(filters, newsletter), walked_to=0, upto=upto, most=COUNTED_AT_ONCE
            )
            if first.is_last:
                job.total = len(first.ids)
                job.moves(Step.COUNTED, now=now)
            self.staff.audit(
                session,
                someone,
                f"console.{kind}_asked",
                newsletter=newsletter,
                about=f"job:{job.id}",
                facts={"segment": segment, "because": because},
                now=now,
            )
            return job.id

    def export(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Stream those who match as CSV, with the evidence of consent."""
        filters = filters_of(request.query_params)
        if filters.problem:
            return RedirectResponse(f"{self.staff.root}/{newsletter}/readers{filters.query()}", 303)
        return self.stream(someone, newsletter, filters)

    def stream(self, someone: Someone, newsletter: str, filters: Filters) -> Response:
        """Answer with the CSV of those who match, and write down that it was taken."""
        now = self.door.now()
        with self.door.writing() as session:
            self.staff.audit(
                session,
                someone,
                "console.exported",
                newsletter=newsletter,
                facts={"segment": filters.text},
                now=now,
            )
        which = ExportFilter(sought=None if filters.is_empty else self.sought(filters, newsletter))
        return StreamingResponse(
            self._lines(newsletter, which),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{newsletter}-{now:%Y-%m-%d}.csv"'},
        )

    def _lines(self, newsletter: str, which: ExportFilter) -> Iterator[bytes]:
        with self.door.reading() as session:
            # The mark by which Excel knows UTF-8.
            yield "\ufeff".encode()
            part = io.StringIO()
            rows = csv.writer(part)
            for number, row in enumerate(export_people(session, newsletter, which), 1):
                rows.writerow(row)
                if number % 200 == 0:
                    yield part.getvalue().encode()
                    part.seek(0)
                    part.truncate()
            yield part.getvalue().encode()

    def _page(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        filters: Filters,
        *,
        problem: str = "",
        sent: Sent | None = None,
        status: int = 200,
    ) -> Response:
        zone, now = self.zone(newsletter), self.door.now()
        with self.door.reading() as session:
            stands = census(session, newsletter, zone=zone, now=now)
            found, counted = Page(), Counted(0, True)
            if filters.problem is None:
                sought = self.sought(filters, newsletter)
                found = search(session, sought, limit=PAGE_SIZE)
                known = filters.counted(stands)
                if known is not None:
                    counted = Counted(known, True)
                elif not filters.after and not found.next:
                    counted = Counted(len(found.people), True)
                elif found.is_bounded:
                    counted = Counted(len(found.people), False)
                else:
                    counted = count(session, sought)
            saved = saved_segments(session, newsletter)
        return self.show(
            request,
            "console_readers",
            someone,
            slug=newsletter,
            status=422 if filters.problem else status,
            filters=filters,
            found=found,
            counted=counted,
            census=stands,
            chips=_chips(filters, stands),
            saved=saved,
            mistake=mistake(filters.problem) if filters.problem else None,
            problem=problem,
            sent=sent or {},
            verbs=[verb for verb in VERBS if verb not in EVERYWHERE or reaches_all(someone)],
            today=self.today(newsletter),
            JobState=JobState,
        )


Chip = tuple[str, str, int | None, bool]  # which filter, its value, how many people, whether it is set


def _chips(filters: Filters, stands: Census | None) -> Sequence[Sequence[Chip]]:
    """Return the chips in groups; one that would find nobody is left out, unless it is set."""
    counts: dict[str, dict[str, int]] = {}
    if stands is not None:
        counts = {
            "status": dict(stands.statuses),
            "cadence": dict(stands.cadences),
            "language": dict(stands.languages),
            "paused": {"yes": stands.paused},
            "suppressed": {"yes": stands.suppressed},
            "tag": dict(list(stands.tags.items())[:8]),
        }
    groups = []
    for name in (*CHIPS, "tag"):
        values = list(counts.get(name, {})) if name == "tag" else list(CHIPS[name])
        chosen = filters.asked.get(name)
        if chosen and chosen not in values:
            values.append(chosen)
        group = [
            (name, value, counts.get(name, {}).get(value, 0) if stands else None, chosen == value)
            for value in values
        ]
        shown = [chip for chip in group if chip[3] or chip[2] != 0]
        if shown:
            groups.append(shown)
    return groups
