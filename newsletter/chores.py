"""The worker's part of the console: jobs in slices, imports, and the census of long lists.

One step is short, or renews its lease as it goes; ``step`` says whether there is more to do at once. What a
job is, and that it is done once, is in ``reports.jobs``; what is done to people is in ``verbs``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from newsletter import verbs
from newsletter.app import App
from newsletter.importing import ListImport
from newsletter.reports import jobs
from newsletter.reports.jobs import Job
from newsletter.reports.spool import Spool
from newsletter.reports.states import JobHasMovedOn, JobKind, JobState, Step
from newsletter.verbs import Deed
from subscribers import (
    SegmentError,
    Sought,
    census_is_due,
    keep_census,
    next_slice,
    read_segment,
    take_census,
)

logger = logging.getLogger(__name__)

LOOKED_AT = 5_000  # people in one slice of counting
CHANGED_AT_ONCE = 1_000  # people in one slice of doing: SQLite's other writers wait for its end
SLICES = 20  # in one step, and then it is the next job's turn


def spool_of(app: App) -> Spool:
    """Return where uploaded lists lie."""
    web = app.settings.web
    return Spool(web.spool, max_bytes=web.upload_mb * 1_000_000)


@dataclass(kw_only=True)
class Chores:
    """What a worker does for the console."""

    app: App
    owner: str
    is_over: Callable[[], bool] = lambda: False  # the worker is to end

    def step(self) -> bool:
        """Do a part of the oldest job; say whether there is more to do at once."""
        with self.app.database.sessions.begin() as session:
            job = jobs.take(session, owner=self.owner, now=self.app.clock(), but=self._elsewhere(session))
        if job is None:
            return False
        try:
            if job.kind is JobKind.IMPORT:
                spool = spool_of(self.app)
                ListImport(app=self.app, spool=spool, owner=self.owner, is_over=self.is_over).run(job)
            else:
                self._walk(job)
        except JobHasMovedOn:
            logger.info("job ended by somebody else", extra={"job": job.id})
        except SegmentError as error:
            self._fail(job, str(error))
        except SQLAlchemyError:
            raise  # the database is away: the same slice is tried again
        except Exception as error:
            # One job that cannot be done must not keep the others from being done.
            logger.exception("job failed", extra={"job": job.id})
            self._fail(job, type(error).__name__)
        return True

    def _elsewhere(self, session: Session) -> list[int]:
        """Return the imports whose file lies on another host."""
        spool = spool_of(self.app)
        return [job.id for job in jobs.waiting_imports(session) if not spool.has(str(job.asked["spool"]))]

    # ---- verbs ----

    def _walk(self, job: Job) -> None:
        for _ in range(SLICES):
            if self.is_over():
                with self.app.database.sessions.begin() as session:
                    jobs.release(session, job.id, owner=self.owner)
                return
            if not self._slice(job.id):
                return

    def _slice(self, job_id: int) -> bool:
        """Do one slice in one transaction; say whether there are more."""
        now = self.app.clock()
        with self.app.database.sessions.begin() as session:
            job = jobs.held(session, job_id, owner=self.owner, now=now)
            counting = job.state is JobState.COUNTING
            some = next_slice(
                session,
                self._sought(job, now),
                walked_to=job.walked_to,
                upto=job.upto,
                most=LOOKED_AT if counting else CHANGED_AT_ONCE,
            )
            if counting:
                job.total = (job.total or 0) + len(some.ids)
            elif some.ids:
                deed = Deed(by_whom=job.by_whom, because=job.because, now=now)
                done = verbs.do(session, self.app, job.kind, job.newsletter, some.ids, deed)
                job.done += len(some.ids)
                job.add(done.counts)
            job.walked_to = some.walked_to
            over = Step.COUNTED if counting else Step.ENDED
            job.moves(over if some.is_last else Step.WORKED, now=now)
            return not some.is_last

    def _sought(self, job: Job, now: datetime) -> Sought:
        zone = self.app.settings.newsletters[job.newsletter].schedule.tz
        return Sought(
            newsletter=job.newsletter,
            segment=read_segment(str(job.asked["segment"])),
            zone=zone,
            today=now.astimezone(zone).date(),
        )

    def _fail(self, job: Job, why: str) -> None:
        now = self.app.clock()
        with self.app.database.sessions.begin() as session:
            held = jobs.held(session, job.id, owner=self.owner, now=now)
            held.problem = why
            held.moves(Step.FAILED, now=now)

    # ---- the census ----

    def count(self) -> bool:
        """Count one long list whose census is old; say whether one was."""
        now = self.app.clock()
        for slug, entry in self.app.settings.newsletters.items():
            with self.app.database.readers() as session:
                if not census_is_due(session, slug, now=now):
                    continue
                counted = take_census(session, slug, zone=entry.schedule.tz, now=now)
            with self.app.database.sessions.begin() as session:
                keep_census(session, slug, counted)
            return True
        return False

    def tidy(self) -> bool:
        """Forget jobs that ended long ago and files that nobody took in; say whether there may be more."""
        now = self.app.clock()
        with self.app.database.sessions.begin() as session:
            more = jobs.forget(session, now=now)
            open_files = [str(job.asked["spool"]) for job in jobs.waiting_imports(session)]
        spool_of(self.app).sweep(now=now, but=open_files)
        return more
