"""Jobs: what was asked of many people at once, how far it is, and stopping it."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import HTTPException, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy.orm import Session

from newsletter.chores import spool_of
from newsletter.importing import Preview, look
from newsletter.language import Catalog
from newsletter.reports import jobs
from newsletter.reports.jobs import Job
from newsletter.reports.states import JobHasMovedOn, JobKind, JobState
from newsletter.web.console.room import READERS, Room
from newsletter.web.forms import Sent
from newsletter.web.staff import Id, Someone, StaffRoute
from subscribers import IMPORT_FORMATS, UnreadableList


class Jobs(Room):
    """The pages of jobs."""

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        here = "/staff/{newsletter}/jobs"
        one = f"{here}/{{job_id}}"
        return [
            StaffRoute(method="GET", path=here, right=READERS, handler=self.every),
            StaffRoute(method="GET", path=one, right=READERS, handler=self.page),
            StaffRoute(method="POST", path=f"{one}/approve", right=READERS, handler=self.approve),
            StaffRoute(method="POST", path=f"{one}/stop", right=READERS, handler=self.stop),
            StaffRoute(method="GET", path=f"{one}/errors.csv", right=READERS, handler=self.errors),
        ]

    def every(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Show the newest jobs."""
        with self.door.reading() as session:
            found = jobs.latest(session, newsletter)
        return self.show(request, "console_jobs", someone, slug=newsletter, jobs=found)

    def page(self, request: Request, someone: Someone, newsletter: str, job_id: Id) -> Response:
        """Show a job and how far it is."""
        return self._page(request, someone, newsletter, job_id)

    def approve(
        self, request: Request, someone: Someone, newsletter: str, job_id: Id, sent: Sent
    ) -> Response:
        """Let a job begin, by somebody who typed how many people it is about."""
        number = sent.get("number", "").strip().replace(",", "").replace("，", "")
        problem = ""
        with self.door.writing() as session:
            job = self._job(jobs.find(session, newsletter, job_id, lock=True))
            try:
                jobs.approve(job, number=_number(number), now=self.door.now())
            except JobHasMovedOn:
                problem = (
                    "console.job.wrong_number" if job.state is JobState.ASKED else "console.job.moved_on"
                )
            else:
                self._audit(session, someone, job, "begun")
        if problem:
            return self._page(request, someone, newsletter, job_id, problem=problem, status=422)
        return self.staff.go(f"/staff/{newsletter}/jobs/{job_id}")

    def stop(self, request: Request, someone: Someone, newsletter: str, job_id: Id) -> Response:
        """End a job; what is done stays done."""
        with self.door.writing() as session:
            job = self._job(jobs.find(session, newsletter, job_id, lock=True))
            try:
                jobs.stop(job, now=self.door.now())
            except JobHasMovedOn:
                pass  # it ended by itself a moment ago: the page says how
            else:
                self._audit(session, someone, job, "stopped")
                if job.kind is JobKind.IMPORT:
                    spool_of(self.app).remove(str(job.asked["spool"]), errors=False)
        return self.staff.go(f"/staff/{newsletter}/jobs/{job_id}")

    def errors(self, request: Request, someone: Someone, newsletter: str, job_id: Id) -> Response:
        """Hand over the rows of an import that were not taken in."""
        with self.door.reading() as session:
            job = self._job(jobs.find(session, newsletter, job_id))
        path = spool_of(self.app).errors(str(job.asked["spool"])) if job.kind is JobKind.IMPORT else None
        if path is None or not path.is_file():
            raise HTTPException(404)
        return FileResponse(
            path,
            media_type="text/csv; charset=utf-8",
            filename=f"import-{job_id}-errors.csv",
        )

    def _audit(self, session: Session, someone: Someone, job: Job, what: str) -> None:
        self.staff.audit(
            session,
            someone,
            f"console.{job.kind}_{what}",
            newsletter=job.newsletter,
            about=f"job:{job.id}",
            facts={"total": job.total},
            now=self.door.now(),
        )

    def _job(self, found: Job | None) -> Job:
        if found is None:
            raise HTTPException(404)
        return found

    def _page(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        job_id: int,
        *,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        with self.door.reading() as session:
            job = self._job(jobs.find(session, newsletter, job_id))
        preview, has_errors = None, False
        if job.kind is JobKind.IMPORT:
            preview, has_errors = self._look(job, newsletter)
        return self.show(
            request,
            "console_job",
            someone,
            slug=newsletter,
            status=status,
            job=job,
            preview=preview,
            has_errors=has_errors,
            problem=problem,
            titles={known.name: known.title for known in IMPORT_FORMATS.values()},
            why_words=_why_words(self.staff.words(request, someone)),
            JobKind=JobKind,
            JobState=JobState,
        )

    def _look(self, job: Job, newsletter: str) -> tuple[Preview | None, bool]:
        spool, name = spool_of(self.app), str(job.asked["spool"])
        has_errors = spool.errors(name).is_file() and job.state is not JobState.COUNTING
        if job.state is not JobState.ASKED or not spool.has(name):
            return None, has_errors
        try:
            return look(spool.path(name), job.asked, self.app, newsletter), has_errors
        except UnreadableList:
            return None, has_errors


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 12 else -1


# What the importer says most often of a row; the rest is said as it stands in the error file.
_WHYS = {
    "what was typed is not a complete address": "address",
    "what was typed cannot get mail": "no_mail",
    "there is no address": "none",
    "more cells than columns; is a comma not between quotes?": "cells",
    "other reasons": "other",
}


def _why_words(words: Catalog) -> Callable[[str], str]:
    def say(why: str) -> str:
        return words.say(f"console.import.why.{_WHYS[why]}") if why in _WHYS else why

    return say
