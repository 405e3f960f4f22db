"""Saved segments: a name for a filter, to be used again."""

from __future__ import annotations

from datetime import datetime

from fastapi import HTTPException, Request, Response
from sqlalchemy.orm import Session

from newsletter.web.console.room import READERS, Room, mistake, whom
from newsletter.web.forms import Sent
from newsletter.web.staff import Id, Someone, StaffRoute
from subscribers import CannotSave, Segment, SegmentError, remove_segment, save_segment, saved_segments

FIELDS_SHOWN = (
    "status", "cadence", "language", "domain", "address", "tag", "joined", "confirmed", "left", "paused",
    "suppressed", "attribute.…", "id",
)  # fmt: skip


class Segments(Room):
    """The page of a list's saved segments."""

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        here = "/staff/{newsletter}/segments"
        return [
            StaffRoute(method="GET", path=here, right=READERS, handler=self.page),
            StaffRoute(method="POST", path=here, right=READERS, handler=self.save),
            StaffRoute(
                method="POST", path=f"{here}/{{segment_id}}/remove", right=READERS, handler=self.remove
            ),
        ]

    def page(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Show the saved segments and what the language can say."""
        sent = {name: request.query_params.get(name, "") for name in ("name", "segment")}
        return self._page(request, someone, newsletter, sent=sent)

    def save(self, request: Request, someone: Someone, newsletter: str, sent: Sent) -> Response:
        """Keep a segment under a name."""
        name, text = sent.get("name", ""), sent.get("segment", "")
        now = self.door.now()
        try:
            with self.door.writing() as session:
                saved = save_segment(session, newsletter, name, text, by_whom=whom(someone), now=now)
                self.audit_saved(session, someone, saved, now=now)
        except SegmentError as error:
            return self._page(request, someone, newsletter, sent=sent, error=error, status=422)
        except CannotSave:
            return self._page(
                request, someone, newsletter, sent=sent, problem="console.segment.unnamed", status=422
            )
        response = self.staff.go(f"/staff/{newsletter}/segments")
        self.staff.notice(response, "console.segment.saved", name=saved.name)
        return response

    def remove(self, request: Request, someone: Someone, newsletter: str, segment_id: Id) -> Response:
        """Forget a saved segment."""
        self.forget(someone, newsletter, segment_id)
        response = self.staff.go(f"/staff/{newsletter}/segments")
        self.staff.notice(response, "console.segment.removed")
        return response

    def audit_saved(self, session: Session, someone: Someone, saved: Segment, *, now: datetime) -> None:
        """Write down who saved a segment."""
        self.staff.audit(
            session,
            someone,
            "console.segment_saved",
            newsletter=saved.newsletter,
            about=f"segment:{saved.id}",
            facts={"name": saved.name, "segment": saved.text},
            now=now,
        )

    def forget(self, someone: Someone, newsletter: str, segment_id: int) -> None:
        """Forget a saved segment; 404 when the list has none of this number."""
        now = self.door.now()
        with self.door.writing() as session:
            if not remove_segment(session, newsletter, segment_id):
                raise HTTPException(404)
            self.staff.audit(
                session,
                someone,
                "console.segment_removed",
                newsletter=newsletter,
                about=f"segment:{segment_id}",
                now=now,
            )

    def _page(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        *,
        sent: Sent,
        error: SegmentError | None = None,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        with self.door.reading() as session:
            saved = saved_segments(session, newsletter)
        return self.show(
            request,
            "console_segments",
            someone,
            slug=newsletter,
            status=status,
            saved=saved,
            sent=sent,
            mistake=mistake(error) if error else None,
            problem=problem,
            fields=FIELDS_SHOWN,
        )
