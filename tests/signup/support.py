"""A small installation for tests of sign-up: one newsletter, one database, and a mailbox to look into."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from newsletter.config import NewsletterSettings
from newsletter.database import Database
from newsletter.delivery.notice_sender import NoticeSender
from newsletter.rendering.notice import NoticeRenderer
from newsletter.signup import membership, requests
from newsletter.signup.mail import Mailer, Unwanted
from newsletter.signup.requests import Wish
from newsletter.transports.memory import Kept, MemoryTransport
from subscribers import (
    Evidence,
    Purpose,
    Reason,
    Status,
    Subscriber,
    Subscription,
    find,
    normalise,
    suppress_address,
)
from tests.support import KEYS, SLUG, URLS, HandClock

T = TypeVar("T")
FORM = Evidence(origin="sign-up page", wording="请把早报寄给我。", notice_version="2026-11", ip="192.0.2.1")
PRESS = Evidence(origin="confirm page", ip="192.0.2.1", user_agent="Firefox")


@cache
def renderer() -> NoticeRenderer:
    return NoticeRenderer()


@dataclass
class House:
    """One newsletter and all who ask to read it."""

    database: Database
    clock: HandClock = field(default_factory=HandClock)
    transport: MemoryTransport = field(default_factory=MemoryTransport)
    slug: str = SLUG

    @property
    def mailer(self) -> Mailer:
        return Mailer(
            slug=self.slug,
            newsletter=NewsletterSettings(name="全球 AI 早报"),
            renderer=renderer(),
            urls=replace(URLS, newsletter=self.slug),
            keys=KEYS,
        )

    def ask(self, typed: str, wish: Wish = Wish.SUBSCRIBE, evidence: Evidence = FORM) -> None:
        """Send a form."""
        self.write(
            lambda session: requests.ask(
                session, self.slug, normalise(typed), wish=wish, evidence=evidence, now=self.clock()
            )
        )

    def answer(self) -> None:
        """Answer every form, and send what is due."""
        mailer = self.mailer
        while self.write(lambda session: requests.answer(session, mailer, now=self.clock())):
            pass
        sender = NoticeSender(
            database=self.database,
            transport=self.transport,
            keys=KEYS,
            clock=self.clock,
            lease=timedelta(minutes=3),
            owner="worker",
            unwanted=Unwanted(KEYS, self.clock),
        )
        while sender.send_due():
            pass

    def subscribe(self, typed: str) -> int:
        """Ask, answer and confirm; return whom it made."""
        self.ask(typed)
        self.answer()
        token = self.token("confirm", typed)
        member = self.act(membership.confirm, token, evidence=PRESS)
        assert member
        return member.person.id

    # ---- what people find in their mailbox ----

    def mails(self, typed: str) -> list[Kept]:
        """Return every mail to an address, oldest first."""
        return [kept for kept in self.transport.kept if kept.copy.address == normalise(typed).value]

    def subjects(self, typed: str) -> list[str]:
        """Return the purposes of the mails to an address, oldest first."""
        return [kept.mailing.edition.removeprefix(f"{self.slug}-") for kept in self.mails(typed)]

    def token(self, page: str, typed: str) -> str:
        """Return the token of the newest link to ``page`` in somebody's mailbox."""
        for kept in reversed(self.mails(typed)):
            if found := re.search(rf"https://news\.example\.com/{page}/(\S+)", kept.filled.text):
                return found[1]
        raise AssertionError(f"no link to {page}")

    # ---- acting and looking ----

    def act(self, act: Callable[..., T], token: str, **more: object) -> T:
        """Do what a page does with a token."""
        return self.write(lambda session: act(session, KEYS, token, now=self.clock(), **more))

    def write(self, do: Callable[[Session], T]) -> T:
        """Run ``do`` in a transaction."""
        with self.database.sessions.begin() as session:
            return do(session)

    def read(self, look: Callable[[Session], T]) -> T:
        """Run ``look`` in a transaction that never writes."""
        with self.database.readers() as session:
            return look(session)

    def person(self, typed: str) -> Subscriber | None:
        """Return who is behind an address."""
        return self.read(lambda session: find(session, KEYS.addresses, normalise(typed)))

    def status(self, typed: str, newsletter: str | None = None) -> Status | None:
        """Return where somebody stands."""
        person = self.person(typed)
        if person is None:
            return None
        listed = self.read(lambda session: session.get(Subscription, (newsletter or self.slug, person.id)))
        return listed.status if listed else None

    @property
    def now(self) -> datetime:
        """This moment."""
        return self.clock()

    @property
    def today(self) -> date:
        """The local day."""
        return self.clock().astimezone(ZoneInfo("Asia/Shanghai")).date()

    def leave(self, typed: str) -> str:
        """Press the button of a leave page; return the token for taking it back."""
        person = self.person(typed)
        assert person
        assert self.act(membership.leave, self.sign(Purpose.LEAVE, person.id), evidence=PRESS)
        return self.sign(Purpose.UNDO, person.id)

    def sign(self, purpose: Purpose, subject_id: int) -> str:
        """Make a token, as an edition or a page holds it."""
        return self.mailer.token(purpose, subject_id, self.now)

    def suppress(self, typed: str, reason: Reason = Reason.COMPLAINED) -> None:
        """Never mail an address again."""
        digest = KEYS.addresses.digest(normalise(typed))
        self.write(lambda session: suppress_address(session, digest, reason=reason, now=self.now))
