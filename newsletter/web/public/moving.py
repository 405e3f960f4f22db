"""A change of address, agreed to from both mailboxes. Until both have, nothing changes."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request, Response
from sqlalchemy.orm import Session

from newsletter import language
from newsletter.signup import membership
from newsletter.web.door import READ, WRITE, Door, Routes
from subscribers import AddressChange, Purpose


class Moving:
    """The page behind the link that each of the two mailboxes gets.

    It names the wanted address in full: whoever wants it must see a slip of the hand, and whoever has the
    old one must see where their newsletter would go.
    """

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> Routes:
        """Return where the page is."""
        return [
            ("/move/{token}", READ, self.page),
            ("/move/{token}", WRITE, self.confirm),
        ]

    def page(self, request: Request, token: str) -> Response:
        """Ask; nothing happens before the button is pressed."""
        with self.door.reading() as session:
            found = self._wish(session, token, self.door.now())
        if found is None:
            return self.door.gone(request)
        slug, change = found
        if change.done_at is not None:
            return self._told(request, slug, is_done=True)
        return self.door.show(
            request, "ask", slug=slug, about="web.move", address=change.address, elsewhere=None
        )

    def confirm(self, request: Request, token: str) -> Response:
        """Let one end agree."""
        now = self.door.now()
        with self.door.writing() as session:
            found = self._wish(session, token, now)
            is_done = membership.confirm_move(session, self.door.app.keys, token, now=now)
        if found is None or is_done is None:
            return self.door.gone(request)
        return self._told(request, found[0], is_done=is_done)

    def _told(self, request: Request, slug: str, *, is_done: bool) -> Response:
        tag = self.door.language(request, slug)
        step = "done" if is_done else "waiting"
        lead = language.catalog(tag).say(f"web.move.{step}_lead")
        return self.door.tell(request, f"web.move.{step}", lead, slug=slug, tag=tag)

    def _wish(self, session: Session, token: str, now: datetime) -> tuple[str, AddressChange] | None:
        for purpose in (Purpose.MOVE_OLD, Purpose.MOVE_NEW):
            claim = self.door.app.keys.tokens.verify(purpose, token, now=now)
            if claim:
                change = session.get(AddressChange, claim.subscriber_id)
                return (claim.newsletter, change) if change else None
        return None
