"""The console for programs, where something is done: the same rights and stories as the pages, as JSON."""

from __future__ import annotations

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse

from newsletter.delivery.control import Chosen, NothingToDo
from newsletter.editions.states import EditionTransitionNotAllowed
from newsletter.reports import jobs
from newsletter.reports.states import JobHasMovedOn, JobKind, JobState
from newsletter.verbs import VERBS
from newsletter.web.console.api.bodies import Block, BulkDeed, Deed, NamedSegment, Number, Retry, Settle
from newsletter.web.console.deliveries import Deliveries
from newsletter.web.console.filters import filters_of
from newsletter.web.console.imports import Imports, UploadedByProgram
from newsletter.web.console.person import People
from newsletter.web.console.readers import EVERYWHERE, Readers
from newsletter.web.console.room import READERS, SEND, Room, reaches_all, whom
from newsletter.web.console.segments import Segments
from newsletter.web.console.suppressions import Suppressions
from newsletter.web.staff import Id, Someone, Staff, StaffRoute, refused
from subscribers import CannotSave, SegmentError, save_segment


class Writing(Room):
    """The calls that do something."""

    def __init__(self, staff: Staff) -> None:
        super().__init__(staff)
        self._readers, self._people, self._segments = Readers(staff), People(staff), Segments(staff)
        self._suppressions, self._deliveries = Suppressions(staff), Deliveries(staff)
        self._imports = Imports(staff)

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        here = "/api/staff/{newsletter}"
        calls = [
            (f"{here}/readers/{{subscriber_id}}", READERS, self.act),
            (f"{here}/jobs", READERS, self.bulk),
            (f"{here}/jobs/{{job_id}}/approve", READERS, self.approve),
            (f"{here}/jobs/{{job_id}}/stop", READERS, self.stop),
            (f"{here}/segments", READERS, self.save_segment),
            (f"{here}/segments/{{segment_id}}/remove", READERS, self.remove_segment),
            (f"{here}/suppressions", READERS, self.block),
            (f"{here}/deliveries/{{edition_id}}/retry", SEND, self.retry),
            (f"{here}/deliveries/{{edition_id}}/settle", SEND, self.settle),
        ]
        found = [
            StaffRoute(
                method="POST",
                path=path,
                right=right,
                handler=handler,
                status=202 if handler == self.bulk else 200,
            )
            for path, right, handler in calls
        ]
        upload = StaffRoute(
            method="POST",
            path=f"{here}/import",
            right=READERS,
            handler=self.import_,
            largest_body=self._imports.largest_body,
            status=202,
        )
        return [*found, upload]

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
                self._segments.audit_saved(session, someone, saved, now=now)
                return JSONResponse({"id": saved.id, "name": saved.name, "segment": saved.text})
        except (SegmentError, CannotSave) as error:
            return refused(422, str(error))

    def remove_segment(self, request: Request, someone: Someone, newsletter: str, segment_id: Id) -> Response:
        """Forget a saved segment."""
        self._segments.forget(someone, newsletter, segment_id)
        return JSONResponse({"done": "removed"})

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
