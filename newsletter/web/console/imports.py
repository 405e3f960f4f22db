"""The import wizard: a file is dropped, looked at, tried out, and taken in when somebody says so.

The file is read from the request as it comes, never whole into memory; it lies in the spool until then.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO

from fastapi import Depends, Request, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from newsletter.chores import spool_of
from newsletter.importing import look
from newsletter.reports import jobs
from newsletter.reports.spool import TooLarge
from newsletter.reports.states import JobKind
from newsletter.web.console.room import READERS, Room, whom
from newsletter.web.staff import Someone, StaffRoute
from subscribers import IMPORT_FORMATS, Standing, UnreadableList

BLOCK = 256 * 1024
LONGEST_ORIGIN = 200
MOST_MAPPED = 50
STANDINGS = (Standing.LEFT, Standing.BOUNCED, Standing.COMPLAINED)
FORM_BYTES = 100_000  # of an upload besides its file


@dataclass(frozen=True, slots=True)
class Upload:
    """A form with a file."""

    fields: dict[str, str]
    file: UploadFile | None


async def _upload(request: Request) -> AsyncIterator[Upload]:
    """Read a form with one file; the library puts what is large into a temporary file, which we close."""
    try:
        form = await request.form(max_files=1, max_fields=20)
    except HTTPException as error:
        if error.status_code == 413:
            raise
        yield Upload({}, None)
        return
    except ValueError:  # what the parser itself throws
        yield Upload({}, None)
        return
    fields, file = {}, None
    for name, value in form.items():
        if isinstance(value, UploadFile):
            file = value
        else:
            fields[name] = value[:4096].encode("utf-8", "replace").decode().replace("\0", "")
    try:
        yield Upload(fields, file)
    finally:
        await form.close()


async def _upload_by_program(request: Request) -> AsyncIterator[Upload]:
    """Read the same form of a call, whose body is compared when it is repeated, and so is kept meanwhile."""
    await request.body()
    async for upload in _upload(request):
        yield upload


Uploaded = Annotated[Upload, Depends(_upload)]
UploadedByProgram = Annotated[Upload, Depends(_upload_by_program)]


class Imports(Room):
    """The first page of the wizard; the rest of it is the page of its job."""

    @property
    def largest_body(self) -> int:
        """How many bytes an upload may have, with its form."""
        return self.app.settings.web.upload_mb * 1_000_000 + FORM_BYTES

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        here = "/staff/{newsletter}/import"
        return [
            StaffRoute(method="GET", path=here, right=READERS, handler=self.page),
            StaffRoute(
                method="POST", path=here, right=READERS, handler=self.upload, largest_body=self.largest_body
            ),
        ]

    def page(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Ask for a file, and where its people agreed."""
        return self._page(request, someone, newsletter)

    def upload(self, request: Request, someone: Someone, newsletter: str, uploaded: Uploaded) -> Response:
        """Keep the file and let a worker try it out."""
        kept = self.keep(someone, newsletter, uploaded)
        if isinstance(kept, int):
            return self.staff.go(f"/staff/{newsletter}/jobs/{kept}")
        detail = kept.pop("detail", "")
        status = 413 if "console.import.too_large" in kept.values() else 422
        return self._page(request, someone, newsletter, uploaded.fields, kept, detail, status)

    def keep(self, someone: Someone, newsletter: str, uploaded: Upload) -> int | dict[str, str]:
        """Keep a file as a job; return its number, or what is wrong with the form, by field."""
        fields, problems = uploaded.fields, self._wrong(uploaded)
        spool = spool_of(self.app)
        if problems or uploaded.file is None:
            return problems
        try:
            name = spool.put(_blocks(uploaded.file.file))
        except TooLarge:
            return {"file": "console.import.too_large"}
        asked = {
            "spool": name,
            "file": (uploaded.file.filename or "list")[-120:],
            "at_least": fields.get("at_least", ""),
            "format": fields.get("format", ""),
        }
        try:
            look(spool.path(name), asked, self.app, newsletter)
        except UnreadableList as error:
            spool.remove(name)
            return {"file": "console.import.no_list", "detail": str(error)}
        now = self.door.now()
        with self.door.writing() as session:
            job = jobs.write_down(
                session,
                newsletter,
                JobKind.IMPORT,
                asked=asked,
                because=fields["origin"].strip(),
                by_whom=whom(someone),
                now=now,
            )
            self.staff.audit(
                session,
                someone,
                "console.import_asked",
                newsletter=newsletter,
                about=f"job:{job.id}",
                facts={"file": asked["file"], "origin": job.because},
                now=now,
            )
            return job.id

    def _wrong(self, uploaded: Upload) -> dict[str, str]:
        fields, problems = uploaded.fields, {}
        if uploaded.file is None or not uploaded.file.size:
            problems["file"] = "console.import.no_file"
        if not 0 < len(fields.get("origin", "").strip()) <= LONGEST_ORIGIN:
            problems["origin"] = "console.import.no_origin"
        if fields.get("at_least", "") not in ("", *STANDINGS):
            problems["at_least"] = "console.import.no_standing"
        if fields.get("format", "") not in ("", *IMPORT_FORMATS):
            problems["format"] = "console.import.no_format"
        return problems

    def _page(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        fields: dict[str, str] | None = None,
        problems: dict[str, str] | None = None,
        detail: str = "",
        status: int = 200,
    ) -> Response:
        with self.door.reading() as session:
            before = [job for job in jobs.latest(session, newsletter) if job.kind is JobKind.IMPORT]
        return self.show(
            request,
            "console_import",
            someone,
            slug=newsletter,
            status=status,
            sent=fields or {},
            problems=problems or {},
            detail=detail,
            standings=STANDINGS,
            formats=[(known.name, known.title) for known in IMPORT_FORMATS.values()],
            upload_mb=self.app.settings.web.upload_mb,
            before=before[:10],
        )


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(BLOCK):
        yield block
