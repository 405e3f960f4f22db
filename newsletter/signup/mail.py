"""The mails readers get about their subscription: which there are, and how one is posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from newsletter.config import NewsletterSettings
from newsletter.delivery import notices
from newsletter.delivery.notices import Posted
from newsletter.delivery.tables import Notice
from newsletter.keys import Keys
from newsletter.rendering.notice import NoticeRenderer
from newsletter.urls import Urls
from subscribers import Purpose, Status, Subscriber, Subscription


class Mail(StrEnum):
    """The purposes of these notices; each is a template of ``templates/email/notice``."""

    CONFIRM = "confirm"
    REMIND = "remind"  # once, a day later
    ALREADY = "already"  # asked to subscribe, but is subscribed
    LINK = "link"  # "send me my link"
    ERASE = "erase"  # a link to one's data and to being forgotten
    MOVE_OLD = "move_old"  # to the address that is left
    MOVE_NEW = "move_new"  # to the address that is wanted


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
    ) -> bool:
        """Post ``mail`` to a person, or to the address ``to``; False when this occasion had its mail.

        No text that anybody typed is part of it.
        """
        made_at = due_at or now
        values = {
            "confirm_url": self.urls.confirm(self.token(Purpose.CONFIRM, person.id, made_at)),
            "disown_url": self.urls.disown(self.token(Purpose.DISOWN, person.id, made_at)),
            "manage_url": self.urls.manage(self.token(Purpose.MANAGE, person.id, made_at)),
            "erase_url": self.urls.erase(self.token(Purpose.ERASE, person.id, made_at)),
        } | dict(links or {})
        mailing = self.renderer.render(
            mail.value,
            self.newsletter,
            urls=self.urls,
            language=person.language or self.newsletter.language,
            values=values,
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


def still_wanted(session: Session, notice: Notice) -> str | None:
    """Return why a notice that waited is no longer wanted; None when it is."""
    if notice.purpose != Mail.REMIND or notice.subscriber_id is None or notice.newsletter is None:
        return None
    listed = session.get(Subscription, (notice.newsletter, notice.subscriber_id))
    return None if listed and listed.status is Status.PENDING else "no longer pending"
