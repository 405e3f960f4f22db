"""Taking an uploaded list in, as a job: first tried out, then done, with progress, and stopped when told to.

What is in the file is the importer's business; see ``docs/scale.md`` for how fast it is. Between two
groups of rows it is looked whether somebody stopped it. Whoever dies in the middle begins anew: those who are
in are known.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from newsletter.app import App
from newsletter.config import LANGUAGES
from newsletter.reports import jobs
from newsletter.reports.jobs import Job
from newsletter.reports.spool import Spool
from newsletter.reports.states import JobState, Step
from subscribers import (
    IMPORT_FORMATS,
    Importer,
    ImportOptions,
    ImportProblem,
    ImportTally,
    ImportTerms,
    Standing,
    UnreadableList,
    guard_cell,
)

MOST_ERRORS = 100_000  # rows in an error file
FIRST_ROWS = 5


class _Ended(Exception):
    """The worker is to end; the job is taken up again from the beginning."""


@dataclass(frozen=True, kw_only=True)
class ListImport:
    """One uploaded list and who takes it in."""

    app: App
    spool: Spool
    owner: str
    is_over: Callable[[], bool]

    def run(self, job: Job) -> None:
        """Try the list out, or take it in. Raises ``JobHasMovedOn`` when somebody stopped it."""
        name = str(job.asked["spool"])
        dry = job.state is JobState.COUNTING
        try:
            with (
                Importer(
                    self.spool.path(name),
                    options_of(job.asked),
                    self._terms(job),
                    self.app.keys.addresses,
                ) as importer,
                open(self.spool.errors(name), "w", encoding="utf-8-sig", newline="") as file,
            ):
                self.spool.errors(name).chmod(0o600)
                self._rows(job, importer, ErrorRows(file), dry=dry)
        except UnreadableList as error:
            self._end(job, Step.FAILED, problem=str(error))
        except _Ended:
            with self.app.database.sessions.begin() as session:
                jobs.release(session, job.id, owner=self.owner)
        else:
            self._end(job, Step.COUNTED if dry else Step.ENDED, tally=importer.tally, dry=dry)
            if not dry:
                self.spool.remove(name, errors=False)

    def _terms(self, job: Job) -> ImportTerms:
        return ImportTerms(
            newsletter=job.newsletter,
            origin=job.because,
            now=job.begun_at or self.app.clock(),
            languages=frozenset(LANGUAGES),
        )

    def _rows(self, job: Job, importer: Importer, report: ErrorRows, *, dry: bool) -> None:
        for chunks in importer.groups():
            if self.is_over():
                raise _Ended
            fraction = 0.0
            # Trying out holds nobody up: SQLite has one writer.
            with (self.app.database.readers if dry else self.app.database.sessions).begin() as session:
                if not dry:
                    jobs.held(session, job.id, owner=self.owner, now=self.app.clock())
                for chunk in chunks:
                    (importer.foresee if dry else importer.settle)(session, chunk)
                    report.write(chunk.problems)
                    report.write(chunk.repeats)
                    fraction = chunk.fraction
            with self.app.database.sessions.begin() as session:
                held = jobs.held(session, job.id, owner=self.owner, now=self.app.clock())
                held.done = importer.tally.rows
                held.tally = {**held.tally, "fraction": fraction}

    def _end(
        self,
        job: Job,
        step: Step,
        *,
        tally: ImportTally | None = None,
        dry: bool = False,
        problem: str | None = None,
    ) -> None:
        now = self.app.clock()
        with self.app.database.sessions.begin() as session:
            held = jobs.held(session, job.id, owner=self.owner, now=now)
            if tally is not None:
                held.tally = {"fraction": 1.0, "dry": dry, **document_of(tally)}
                held.total = held.done = tally.rows
            held.problem = problem
            held.moves(step, now=now)


class ErrorRows:
    """The rows that were not taken in: which file, which line, why, and the row itself."""

    def __init__(self, file: IO[str]) -> None:
        self._rows = csv.writer(file)
        self._rows.writerow(("file", "line", "why", "row"))
        self._written = 0

    def write(self, problems: Iterable[ImportProblem]) -> None:
        """Add rows, up to a bound; no cell is a formula to a spreadsheet."""
        for problem in problems:
            if self._written >= MOST_ERRORS:
                return
            row = guard_cell(problem.text.rstrip("\r\n"))
            self._rows.writerow((guard_cell(problem.file), problem.line, problem.why, row))
            self._written += 1


def options_of(asked: dict[str, Any]) -> ImportOptions:
    """Return how a file is to be read, from what a job was asked."""
    least = asked.get("at_least")
    return ImportOptions(
        format=asked.get("format") or None,
        columns=dict(asked.get("columns") or {}),
        at_least=Standing(least) if least else None,
    )


def document_of(tally: ImportTally) -> dict[str, Any]:
    """Return what an import did, as it is kept with the job and for the API."""
    return {
        "rows": tally.rows,
        "people": dict(tally.people),
        "new": tally.new,
        "left_now": tally.left,
        "suppressed_now": tally.suppressed,
        "kept_out": dict(tally.kept_out),
        "revived": tally.revived,
        "duplicates": tally.duplicates,
        "problems": dict(tally.problems.most_common(20)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file was taken for, and its first people."""

    sources: list[tuple[str, str, str]]  # file, the name of its format, encoding
    skipped: list[str]
    rows: list[tuple[str, str, str]]  # address, standing, name


def look(path: Path, asked: dict[str, Any], app: App, newsletter: str) -> Preview:
    """Look into a file. Raises ``UnreadableList`` for what is no list of people."""
    terms = ImportTerms(newsletter=newsletter, origin="-", now=app.clock(), languages=frozenset(LANGUAGES))
    names = {known.title: known.name for known in IMPORT_FORMATS.values()}
    with Importer(path, options_of(asked), terms, app.keys.addresses) as importer:
        first = importer.first(FIRST_ROWS)
        return Preview(
            sources=[
                (one.file, names.get(one.format, one.format), one.encoding.removesuffix("-sig").upper())
                for one in importer.sources
            ],
            skipped=list(importer.skipped)[:5],
            rows=[
                (person.address, person.row.standing.value, str(person.row.attributes.get("name") or ""))
                for person in first
            ],
        )
