"""Leaving, at once and for good; or staying with less of it; and taking leaving back for an hour.

The address of the page is also what ``List-Unsubscribe`` names: a POST there acts at once, from a
mailbox provider as from our own page, whatever else it holds (RFC 8058).
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.orm import Session

import subscribers
from newsletter import language
from newsletter.signup import membership, requests
from newsletter.signup.membership import UNDO_WITHIN, Member, whose
from newsletter.signup.requests import Wish
from newsletter.web.door import READ, WRITE, Door, Routes
from newsletter.web.forms import Sent
from newsletter.web.public.calendar import next_monday
from newsletter.web.security import open_to_other_sites
from newsletter.web.visitor import visitor_of
from subscribers import Address, Cadence, Purpose, Status, mask, suppression_of

ONE_CLICK = ("List-Unsubscribe", "One-Click")
# Links of emails that are nobody's: test mails and previews. They explain themselves and change nothing.
NOBODYS = ("test", "sample")
REASONS = ("often", "dull", "never", "read", "elsewhere", "other")
MONTH = timedelta(days=30)
# The texts that say what was done in place of leaving; there is none for "too many forms, not now".
PAUSED, ASKED, FULL = "web.stayed.paused", "web.manage.confirm_asked", ""


class Leaving:
    """The pages that say goodbye."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> Routes:
        """Return where these pages are."""
        tests = [f"/{page}/{name}" for page in ("leave", "manage") for name in NOBODYS]
        return [
            *((path, READ, self.nobodys) for path in tests),
            *((path, WRITE, self.nobodys_press) for path in tests),
            ("/leave/{token}", READ, self.page),
            ("/leave/{token}", WRITE, self.leave),
            ("/undo/{token}", READ, self.undo_page),
            ("/undo/{token}", WRITE, self.undo),
        ]

    def nobodys(self, request: Request) -> Response:
        """Explain that the email was only a test."""
        words = language.catalog(self.door.language(request))
        return self.door.tell(
            request, "web.test.title", words.say("web.test.lead"), more=words.say("web.test.more")
        )

    @open_to_other_sites
    def nobodys_press(self, request: Request) -> Response:
        """Take the press of a button in a test mail, and change nothing."""
        return self.nobodys(request)

    def page(self, request: Request, token: str) -> Response:
        """Ask. Scanners open every link, so opening it does nothing."""
        with self.door.reading() as session:
            member = whose(session, self.door.app.keys, Purpose.LEAVE, token, now=self.door.now())
            if member is None:
                return self.door.gone(request)
            return self._page(request, session, member)

    @open_to_other_sites  # RFC 8058: no cookie, no origin, no referrer
    def leave(self, request: Request, token: str, sent: Sent) -> Response:
        """Leave at once, unless a button of the page said to stay with less."""
        is_one_click = sent.get(ONE_CLICK[0]) == ONE_CLICK[1]
        if not is_one_click and sent.get("act", "leave") != "leave":
            return self._stay(request, token, sent["act"])
        reason = sent.get("reason") if sent.get("reason") in REASONS else None
        origin = "one-click" if is_one_click else f"leave page ({reason})" if reason else "leave page"
        everything = not is_one_click and sent.get("everything") == "yes"
        now, keys = self.door.now(), self.door.app.keys
        with self.door.writing() as session:
            was_pending = not is_one_click and self._is_pending(session, token)
            member = membership.leave(
                session,
                keys,
                token,
                evidence=visitor_of(request).evidence(origin),
                now=now,
                everything=everything,
            )
            if member is None:
                return self.door.gone(request)
            may_undo = not is_one_click and not was_pending and not suppression_of(session, member.person)
        if is_one_click:
            return PlainTextResponse("退订成功。You have unsubscribed.\n")
        return self._goodbye(request, member, everything=everything, may_undo=may_undo)

    def undo_page(self, request: Request, token: str) -> Response:
        """Ask whether to take leaving back: somebody reloaded the page that said so."""
        now = self.door.now()
        with self.door.reading() as session:
            member = whose(session, self.door.app.keys, Purpose.UNDO, token, now=now)
        if member is None or not self._may_undo(member):
            return self.door.gone(request)
        return self.door.show(
            request,
            "ask",
            slug=member.subscription.newsletter,
            tag=self.door.readers_language(request, member),
            about="web.undo",
            address=mask(member.person.address or ""),
            elsewhere=None,
        )

    def undo(self, request: Request, token: str) -> Response:
        """Take leaving back."""
        evidence = visitor_of(request).evidence("goodbye page")
        now, keys = self.door.now(), self.door.app.keys
        with self.door.writing() as session:
            member = membership.undo(session, keys, token, evidence=evidence, now=now)
        if member is None:
            return self.door.gone(request)
        slug, tag = member.subscription.newsletter, self.door.readers_language(request, member)
        lead = language.catalog(tag).say(
            "web.undo.done_lead",
            name=self.door.newsletter(slug).name,
            address=mask(member.person.address or ""),
        )
        manage = keys.tokens.sign(Purpose.MANAGE, newsletter=slug, subscriber_id=member.person.id)
        return self.door.tell(
            request,
            "web.undo.done",
            lead,
            slug=slug,
            tag=tag,
            stamp="web.welcome.stamp",
            onward=self.door.paths(slug).manage(manage),
        )

    # ---- staying ----

    def _stay(self, request: Request, token: str, act: str) -> Response:
        """Do what somebody chose in place of leaving. Whoever may end the mails may also thin them out."""
        with self.door.writing() as session:
            member = whose(session, self.door.app.keys, Purpose.LEAVE, token, now=self.door.now())
            key = self._thin_out(request, session, member, act) if member else None
        if member is None or key is None:
            return self.page(request, token)
        if key == FULL:
            return self.door.problem(request, 429, slug=member.subscription.newsletter)
        return self._stayed(request, member, key)

    def _thin_out(self, request: Request, session: Session, member: Member, act: str) -> str | None:
        """Return the text that says what was done; None when nothing was."""
        listed = member.subscription
        if act == "again" and listed.status is Status.LEFT:
            return self._come_back(request, session, member)
        if listed.status is not Status.ACTIVE:
            return None
        if act in ("weekdays", "weekly"):
            subscribers.prefer(session, listed.newsletter, member.person.id, cadence=Cadence(act))
            return f"web.stayed.{act}"
        if act not in ("monday", "month"):
            return None
        today = self.door.today(listed.newsletter)
        until = next_monday(today) if act == "monday" else today + MONTH
        subscribers.pause(session, listed.newsletter, member.person.id, until=until, today=today)
        return PAUSED

    def _come_back(self, request: Request, session: Session, member: Member) -> str | None:
        """Have a new confirmation mailed, as if the address had been typed into the form."""
        slug, now, visitor = member.subscription.newsletter, self.door.now(), visitor_of(request)
        if member.person.address is None or slug not in self.door.settings.newsletters:
            return None
        if not self.door.admission.within(session, visitor.network, now=now):
            return FULL
        tag = self.door.readers_language(request, member)
        evidence = visitor.evidence("leave page", language=tag)
        address = Address(member.person.address)
        requests.ask(session, slug, address, wish=Wish.SUBSCRIBE, evidence=evidence, now=now)
        return ASKED

    def _stayed(self, request: Request, member: Member, key: str) -> Response:
        listed, tag = member.subscription, self.door.readers_language(request, member)
        words, slug, until = language.catalog(tag), listed.newsletter, listed.paused_until
        if key == ASKED:
            return self.door.tell(request, "web.check.title", words.say(key), slug=slug, tag=tag)
        name = self.door.newsletter(slug).name
        if key == PAUSED and until:
            lead = words.say(key, name=name, day=words.long_date(until), weekday=words.weekday(until))
        else:
            lead = words.say(key, name=name)
        stamp = "web.manage.paused" if key == PAUSED else None
        return self.door.tell(request, "web.stayed.title", lead, slug=slug, tag=tag, stamp=stamp)

    # ---- pages ----

    def _page(self, request: Request, session: Session, member: Member) -> Response:
        listed, person = member.subscription, member.person
        tag = self.door.readers_language(request, member)
        address = mask(person.address or "")
        if listed.status is Status.LEFT:
            may_return = (
                person.address is not None
                and listed.newsletter in self.door.settings.newsletters
                and suppression_of(session, person) is None
            )
            return self.door.show(
                request, "left", slug=listed.newsletter, tag=tag, address=address, may_return=may_return
            )
        others = [
            other
            for other in subscribers.subscriptions(session, person.id)
            if other.newsletter != listed.newsletter and other.status is not Status.LEFT
        ]
        return self.door.show(
            request,
            "leave",
            slug=listed.newsletter,
            tag=tag,
            address=address,
            others=len(others),
            reasons=REASONS,
            is_active=listed.status is Status.ACTIVE,
            cadence=listed.cadence.value,
        )

    def _goodbye(self, request: Request, member: Member, *, everything: bool, may_undo: bool) -> Response:
        listed = member.subscription
        undo = None
        if may_undo and self._may_undo(member):
            token = self.door.app.keys.tokens.sign(
                Purpose.UNDO,
                newsletter=listed.newsletter,
                subscriber_id=member.person.id,
                now=self.door.now(),
            )
            undo = self.door.paths(listed.newsletter).undo(token)
        return self.door.show(
            request,
            "goodbye",
            slug=listed.newsletter,
            tag=self.door.readers_language(request, member),
            address=mask(member.person.address or ""),
            everything=everything,
            undo=undo,
        )

    def _is_pending(self, session: Session, token: str) -> bool:
        member = whose(session, self.door.app.keys, Purpose.LEAVE, token, now=self.door.now())
        return member is not None and member.subscription.status is Status.PENDING

    def _may_undo(self, member: Member) -> bool:
        listed = member.subscription
        return (
            listed.confirmed_at is not None
            and listed.left_at is not None
            and self.door.now() - listed.left_at <= UNDO_WITHIN
        )
