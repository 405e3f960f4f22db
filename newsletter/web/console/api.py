"""The console for programs: the same powers, rights and stories as the pages, as JSON."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse

from newsletter.delivery.control import Chosen, NothingToDo
from newsletter.editions.states import EditionTransitionNotAllowed
from newsletter.reports import jobs
from newsletter.reports.copies import standing
from newsletter.reports.lists import side_by_side
from newsletter.reports.states import JobHasMovedOn, JobKind, JobState
from newsletter.reports.timeline import timeline
from newsletter.verbs import VERBS
from newsletter.web.console.bodies import Block, BulkDeed, Deed, NamedSegment, Number, Retry, Settle
from newsletter.web.console.deliveries import Deliveries
from newsletter.web.console.filters import filters_of
from newsletter.web.console.imports import Imports, UploadedByProgram
from newsletter.web.console.person import People, came_back, entry_as_json
from newsletter.web.console.readers import EVERYWHERE, Readers
from newsletter.web.console.room import READERS, SEND, VIEW, Room, on_list, reaches_all, whom
from newsletter.web.console.suppressions import Suppressions
from newsletter.web.staff import Id, Someone, Staff, StaffRoute, refused
from subscribers import (
    CannotSave,
    InvalidAddress,
    Person,
    SegmentError,
    count,
    normalise,
    save_segment,
    saved_segments,
    search,
    suppression_of,
)

MOST = 200  # people in one answer


class Api(Room):
    """The calls."""

    def __init__(self, staff: Staff) -> None:
        super().__init__(staff)
        self._readers, self._people = Readers(staff), People(staff)
        self._suppressions, self._deliveries = Suppressions(staff), Deliveries(staff)
        self._imports = Imports(staff)

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        here = "/api/staff/{newsletter}"
        read = [
            ("/api/staff/lists", VIEW, self.lists),
            (f"{here}/readers", READERS, self.readers),
            (f"{here}/readers.csv", READERS, self.export),
            (f"{here}/readers/{{subscriber_id}}", READERS, self.reader),
            (f"{here}/segments", READERS, self.segments),
            (f"{here}/jobs", READERS, self.jobs),
            (f"{here}/jobs/{{job_id}}", READERS, self.job),
            (f"{here}/suppressions", READERS, self.suppression),
            (f"{here}/deliveries/{{edition_id}}", READERS, self.copies),
        ]
        write = [
            (f"{here}/readers/{{subscriber_id}}", READERS, self.act),
            (f"{here}/jobs", READERS, self.bulk),
            (f"{here}/jobs/{{job_id}}/approve", READERS, self.approve),
            (f"{here}/jobs/{{job_id}}/stop", READERS, self.stop),
            (f"{here}/segments", READERS, self.save_segment),
            (f"{here}/suppressions", READERS, self.block),
            (f"{here}/deliveries/{{edition_id}}/retry", SEND, self.retry),
            (f"{here}/deliveries/{{edition_id}}/settle", SEND, self.settle),
        ]
        return [
            StaffRoute(
                method=method, path=path, right=right, handler=handler, anywhere=path == "/api/staff/lists"
            )
            for method, calls in (("GET", read), ("POST", write))
            for path, right, handler in calls
        ] + [
            StaffRoute(
                method="POST",
                path=f"{here}/import",
                right=READERS,
                handler=self.import_,
                largest_body=self._imports.largest_body,
                status=202,
            )
        ]

    # ---- reading ----

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
            known = before if before is not None and 0 < before < 2**53 else None
            told = timeline(session, newsletter, subscriber_id, before=known)
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

    def suppression(self, request: Request, someone: Someone, newsletter: str, address: str) -> Response:
        """Say whether an exact address is never mailed, and why."""
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

    # ---- writing ----

    def import_(
        self, request: Request, someone: Someone, newsletter: str, uploaded: UploadedByProgram
    ) -> Response:
        """Take a list in as a multipart form: ``file`` and ``origin``. It is tried out, and then approved."""
        kept = self._imports.keep(someone, newsletter, uploaded)
        if isinstance(kept, dict):
            status = 413 if "console.import.too_large" in kept.values() else 422
            return refused(status, ", ".join(sorted(kept)))
        with self.door.reading() as session:
            job = jobs.find(session, newsletter, kept)
        return JSONResponse(job.as_json() if job else {}, 202)

    def act(
        self, request: Request, someone: Someone, newsletter: str, subscriber_id: Id, asked: Deed
    ) -> Response:
        """Do one thing to a person: leave, reconfirm, block, erase or lift."""
        told = self._people.do(someone, newsletter, subscriber_id, asked.verb, asked.because.strip())
        if told.startswith("console.person.problem"):
            return refused(422, told.rpartition(".")[2])
        return JSONResponse({"done": told.rpartition(".")[2]})

    def bulk(self, request: Request, someone: Someone, newsletter: str, asked: BulkDeed) -> Response:
        """Write a job down: it counts whom the segment means, and waits for the number to be approved."""
        filters = filters_of({"segment": asked.segment})
        if filters.problem:
            return refused(422, str(filters.problem))
        if asked.verb not in VERBS or not asked.because.strip():
            return refused(422, f"verb: one of {', '.join(VERBS)}; and because")
        if asked.verb in EVERYWHERE and not reaches_all(someone):
            return refused(403, "what is done to a person is done on every list")
        id_ = self._readers.write_down(someone, newsletter, JobKind(asked.verb), filters.text, asked.because)
        with self.door.reading() as session:
            job = jobs.find(session, newsletter, id_)
        return JSONResponse(job.as_json() if job else {}, 202)

    def approve(
        self, request: Request, someone: Someone, newsletter: str, job_id: Id, asked: Number
    ) -> Response:
        """Let a job begin, by its number of people."""
        return self._move(someone, newsletter, job_id, number=asked.number)

    def stop(self, request: Request, someone: Someone, newsletter: str, job_id: Id) -> Response:
        """End a job; what is done stays done."""
        return self._move(someone, newsletter, job_id)

    def _move(self, someone: Someone, newsletter: str, job_id: int, *, number: int | None = None) -> Response:
        now = self.door.now()
        with self.door.writing() as session:
            job = jobs.find(session, newsletter, job_id, lock=True)
            if job is None:
                raise HTTPException(404)
            try:
                if number is None:
                    jobs.stop(job, now=now)
                else:
                    jobs.approve(job, number=number, now=now)
            except JobHasMovedOn as error:
                return refused(409 if job.state is not JobState.ASKED else 422, str(error))
            what = "stopped" if number is None else "begun"
            self.staff.audit(
                session,
                someone,
                f"console.{job.kind}_{what}",
                newsletter=newsletter,
                about=f"job:{job.id}",
                now=now,
            )
            return JSONResponse(job.as_json())

    def save_segment(
        self, request: Request, someone: Someone, newsletter: str, asked: NamedSegment
    ) -> Response:
        """Keep a segment under a name; the same name again changes what it means."""
        now = self.door.now()
        try:
            with self.door.writing() as session:
                saved = save_segment(
                    session, newsletter, asked.name, asked.segment, by_whom=whom(someone), now=now
                )
                return JSONResponse({"id": saved.id, "name": saved.name, "segment": saved.text})
        except (SegmentError, CannotSave) as error:
            return refused(422, str(error))

    def block(self, request: Request, someone: Someone, newsletter: str, asked: Block) -> Response:
        """Never mail an address or a domain again, on any list."""
        problem = self._suppressions.block(someone, asked.what.strip(), asked.because.strip())
        if problem:
            return refused(403 if problem.endswith("everywhere") else 422, problem.rpartition(".")[2])
        return JSONResponse({"done": "blocked"})

    def retry(
        self, request: Request, someone: Someone, newsletter: str, edition_id: Id, asked: Retry
    ) -> Response:
        """Try a class of refused copies once more."""
        chosen = Chosen(meanings=frozenset({asked.meaning}))
        return self._copies(someone, newsletter, edition_id, "retry", chosen, "")

    def settle(
        self, request: Request, someone: Someone, newsletter: str, edition_id: Id, asked: Settle
    ) -> Response:
        """Say what became of the copies in doubt."""
        return self._copies(someone, newsletter, edition_id, asked.how, Chosen(), asked.because)

    def _copies(
        self, someone: Someone, newsletter: str, edition_id: int, how: str, chosen: Chosen, because: str
    ) -> Response:
        try:
            changed = self._deliveries.change(someone, newsletter, edition_id, how, chosen, because)
        except (NothingToDo, EditionTransitionNotAllowed) as error:
            return refused(409, str(error))
        return JSONResponse({"copies": changed})


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
