"""What every page of those who work here needs: showing, telling what was done, and writing it down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from newsletter import language, limits
from newsletter.config import LANGUAGES
from newsletter.language import Catalog
from newsletter.limits import Limit
from newsletter.people import audit
from newsletter.people.passwords import Passwords
from newsletter.people.rights import Right
from newsletter.people.tables import Person
from newsletter.web import pages
from newsletter.web.door import READ, Door
from newsletter.web.security import POLICY_OF_STAFF
from newsletter.web.staff.cookies import LOGIN, NOTICE, Cookies
from newsletter.web.staff.entrance import Entrance, refused
from newsletter.web.staff.registering import register
from newsletter.web.staff.repeating import Repeating
from newsletter.web.staff.returning import LOGIN_PAGE, safe
from newsletter.web.staff.route import StaffRoute
from newsletter.web.staff.someone import Someone
from newsletter.web.visitor import accepted

HEADERS = {
    "content-security-policy": POLICY_OF_STAFF,
    # Unlike readers' links, these hold no secret; and our own forms say where they were.
    "referrer-policy": "same-origin",
}
NOTICE_FOR = timedelta(minutes=1)
PER_PASSWORD = Limit(name="staff.password.quarter", times=8, window=timedelta(minutes=15))


class Problem(NamedTuple):
    """Why a form is answered anew: the key of the words, and the status."""

    key: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One entry of the navigation."""

    url: str
    label: str  # the key of its text
    is_here: bool


class Staff:
    """One installation's pages for those who work on it."""

    def __init__(self, door: Door) -> None:
        self.door = door
        is_https = urlsplit(door.settings.base_url).scheme == "https"
        self.cookies = Cookies(door.app.keys, is_https=is_https)
        self.entrance = Entrance(door, self.cookies)
        self.passwords = Passwords.of(door.settings.staff)
        self.second_key = door.app.keys.made_for("second factor")
        self.root = f"{door.prefix}/staff"
        self.routes: list[StaffRoute] = []

    def register(self, site: FastAPI, routes: list[StaffRoute]) -> None:
        """Put pages and calls on the site, behind the check of who asks and what they may do."""
        repeating = Repeating(self.door)
        for route in routes:
            register(site, route, self.entrance, repeating)
            self.routes.append(route)

    def password_problem(self, someone: Someone, typed: str) -> Problem | None:
        """Return what is wrong with a password that whoever is logged in typed once more.

        A browser that was left open may look around. What would outlast it takes the password once more.
        """
        with self.door.writing() as session:
            allowed = limits.allow(
                session, PER_PASSWORD, f"password {someone.person_id}", now=self.door.now()
            )
            kept = session.get_one(Person, someone.person_id).password_hash
        if not allowed:
            return Problem("staff.login.too_many", 429)
        is_right = self.passwords.check(kept, typed).is_right
        return None if is_right else Problem("staff.account.wrong_password", 422)

    # ---- answers ----

    def show(
        self,
        request: Request,
        page: str,
        someone: Someone | None,
        *,
        slug: str | None = None,
        status: int = 200,
        **values: object,
    ) -> HTMLResponse:
        """Answer with ``pages/staff/<page>.html.j2``, in the language of whoever asks.

        When htmx asks for a part of the page (``HX-Target``) and the template has a block of that name, with
        ``_`` for ``-``, only that block is answered.
        """
        words = self.words(request, someone)
        notice = self._notice(request)
        common = self._common(request, someone, slug, words) | {"page": page}
        shown = {"notice": words.say(notice["key"], **notice["values"]) if notice else None}
        block = _wanted_block(request)
        html = pages.render_staff(page, words, block=block, **(common | shown | values))
        response = HTMLResponse(html, status, headers=HEADERS)
        response.headers["content-language"] = words.tag
        response.headers["vary"] = "HX-Request, HX-Target"
        if notice and not block:
            self.cookies.drop(response, NOTICE)
        return response

    def words(self, request: Request, someone: Someone | None) -> Catalog:
        """Return the words of whoever asks: what they press, theirs, their browser's, the house's."""
        pressed = request.query_params.get("lang")
        own = someone.language if someone else ""
        for tag in (pressed, own, accepted(request.headers.get("accept-language", ""))):
            if tag and tag in LANGUAGES:
                return language.catalog(tag)
        papers = self.door.settings.newsletters.values()
        return language.catalog(next((paper.language for paper in papers), LANGUAGES[0]))

    def go(self, path: str) -> RedirectResponse:
        """Answer a POST: go to a page under /staff, which is then loaded with GET."""
        return RedirectResponse(f"{self.door.prefix}{path}", 303, headers=HEADERS)

    def notice(self, response: Response, text_key: str, **values: str | int) -> None:
        """Let the page that ``response`` leads to say in one line what was done."""
        content: dict[str, Any] = {"key": text_key, "values": values}
        packed = self.cookies.pack(NOTICE, content, now=self.door.now())
        self.cookies.set(response, NOTICE, packed, lasting=NOTICE_FOR)

    def audit(
        self,
        session: Session,
        someone: Someone,
        action: str,
        *,
        newsletter: str = "",
        about: str = "",
        facts: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> None:
        """Write down what somebody does, in the transaction that does it. Addresses in it are masked."""
        audit.write(session, someone.actor, action, about=about, newsletter=newsletter, facts=facts, now=now)

    def not_logged_in(self, request: Request, _error: Exception) -> Response:
        """Send a browser to the login and back afterwards; tell a program that it needs a token."""
        path = request.scope["path"]
        if path.startswith("/api/"):
            return refused(401)
        if request.method not in READ:
            path = "/staff"
        elif request.url.query:
            path = f"{path}?{request.url.query}"
        wanted = safe(path)
        to = f"{self.door.prefix}{LOGIN_PAGE}" + (f"?next={quote(wanted, safe='/')}" if wanted else "")
        if "hx-request" in request.headers:  # a part of a page cannot be the login
            response = Response(status_code=401, headers={**HEADERS, "hx-redirect": to})
        else:
            response = RedirectResponse(to, 303, headers=HEADERS)
        if self.cookies.read(request, LOGIN):
            self.cookies.drop(response, LOGIN)
        return response

    def problem(self, request: Request, status: int) -> Response:
        """Answer with the plain page of an error, in the frame of those who work here."""
        known = status if status in (403, 404, 405, 413, 429, 500, 503) else 400 if status < 500 else 500
        return self.show(request, "problem", None, status=status, kind=str(known))

    # ---- what every page has ----

    def _notice(self, request: Request) -> dict[str, Any] | None:
        packed = self.cookies.read(request, NOTICE)
        if not packed:
            return None
        return self.cookies.unpack(NOTICE, packed, within=NOTICE_FOR, now=self.door.now())

    def _common(
        self, request: Request, someone: Someone | None, slug: str | None, words: Catalog
    ) -> dict[str, object]:
        door = self.door
        papers = door.settings.newsletters
        return {
            "someone": someone,
            "slug": slug,
            "newsletter": papers.get(slug) if slug else None,
            "papers": [(each, papers[each]) for each in someone.where(Right.VIEW)] if someone else [],
            "root": door.prefix,
            "staff": self.root,
            "here": f"{self.root}/{slug}" if slug else self.root,
            "path": request.scope["path"],
            "static": f"{door.prefix}/static/{door.assets.version}",
            "languages": {tag: language.catalog(tag).texts["language.name"] for tag in LANGUAGES},
            "is_get": request.method in READ,
            "nav": self._navigation(request, someone, slug) if someone and slug else [],
            "house_nav": self._house_navigation(request, someone) if someone else [],
            "may": _asker(someone, slug),
            "Right": Right,
            "now": door.now(),
            "local": self._clock(slug, words),
        }

    def _navigation(self, request: Request, someone: Someone, slug: str) -> list[Way]:
        return self._ways(request, f"{self.root}/{slug}", lambda route: (
            route.is_of_newsletter and (route.right is None or someone.may(route.right, slug))
        ), slug)  # fmt: skip

    def _house_navigation(self, request: Request, someone: Someone) -> list[Way]:
        return self._ways(request, self.root, lambda route: not route.is_of_newsletter and (
            route.right is None or bool(someone.rights("") & {route.right})
            or (route.anywhere and bool(someone.where(route.right)))
        ), "")  # fmt: skip

    def _ways(
        self, request: Request, home: str, is_shown: Callable[[StaffRoute], bool], slug: str
    ) -> list[Way]:
        path = f"{self.door.prefix}{request.scope['path']}"
        chosen = sorted((route for route in self.routes if route.nav and is_shown(route)), key=_place)
        urls = [self.door.prefix + route.path.replace("{newsletter}", slug) for route in chosen]
        # The longest that leads here is the one we are at.
        fits = [url for url in urls if path == url or (url != home and path.startswith(f"{url}/"))]
        here = max(fits, key=len, default="")
        return [
            Way(url=url, label=route.nav, is_here=url == here)
            for url, route in zip(urls, chosen, strict=True)
        ]

    def _clock(self, slug: str | None, words: Catalog) -> Callable[..., str]:
        settings = self.door.settings.newsletters
        paper = settings.get(slug) if slug else next(iter(settings.values()), None)
        zone = paper.schedule.tz if paper else None
        this_year = self.door.now().astimezone(zone).year

        def local(at: datetime, *, seconds: bool = False) -> str:
            there = at.astimezone(zone)
            day = there.date()
            date = words.short_date(day) if day.year == this_year else words.long_date(day)
            return f"{date} {there:%H:%M:%S}" if seconds else f"{date} {there:%H:%M}"

        return local


def _place(route: StaffRoute) -> int:
    return route.nav_at


def _wanted_block(request: Request) -> str:
    if "hx-request" not in request.headers:
        return ""
    # htmx 4 names the element as tag#id.
    return request.headers.get("hx-target", "").rpartition("#")[2].replace("-", "_")


def _asker(someone: Someone | None, slug: str | None) -> Callable[[Right], bool]:
    def may(right: Right) -> bool:
        return someone is not None and someone.may(right, slug or "")

    return may
