"""Coming in: the newsletters there are, the sign-up page, "send me my link", the privacy notice.

Whatever address is typed, known, unknown, suppressed or left, the same is done and the same is said.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from newsletter import language
from newsletter.config import LANGUAGES
from newsletter.language import Catalog
from newsletter.signup import requests
from newsletter.signup.requests import Wish
from newsletter.web.admission import Entry, Verdict
from newsletter.web.door import READ, WRITE, Door, Routes
from newsletter.web.forms import TRAP, Fields, Sent
from newsletter.web.mailboxes import likely_meant, mailbox_of
from newsletter.web.seals import Form
from newsletter.web.security import open_to_other_sites
from newsletter.web.visitor import visitor_of
from newsletter.web.wording import agreement
from subscribers import Evidence, InvalidAddress, normalise

_KEEP_SEAL = timedelta(hours=1)  # a form that is shown again keeps its seal, which grows older with it


class Kind(StrEnum):
    """The two forms; the name of each one's page."""

    SIGN_UP = "signup"
    LINK = "link"


class Joining:
    """The pages a visitor reaches without a link from our mail."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> Routes:
        """Return where these pages are."""
        return [
            ("/", READ, self.index),
            ("/privacy", READ, self.privacy),
            ("/{slug}", READ, self.sign_up_page),
            ("/{slug}", WRITE, self.sign_up),
            ("/{slug}/link", READ, self.link_page),
            ("/{slug}/link", WRITE, self.link),
        ]

    def index(self, request: Request) -> Response:
        """Show what there is to read; the only newsletter is its own front page."""
        newsletters = self.door.settings.newsletters
        if len(newsletters) == 1:
            return RedirectResponse(f"{self.door.prefix}/{next(iter(newsletters))}", 302)
        return self.door.show(request, "index", is_public=True, newsletters=newsletters)

    def privacy(self, request: Request) -> Response:
        """Show what is kept, and why."""
        own = self.door.settings.web.privacy_notice.strip()
        paragraphs = [part.strip() for part in own.split("\n\n")] if own else []
        return self.door.show(
            request,
            "privacy",
            is_public=True,
            own=paragraphs,
            newsletters=self.door.settings.newsletters,
            reading=self.door.settings.feedback.reading,
            trail_days=self.door.settings.feedback.trail_days,
        )

    def sign_up_page(self, request: Request, slug: str) -> Response:
        """Show the front page, which is a form."""
        return self._form(request, Kind.SIGN_UP, slug, {}, is_public=True)

    @open_to_other_sites  # the form may stand on any site
    def sign_up(self, request: Request, slug: str, sent: Sent) -> Response:
        """Write down that somebody asked, and say "check your mail"."""
        return self._answer(request, Kind.SIGN_UP, slug, sent)

    def link_page(self, request: Request, slug: str) -> Response:
        """Show the form that mails a reader their own link."""
        return self._form(request, Kind.LINK, slug, {})

    def link(self, request: Request, slug: str, sent: Sent) -> Response:
        """Write down that somebody wants their link, and say "check your mail"."""
        return self._answer(request, Kind.LINK, slug, sent)

    # ---- what both forms share ----

    def _answer(self, request: Request, kind: Kind, slug: str, sent: Fields) -> Response:
        if slug not in self.door.settings.newsletters:
            return self.door.gone(request)
        words = self._words(request, slug, sent)
        typed = sent.get("address", "")
        if sent.get(TRAP):
            return self._check(request, kind, slug, words, typed)
        try:
            address = normalise(typed)
        except InvalidAddress:
            problem = words.say("web.signup.invalid" if typed.strip() else "web.signup.empty")
            return self._form(request, kind, slug, sent, problem=problem, status=422)
        if kind is Kind.SIGN_UP and self.door.settings.web.abroad and sent.get("abroad") != "yes":
            return self._form(request, kind, slug, sent, is_abroad_missing=True, status=422)
        wish = Wish.SUBSCRIBE
        if kind is Kind.LINK:
            wish = Wish.ERASE if sent.get("wish") == Wish.ERASE else Wish.LINK
        now = self.door.now()
        with self.door.writing() as session:
            verdict = self.door.admission.decide(session, self._entry(request, kind, slug, sent), now=now)
            if verdict is Verdict.ADMITTED:
                evidence = self._evidence(request, kind, slug, words, sent)
                requests.ask(session, slug, address, wish=wish, evidence=evidence, now=now)
        match verdict:
            case Verdict.ADMITTED:
                return self._check(request, kind, slug, words, address.value)
            case Verdict.FULL:
                return self.door.problem(request, 429, slug=slug)
            case Verdict.PROVE:
                notice = words.say("web.signup.prove")
                return self._form(request, kind, slug, sent, notice=notice, asks=True)
            case Verdict.AGAIN:
                return self._form(request, kind, slug, sent, notice=words.say(f"web.{kind}.again"))

    def _entry(self, request: Request, kind: Kind, slug: str, sent: Fields) -> Entry:
        now, about, seal = self.door.now(), f"{kind} {slug}", sent.get("seal", "")
        asked = self.door.seals.age(seal, Form.ASKED_FOR_PROOF, about, now=now)
        plain = self.door.seals.age(seal, Form.PLAIN, about, now=now)
        return Entry(
            network=visitor_of(request).network,
            age=plain if asked is None else asked,
            was_asked=asked is not None,
            proof=sent.get("proof", ""),
        )

    def _evidence(self, request: Request, kind: Kind, slug: str, words: Catalog, sent: Fields) -> Evidence:
        visitor = visitor_of(request)
        if kind is Kind.LINK:
            return visitor.evidence("link page", language=words.tag)
        if not sent.get("seal"):  # the form was not ours, and we do not know its words
            origin = f"form on {visitor.origin}" if visitor.origin else "form on another site"
            return visitor.evidence(origin, language=words.tag)
        return visitor.evidence(
            "sign-up page",
            language=words.tag,
            wording=agreement(words, self.door.newsletter(slug), self.door.settings.web),
            notice_version=self.door.settings.web.privacy_version,
        )

    def _words(self, request: Request, slug: str, sent: Fields) -> Catalog:
        chosen = sent.get("lang")
        return language.catalog(chosen if chosen in LANGUAGES else self.door.language(request, slug))

    def _form(
        self,
        request: Request,
        kind: Kind,
        slug: str,
        sent: Fields,
        *,
        problem: str | None = None,
        is_abroad_missing: bool = False,
        notice: str | None = None,
        asks: bool = False,
        status: int = 200,
        is_public: bool = False,
    ) -> Response:
        if slug not in self.door.settings.newsletters:
            return self.door.gone(request)
        asks = asks or self.door.admission.asks_everybody
        return self.door.show(
            request,
            kind.value,
            slug=slug,
            tag=self._words(request, slug, sent).tag,
            status=status,
            is_public=is_public,
            asks_for_proof=asks,
            canonical=self.door.app.urls(slug).home,
            typed=sent.get("address", ""),
            problem=problem,
            is_abroad_agreed=sent.get("abroad") == "yes",
            is_abroad_missing=is_abroad_missing,
            wish=Wish.ERASE if sent.get("wish") == Wish.ERASE else Wish.LINK,
            notice=notice,
            seal=self._seal(kind, slug, sent, asks=asks),
        )

    def _seal(self, kind: Kind, slug: str, sent: Fields, *, asks: bool) -> str:
        now, about = self.door.now(), f"{kind} {slug}"
        form = Form.ASKED_FOR_PROOF if asks else Form.PLAIN
        given = sent.get("seal", "")
        age = self.door.seals.age(given, form, about, now=now)
        return given if age is not None and age < _KEEP_SEAL else self.door.seals.seal(form, about, now=now)

    def _check(self, request: Request, kind: Kind, slug: str, words: Catalog, typed: str) -> Response:
        domain = typed.rpartition("@")[2].lower()
        urls = self.door.paths(slug)
        return self.door.show(
            request,
            "check",
            slug=slug,
            tag=words.tag,
            kind=kind.value,
            typed=typed,
            domain=domain,
            slip=likely_meant(domain),
            mailbox=mailbox_of(domain),
            back=urls.link if kind is Kind.LINK else urls.home,
        )
