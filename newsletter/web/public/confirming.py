"""Confirming a subscription, and the opposite: "I never signed up"."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TypedDict

from fastapi import Request, Response

from newsletter import language
from newsletter.delivery import late
from newsletter.signup import membership
from newsletter.signup.membership import Member, whose
from newsletter.web.door import READ, WRITE, Door, Routes
from newsletter.web.forms import Sent
from newsletter.web.mailboxes import mailbox_of
from newsletter.web.seals import Form
from newsletter.web.visitor import visitor_of
from newsletter.web.wording import confirmation
from subscribers import Purpose, Status, mask, suppression_of

FRESH = timedelta(hours=1)  # how long the page with the button may lie open


class Confirming:
    """The pages behind the links of the confirmation mail."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> Routes:
        """Return where these pages are."""
        return [
            ("/confirm/{token}", READ, self.page),
            ("/confirm/{token}", WRITE, self.confirm),
            ("/disown/{token}", READ, self.disown_page),
            ("/disown/{token}", WRITE, self.disown),
        ]

    def page(self, request: Request, token: str) -> Response:
        """Ask; nothing happens before the button is pressed."""
        return self._page(request, token)

    def confirm(self, request: Request, token: str, sent: Sent) -> Response:
        """Make the person who holds the mail a reader.

        Some mail scanners post what they find, but they do not read our page first: so its button
        brings a seal.
        """
        now = self.door.now()
        age = self.door.seals.age(sent.get("seal", ""), Form.CONFIRM, token, now=now)
        if age is None or not timedelta(0) <= age <= FRESH:
            return self._page(request, token, is_stale=True)
        with self.door.writing() as session:
            member = whose(session, self.door.app.keys, Purpose.CONFIRM, token, now=now)
            if member is None:
                return self.door.gone(request)
            was_active = member.subscription.status is Status.ACTIVE
            slug = member.subscription.newsletter
            words = language.catalog(self.door.readers_language(request, member))
            evidence = visitor_of(request).evidence(
                "confirmation page",
                language=words.tag,
                wording=confirmation(words, self.door.newsletter(slug)),
            )
            member = membership.confirm(session, self.door.app.keys, token, evidence=evidence, now=now)
            if member is None:
                return self.door.gone(request)
            gets_today = (
                not was_active
                and sent.get("today") == "yes"
                and late.join(session, slug, member.person.id, **self._joins_late(slug))
            )
        return self._welcome(request, member, gets_today=gets_today)

    def disown_page(self, request: Request, token: str) -> Response:
        """Ask somebody who never signed up."""
        with self.door.reading() as session:
            member = whose(session, self.door.app.keys, Purpose.DISOWN, token, now=self.door.now())
            if member is None:
                return self.door.gone(request)
            is_done = suppression_of(session, member.person) is not None
        if is_done or member.person.address is None:
            return self._disowned(request, member)
        return self.door.show(
            request,
            "ask",
            slug=member.subscription.newsletter,
            tag=self.door.readers_language(request, member),
            about="web.disown",
            address=mask(member.person.address),
            elsewhere=self.door.paths(member.subscription.newsletter).home,
        )

    def disown(self, request: Request, token: str) -> Response:
        """Believe it: leave every list, and never write to the address again."""
        evidence = visitor_of(request).evidence("disown page")
        with self.door.writing() as session:
            member = membership.disown(
                session, self.door.app.keys, token, evidence=evidence, now=self.door.now()
            )
        return self._disowned(request, member) if member else self.door.gone(request)

    def _page(self, request: Request, token: str, *, is_stale: bool = False) -> Response:
        now, keys = self.door.now(), self.door.app.keys
        with self.door.reading() as session:
            member = whose(session, keys, Purpose.CONFIRM, token, now=now)
            if member is None or member.person.address is None:
                return self.door.gone(request)
            listed = member.subscription
            if listed.status is Status.LEFT or suppression_of(session, member.person):
                return self.door.gone(request)
            has_today = bool(
                late.edition_of_today(session, listed.newsletter, **self._joins_late(listed.newsletter))
            )
        if listed.status is Status.ACTIVE:
            return self._welcome(request, member, is_known=True)
        disown = keys.tokens.sign(
            Purpose.DISOWN, newsletter=listed.newsletter, subscriber_id=member.person.id, now=now
        )
        return self.door.show(
            request,
            "confirm",
            slug=listed.newsletter,
            tag=self.door.readers_language(request, member),
            address=mask(member.person.address),
            is_stale=is_stale,
            has_today=has_today,
            seal=self.door.seals.seal(Form.CONFIRM, token, now=now),
            disown=self.door.paths(listed.newsletter).disown(disown),
        )

    def _welcome(
        self, request: Request, member: Member, *, gets_today: bool = False, is_known: bool = False
    ) -> Response:
        listed, address = member.subscription, member.person.address or ""
        manage = self.door.app.keys.tokens.sign(
            Purpose.MANAGE, newsletter=listed.newsletter, subscriber_id=member.person.id, now=self.door.now()
        )
        return self.door.show(
            request,
            "welcome",
            slug=listed.newsletter,
            tag=self.door.readers_language(request, member),
            address=mask(address),
            cadence=listed.cadence.value,
            gets_today=gets_today,
            is_known=is_known,
            mailbox=mailbox_of(address.rpartition("@")[2]),
            manage=self.door.paths(listed.newsletter).manage(manage),
        )

    def _disowned(self, request: Request, member: Member) -> Response:
        tag = self.door.readers_language(request, member)
        lead = language.catalog(tag).say("web.disown.done_lead")
        slug = member.subscription.newsletter
        return self.door.tell(request, "web.disown.done", lead, slug=slug, tag=tag)

    def _joins_late(self, slug: str) -> _Late:
        """Return what decides whether there is an edition of today for somebody who joins now."""
        return {
            "today": self.door.today(slug),
            "now": self.door.now(),
            "deliverable": self.door.newsletter(slug).source.max_age,
        }


class _Late(TypedDict):
    today: date
    now: datetime
    deliverable: timedelta
