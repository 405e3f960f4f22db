"""What every handler needs: the installation, the pages and their words, seals, proofs and the time.

A handler opens its own transaction, makes no network call in it, and answers with ``show``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from newsletter import language
from newsletter.app import App
from newsletter.config import LANGUAGES, NewsletterSettings
from newsletter.signup.membership import Member
from newsletter.urls import Urls
from newsletter.web import pages
from newsletter.web.admission import Admission
from newsletter.web.pages import Assets
from newsletter.web.proofs import Proofs
from newsletter.web.seals import Seals
from newsletter.web.security import POLICY_WITH_SCRIPTS
from newsletter.web.visitor import language_of

READ = ["GET", "HEAD"]
WRITE = ["POST"]
# A path, its methods, and the handler.
Routes = list[tuple[str, list[str], Callable[..., Any]]]


class Door:
    """One installation, as the web opens it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.settings = app.settings
        self.assets = Assets()
        self.seals = Seals(app.keys)
        self.proofs = Proofs(app.keys)
        self.admission = Admission(app.settings.web, self.proofs)
        self.prefix = urlsplit(app.settings.base_url).path.rstrip("/")

    def now(self) -> datetime:
        """The moment of a request."""
        return self.app.clock()

    def reading(self) -> Session:
        """Open a session that changes nothing, for ``with``."""
        return self.app.database.readers()

    def writing(self) -> AbstractContextManager[Session]:
        """Open a transaction, for ``with``."""
        return self.app.database.sessions.begin()

    def newsletter(self, slug: str) -> NewsletterSettings:
        """Return a newsletter's settings; links outlive a newsletter that was taken from them."""
        return self.settings.newsletters.get(slug) or NewsletterSettings(name=slug)

    def paths(self, slug: str) -> Urls:
        """Return where a newsletter's pages are on this site, whatever name the site was reached by."""
        return Urls(base=self.prefix, newsletter=slug)

    def today(self, slug: str) -> date:
        """Return the newsletter's local day."""
        return self.now().astimezone(self.newsletter(slug).schedule.tz).date()

    def language(self, request: Request, slug: str | None = None, *, reader: str | None = None) -> str:
        """Return the language of an answer."""
        default = self.newsletter(slug).language if slug else self._house_language()
        return language_of(request, reader=reader, default=default)

    def readers_language(self, request: Request, member: Member) -> str:
        """Return the language of a page about one reader: theirs, unless they press another."""
        slug, person = member.subscription.newsletter, member.person
        reads = person.language or self.newsletter(slug).language
        return self.language(request, slug, reader=reads if person.address else None)

    def show(
        self,
        request: Request,
        page: str,
        *,
        slug: str | None = None,
        tag: str | None = None,
        status: int = 200,
        is_public: bool = False,
        asks_for_proof: bool = False,
        **values: object,
    ) -> HTMLResponse:
        """Answer with a page, about one newsletter or about none, in the language ``tag``."""
        tag = tag or self.language(request, slug)
        values = self._common(request, slug) | {"asks_for_proof": asks_for_proof, "page": page} | values
        response = HTMLResponse(pages.render(page, language.catalog(tag), **values), status)
        response.headers["content-language"] = tag
        if is_public:
            response.headers["x-robots-tag"] = "all"
        if asks_for_proof:
            response.headers["content-security-policy"] = POLICY_WITH_SCRIPTS
        return response

    def tell(
        self,
        request: Request,
        title: str,
        lead: str,
        *,
        slug: str | None = None,
        tag: str | None = None,
        stamp: str | None = None,
        more: str | None = None,
        onward: str | None = None,
    ) -> HTMLResponse:
        """Answer with a plain page: what has happened, and at most one way on."""
        return self.show(
            request, "told", slug=slug, tag=tag, title=title, lead=lead, stamp=stamp, more=more, onward=onward
        )

    def gone(self, request: Request) -> HTMLResponse:
        """Answer what a wrong, an old and an unknown link have in common."""
        return self.problem(request, 404)

    def problem(self, request: Request, status: int, *, slug: str | None = None) -> HTMLResponse:
        """Answer with the plain page of an error."""
        known = status if status in (403, 404, 405, 413, 429, 500, 503) else 400 if status < 500 else 500
        return self.show(request, "problem", slug=slug, status=status, kind=str(known))

    def _common(self, request: Request, slug: str | None) -> dict[str, object]:
        if slug is None and len(self.settings.newsletters) == 1:
            slug = next(iter(self.settings.newsletters))
        return {
            "slug": slug,
            "newsletter": self.newsletter(slug) if slug else None,
            "urls": self.paths(slug or ""),
            "root": self.prefix or "",
            "static": f"{self.prefix}/static/{self.assets.version}",
            "is_get": request.method in READ,
            "languages": {tag: language.catalog(tag).texts["language.name"] for tag in LANGUAGES},
            "web": self.settings.web,
            "today": self.today(slug) if slug else None,
        }

    def _house_language(self) -> str:
        return next((each.language for each in self.settings.newsletters.values()), LANGUAGES[0])
