"""The mails readers get about their subscription: which there are, and how one is posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from newsletter.clock import Clock
from newsletter.config import NewsletterSettings
from newsletter.delivery import notices
from newsletter.delivery.notices import Posted
from newsletter.delivery.tables import Notice
from newsletter.keys import Keys
from newsletter.rendering.notice import NoticeRenderer
from newsletter.urls import Urls
from subscribers import (
    LIFETIMES,
    Address,
    Purpose,
    Status,
    Subscriber,
    Subscription,
    is_suppressed,
)


class Mail(StrEnum):
    """The purposes of these notices; each has its words in the languages."""

    CONFIRM = "confirm"
    REMIND = "remind"  # once, a day later
    ALREADY = "already"  # asked to subscribe, but is subscribed
    LINK = "link"  # "send me my link"
    ERASE = "erase"  # a link to one's data and to being forgotten
    MOVE_OLD = "move_old"  # to the address that is left
    MOVE_NEW = "move_new"  # to the address that is wanted


# The links about its person that each mail holds, and no other. Whoever reads the one to a wanted
# address is perhaps a stranger, so it holds none.
_LINKS: dict[Mail, tuple[Purpose, ...]] = {
    Mail.CONFIRM: (Purpose.CONFIRM, Purpose.DISOWN),
    Mail.REMIND: (Purpose.CONFIRM, Purpose.DISOWN),
    Mail.ALREADY: (Purpose.MANAGE, Purpose.DISOWN),
    Mail.LINK: (Purpose.MANAGE, Purpose.DISOWN),
    Mail.ERASE: (Purpose.ERASE,),
    Mail.MOVE_OLD: (),
    Mail.MOVE_NEW: (),
}
# A mail that waited until its link had ended would only annoy.
_ENDS: dict[str, Purpose] = {
    Mail.CONFIRM: Purpose.CONFIRM,
    Mail.REMIND: Purpose.CONFIRM,
    Mail.ERASE: Purpose.ERASE,
    Mail.MOVE_OLD: Purpose.MOVE_OLD,
    Mail.MOVE_NEW: Purpose.MOVE_NEW,
}


@dataclass(frozen=True, kw_only=True)
class Mailer:
    """Posts notices to the readers of one newsletter."""

    slug: str
    newsletter: NewsletterSettings
    renderer: NoticeRenderer
    urls: Urls
    keys: Keys

    def post(
        self,
        session: Session,
        mail: Mail,
        person: Subscriber,
        *,
        occasion: str,
        now: datetime,
        due_at: datetime | None = None,
        to: str | None = None,
        links: Mapping[str, str] | None = None,
        language: str | None = None,
    ) -> bool:
        """Post ``mail`` to a person, or to the address ``to``; False when this occasion had its mail.

        No text that anybody typed is part of it.
        """
        mailing = self.renderer.render(
            mail.value,
            self.newsletter,
            urls=self.urls,
            language=language or person.language or self.newsletter.language,
            values=self._links(mail, person, due_at or now) | dict(links or {}),
        )
        notice = Posted(
            purpose=mail.value,
            dedupe_key=f"{mail}:{self.slug}:{occasion}",
            mailing=mailing,
            newsletter=self.slug,
            subscriber_id=None if to else person.id,
            address=to,
            priority=0 if mail is Mail.REMIND else 1,
        )
        return notices.post(session, notice, now=now, due_at=due_at)

    def token(self, purpose: Purpose, subject_id: int, now: datetime) -> str:
        """Sign a token about a person (or, for a move, about the wish to move)."""
        return self.keys.tokens.sign(purpose, newsletter=self.slug, subscriber_id=subject_id, now=now)

    def _links(self, mail: Mail, person: Subscriber, made_at: datetime) -> dict[str, str]:
        shapes = {
            Purpose.CONFIRM: self.urls.confirm,
            Purpose.DISOWN: self.urls.disown,
            Purpose.MANAGE: self.urls.manage,
            Purpose.ERASE: self.urls.erase,
        }
        return {
            f"{purpose}_url": shapes[purpose](self.token(purpose, person.id, made_at))
            for purpose in _LINKS[mail]
        }


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Says why a notice that waited is not to be sent any more; None when it is."""

    keys: Keys
    clock: Clock

    def __call__(self, session: Session, notice: Notice) -> str | None:
        """Look once more, just before handing over."""
        ends = _ENDS.get(notice.purpose)
        if ends and self.clock() - notice.created_at >= LIFETIMES[ends]:
            return "its link has ended"
        if notice.purpose == Mail.REMIND and notice.newsletter and notice.subscriber_id is not None:
            listed = session.get(Subscription, (notice.newsletter, notice.subscriber_id))
            if listed is None or listed.status is not Status.PENDING:
                return "no longer pending"
        if notice.address is not None:
            address = Address(notice.address)
            if is_suppressed(session, self.keys.addresses.digest(address), address.domain):
                return "suppressed"
        return None
