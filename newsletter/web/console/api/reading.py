"""The console for programs, where nothing is changed: the same rights and stories as the pages, as JSON."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse

from newsletter.reports import jobs
from newsletter.reports.copies import sent, standing
from newsletter.reports.lists import side_by_side
from newsletter.reports.timeline import timeline
from newsletter.web.console.deliveries import Deliveries
from newsletter.web.console.filters import filters_of
from newsletter.web.console.person import People, came_back, entry_as_json
from newsletter.web.console.readers import Readers
from newsletter.web.console.room import READERS, VIEW, Room, on_list
from newsletter.web.console.suppressions import PAGE_SIZE, Suppressions, of_list
from newsletter.web.staff import Id, Someone, Staff, StaffRoute, refused
from subscribers import (
    InvalidAddress,
    Person,
    count,
    normalise,
    saved_segments,
    search,
    suppression_of,
)

MOST = 200  # people in one answer


class Reading(Room):
    """The calls that only look."""

    def __init__(self, staff: Staff) -> None:
        super().__init__(staff)
        self._readers, self._people = Readers(staff), People(staff)
        self._suppressions, self._deliveries = Suppressions(staff), Deliveries(staff)

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        here, lists = "/api/staff/{newsletter}", "/api/staff/lists"
        calls = [
            (lists, VIEW, self.lists),
            (f"{here}/readers", READERS, self.readers),
            (f"{here}/readers.csv", READERS, self.export),
            (f"{here}/readers/{{subscriber_id}}", READERS, self.reader),
            (f"{here}/readers/{{subscriber_id}}/data", READERS, self._people.data),
            (f"{here}/segments", READERS, self.segments),
            (f"{here}/jobs", READERS, self.jobs),
            (f"{here}/jobs/{{job_id}}", READERS, self.job),
            (f"{here}/suppressions", READERS, self.suppressions),
            (f"{here}/deliveries", READERS, self.editions),
            (f"{here}/deliveries/{{edition_id}}", READERS, self.copies),
        ]
        return [
            StaffRoute(method="GET", path=path, right=right, handler=handler, anywhere=path == lists)
            for path, right, handler in calls
        ]

    def lists(self, request: Request, someone: Someone) -> Response:
        """Return the lists that one may see: who is on them, how they grow, and what went out last."""
        seen = [(slug, self.zone(slug)) for slug in someone.where(VIEW)]
        with self.door.reading() as session:
            found = side_by_side(session, seen, now=self.door.now())
        return JSONResponse({"lists": [each.as_json() for each in found]})

    def readers(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        segment: str = "",
        after: str = "",
        limit: int = 50,
    ) -> Response:
        """Return a page of the people whom a segment means; ``next`` goes on, empty at the end."""
        filters = filters_of({"segment": segment, "after": after})
        if filters.problem:
            return refused(422, str(filters.problem))
        sought = self.sought(filters, newsletter)
        with self.door.reading() as session:
            page = search(session, sought, limit=max(1, min(limit, MOST)))
            counted = count(session, sought)
        return JSONResponse(
            {
                "readers": [_person(person) for person in page.people],
                "next": page.next,
                "is_bounded": page.is_bounded,
                "people": counted.people,
                "people_is_exact": counted.is_exact,
            }
        )

    def reader(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        subscriber_id: Id,
        before: int | None = None,
    ) -> Response:
        """Return a person and a page of their timeline; ``next`` is the ``before`` of the next page."""
        with self.door.reading() as session:
            person, listed = on_list(session, newsletter, subscriber_id)
            never = suppression_of(session, person)
            told = timeline(session, newsletter, subscriber_id, before=_row(before))
            back = came_back(session, told, subscriber_id)
        return JSONResponse(
            {
                "id": person.id,
                "address": person.address,
                "language": person.language,
                "attributes": person.attributes,
                "status": listed.status.value,
                "cadence": listed.cadence.value,
                "tags": list(listed.tags or []),
                "paused_until": listed.paused_until.isoformat() if listed.paused_until else None,
                "suppressed": never.reason.value if never else None,
                "timeline": [entry_as_json(entry, back) for entry in told.entries],
                "next": told.next,
            }
        )

    def segments(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Return the saved segments of a list."""
        with self.door.reading() as session:
            saved = saved_segments(session, newsletter)
        return JSONResponse(
            {"segments": [{"id": one.id, "name": one.name, "segment": one.text} for one in saved]}
        )

    def jobs(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Return the newest jobs of a list."""
        with self.door.reading() as session:
            found = jobs.latest(session, newsletter)
        return JSONResponse({"jobs": [job.as_json() for job in found]})

    def job(self, request: Request, someone: Someone, newsletter: str, job_id: Id) -> Response:
        """Return a job and how far it is."""
        with self.door.reading() as session:
            job = jobs.find(session, newsletter, job_id)
        if job is None:
            raise HTTPException(404)
        return JSONResponse(job.as_json())

    def suppressions(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        address: str = "",
        before: int | None = None,
    ) -> Response:
        """Say whether an exact address is never mailed, and why; without one, list who of the list is not."""
        if not address:
            return self._suppressed(newsletter, before)
        try:
            normal = normalise(address)
        except InvalidAddress:
            return refused(422, "address: is not a complete address")
        with self.door.reading() as session:
            asked = self._suppressions.look_up(session, newsletter, normal)
        reasons = [
            {"what": what, "reason": known.reason.value, "since": known.created_at.isoformat()}
            for what, known in (("address", asked.by_address), ("domain", asked.by_domain))
            if known
        ]
        return JSONResponse({"never_mailed": reasons, "reader": asked.subscriber_id})

    def _suppressed(self, newsletter: str, before: int | None) -> Response:
        with self.door.reading() as session:
            rows = of_list(session, newsletter, _row(before))
        shown = rows[:PAGE_SIZE]
        return JSONResponse(
            {
                "suppressed": [
                    {
                        "reader": id_,
                        "address": address,
                        "reason": known.reason.value,
                        "note": known.note,
                        "since": known.created_at.isoformat(),
                    }
                    for known, id_, address in shown
                ],
                "next": shown[-1][0].id if len(rows) > PAGE_SIZE else None,
            }
        )

    def editions(
        self, request: Request, someone: Someone, newsletter: str, before: int | None = None
    ) -> Response:
        """Return the editions that have gone out, newest first; ``next`` is the next page's ``before``."""
        known = _row(before)
        with self.door.reading() as session:
            bound = self._deliveries.edition(session, newsletter, known) if known else None
            found = sent(session, newsletter, before=bound, most=31)
            stands = standing(session, found[:30])
        return JSONResponse(
            {
                "editions": [
                    {
                        "id": edition.id,
                        "label": edition.label,
                        "state": edition.state.value,
                        "subject": edition.subject,
                        "owed": stands[edition.id].owed if edition.id in stands else 0,
                        "accepted": stands[edition.id].accepted if edition.id in stands else 0,
                        "refused": stands[edition.id].refused if edition.id in stands else 0,
                    }
                    for edition in found[:30]
                ],
                "next": found[29].id if len(found) > 30 else None,
            }
        )

    def copies(self, request: Request, someone: Someone, newsletter: str, edition_id: Id) -> Response:
        """Return a page of an edition's copies, by ``state`` or ``meaning``; ``next`` is its ``after``."""
        with self.door.reading() as session:
            edition = self._deliveries.edition(session, newsletter, edition_id)
            stands = standing(session, [edition]).get(edition.id)
            found, _, _ = self._deliveries.found(session, request, edition)
        return JSONResponse(
            {
                "edition": edition.label,
                "owed": stands.owed if stands else 0,
                "accepted": stands.accepted if stands else 0,
                "refused": stands.refused if stands else 0,
                "copies": [
                    {
                        "reader": copy.subscriber_id,
                        "address": copy.address,
                        "state": copy.state.value,
                        "reply": copy.reply,
                        "meaning": copy.meaning.value if copy.meaning else None,
                    }
                    for copy in found.copies
                ],
                "next": found.next,
                "is_bounded": found.is_bounded,
            }
        )

    def export(self, request: Request, someone: Someone, newsletter: str, segment: str = "") -> Response:
        """Stream the people whom a segment means as CSV, with the evidence of consent."""
        filters = filters_of({"segment": segment})
        if filters.problem:
            return refused(422, str(filters.problem))
        return self._readers.stream(someone, newsletter, filters)


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "address": person.address,
        "name": person.name,
        "status": person.status.value,
        "cadence": person.cadence.value,
        "language": person.language,
        "tags": list(person.tags),
        "paused_until": person.paused_until.isoformat() if person.paused_until else None,
        "joined_at": person.joined_at.isoformat(),
        "suppressed": person.suppressed.value if person.suppressed else None,
    }


def _row(number: int | None) -> int | None:
    """Return the number of a row, where it can be one."""
    return number if number is not None and 0 < number < 2**53 else None
