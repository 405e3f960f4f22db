"""A person's own data: to see, to take away, to have erased; by a link that works for an hour."""

from __future__ import annotations

import json
from datetime import timedelta

from fastapi import Request, Response
from sqlalchemy.orm import Session

import subscribers
from newsletter import language
from newsletter.feedback import trail
from newsletter.feedback.own_data import own_data
from newsletter.signup import membership
from newsletter.signup.membership import Member, whose
from newsletter.web.door import READ, WRITE, Door, Routes
from newsletter.web.forms import Sent
from newsletter.web.seals import Form
from subscribers import Address, Purpose

FRESH = timedelta(hours=1)


class Data:
    """The page behind "my data"."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> Routes:
        """Return where the page is."""
        return [
            ("/data/{token}", READ, self.page),
            ("/data/{token}", WRITE, self.erase),
            ("/data/{token}/export", READ, self.export),
        ]

    def page(self, request: Request, token: str) -> Response:
        """Show what is held, and offer to forget it."""
        return self._page(request, token)

    def export(self, request: Request, token: str) -> Response:
        """Hand over everything as one JSON document."""
        keys = self.door.app.keys
        with self.door.reading() as session:
            member = whose(session, keys, Purpose.ERASE, token, now=self.door.now())
            if member is None or member.person.address is None:
                return self.door.gone(request)
            document = own_data(session, keys.addresses, Address(member.person.address))
        return Response(
            json.dumps(document, ensure_ascii=False, indent=2) + "\n",
            media_type="application/json",
            headers={"content-disposition": 'attachment; filename="my-data.json"'},
        )

    def erase(self, request: Request, token: str, sent: Sent) -> Response:
        """Forget the person who holds the mail, once they have ticked that they mean it."""
        now, keys = self.door.now(), self.door.app.keys
        age = self.door.seals.age(sent.get("seal", ""), Form.ERASE, token, now=now)
        if age is None or not timedelta(0) <= age <= FRESH:
            return self._page(request, token, is_stale=True)
        if sent.get("sure") != "yes":
            return self._page(request, token, is_unsure=True)
        with self.door.writing() as session:
            member = whose(session, keys, Purpose.ERASE, token, now=now)
            if member is None:
                return self.door.gone(request)
            tag = self.door.readers_language(request, member)  # which is erased, too
            membership.be_forgotten(session, keys, token, now=now)
            trail.forget_person(session, member.person.id)
        return self._erased(request, member, tag)

    def _page(
        self, request: Request, token: str, *, is_stale: bool = False, is_unsure: bool = False
    ) -> Response:
        now, keys = self.door.now(), self.door.app.keys
        with self.door.reading() as session:
            member = whose(session, keys, Purpose.ERASE, token, now=now)
            if member is None:
                return self.door.gone(request)
            tag = self.door.readers_language(request, member)
            if member.person.address is None:
                return self._erased(request, member, tag)
            lists, history = self._lists(session, member), self._history(session, member)
        slug = member.subscription.newsletter
        return self.door.show(
            request,
            "data",
            slug=slug,
            tag=tag,
            status=422 if is_unsure else 200,
            address=member.person.address,
            language=member.person.language or self.door.newsletter(slug).language,
            since=member.person.created_at.astimezone(self.door.newsletter(slug).schedule.tz),
            download=f"{self.door.paths(slug).erase(token)}/export",
            is_stale=is_stale,
            is_unsure=is_unsure,
            seal=self.door.seals.seal(Form.ERASE, token, now=now),
            lists=lists,
            history=history,
        )

    def _lists(self, session: Session, member: Member) -> list[dict[str, str]]:
        return [
            {
                "name": self.door.newsletter(listed.newsletter).name,
                "status": listed.status.value,
                "cadence": listed.cadence.value,
            }
            for listed in subscribers.subscriptions(session, member.person.id)
        ]

    def _history(self, session: Session, member: Member) -> list[dict[str, object]]:
        zone = self.door.newsletter(member.subscription.newsletter).schedule.tz
        return [
            {
                "at": act.at.astimezone(zone),
                "event": act.event.value,
                "name": self.door.newsletter(act.newsletter).name,
            }
            for act in subscribers.history(session, member.person.id)
        ]

    def _erased(self, request: Request, member: Member, tag: str) -> Response:
        lead = language.catalog(tag).say("web.data.erased_lead")
        slug = member.subscription.newsletter
        return self.door.tell(request, "web.data.erased", lead, slug=slug, tag=tag)
