"""Why did I not get it? The last editions and what became of each, behind a reader's own link."""

from __future__ import annotations

from fastapi import Request, Response

from newsletter import language
from newsletter.feedback import why, wording
from newsletter.feedback.why import Tale
from newsletter.language import Catalog
from newsletter.signup.membership import Member, whose
from newsletter.web.door import READ, Door, Routes
from subscribers import Purpose, mask

SHOWN = 14  # days with an edition


class Missing:
    """The page behind "did not get an edition?"."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> Routes:
        """Return where the page is."""
        return [("/manage/{token}/why", READ, self.page)]

    def page(self, request: Request, token: str) -> Response:
        """Show what became of the last editions."""
        with self.door.reading() as session:
            member = whose(session, self.door.app.keys, Purpose.MANAGE, token, now=self.door.now())
            if member is None or member.person.address is None:
                return self.door.gone(request)
            slug, tag = member.subscription.newsletter, self.door.readers_language(request, member)
            words = language.catalog(tag)
            tales = why.recent(session, slug, member.person, most=SHOWN)
        return self.door.show(
            request,
            "missing",
            slug=slug,
            tag=tag,
            address=mask(member.person.address),
            back=self.door.paths(slug).manage(token),
            tales=[self._shown(tale, words, member) for tale in tales],
        )

    def _shown(self, tale: Tale, words: Catalog, member: Member) -> dict[str, object]:
        slug = member.subscription.newsletter
        newsletter = self.door.newsletter(slug)
        moment = tale.came_back_at or tale.handed_over_at
        return {
            "day": tale.day,
            "subject": tale.subject,
            "what": wording.what(tale, words),
            "do": wording.to_do(tale, words, sender=newsletter.sender.address),
            "at": moment.astimezone(newsletter.schedule.tz) if moment else None,
            "words": tale.came_back or (tale.said if tale.fate is why.Fate.REFUSED else None),
            "url": self.door.paths(slug).edition(tale.day, tale.kind.value, tale.serial)
            if tale.has_gone_out
            else None,
        }
