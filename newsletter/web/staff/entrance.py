"""Who comes in, and whether they may: the one place where rights are asked for.

Nobody who may see nothing of a newsletter learns that it exists: that is a 404. Whoever may see it and lacks
a right is told so: 403.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from fastapi import HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from newsletter.config import LANGUAGES
from newsletter.people import logins, people, tokens
from newsletter.people.rights import ALL
from newsletter.people.tables import Person
from newsletter.web.door import Door
from newsletter.web.staff.cookies import LOGIN, Cookies
from newsletter.web.staff.route import StaffRoute
from newsletter.web.staff.someone import Someone

_BEARER = "bearer"


class NotLoggedIn(HTTPException):
    """Whoever asks must log in first, or show a token."""

    def __init__(self) -> None:
        super().__init__(401)


class StaffProblem(BaseModel):
    """Why a call was not answered."""

    problem: Literal[
        "login_needed", "forbidden", "not_found", "not_allowed", "conflict", "too_large", "invalid",
        "key_was_used", "too_many", "unavailable", "failed",
    ]  # fmt: skip
    detail: str = ""


_PROBLEMS: dict[int, str] = {
    401: "login_needed",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    409: "conflict",
    413: "too_large",
    429: "too_many",
    500: "failed",
    503: "unavailable",
}


def refused(status: int, detail: str = "", *, problem: str = "") -> JSONResponse:
    """Return the answer to a call that is refused."""
    named = problem or _PROBLEMS.get(status, "invalid" if status < 500 else "failed")
    told = StaffProblem.model_validate({"problem": named, "detail": detail})
    headers = {"www-authenticate": 'Bearer realm="staff"'} if status == 401 else None
    return JSONResponse(told.model_dump(exclude_defaults=True), status, headers=headers)


class Entrance:
    """Finds out who asks, and lets them reach a route or not."""

    def __init__(self, door: Door, cookies: Cookies) -> None:
        self._door = door
        self._cookies = cookies

    def admit(self, request: Request, route: StaffRoute) -> Someone:
        """Return who asks; raise ``NotLoggedIn``, 403 or 404 when they may not reach the route."""
        someone = self.who(request, by_token=route.is_api)
        if someone is None:
            raise NotLoggedIn
        if route.by_person and someone.token_id is not None:
            raise HTTPException(403)
        if route.is_of_newsletter:
            slug = request.path_params["newsletter"]
            allowed = someone.rights(slug) if slug in self._door.settings.newsletters else frozenset()
            if not allowed:
                raise HTTPException(404)
            if route.right is not None and route.right not in allowed:
                raise HTTPException(403)
        elif route.right is not None:
            reaches = someone.may(route.right, ALL)
            if not reaches and not (route.anywhere and someone.where(route.right)):
                raise HTTPException(403)
        return someone

    def who(self, request: Request, *, by_token: bool = False) -> Someone | None:
        """Return who asks, by a token where programs call, else by the login of the browser."""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if by_token and scheme.lower() == _BEARER:
            return self._by_token(request, shown.strip())
        return self._by_login(request, self._cookies.read(request, LOGIN))

    def _by_login(self, request: Request, shown: str) -> Someone | None:
        if not shown:
            return None
        now = self._door.now()
        with self._door.reading() as session:
            found = logins.of(session, shown, now=now)
            if found is None:
                return None
            login, person = found
            held = people.held(session, person.id)
        if logins.is_to_be_touched(login, now=now):
            idle = self._door.settings.staff.idle(remembered=login.is_remembered)
            request.state.afterwards = BackgroundTask(self._touch_login, login.id, idle)
        return self._someone(person, held)

    def _by_token(self, request: Request, shown: str) -> Someone | None:
        now = self._door.now()
        with self._door.reading() as session:
            found = tokens.of(session, shown, now=now)
            if found is None:
                return None
            token, person = found
            held = people.held(session, person.id)
        if tokens.is_to_be_touched(token, now=now):
            request.state.afterwards = BackgroundTask(self._touch_token, token.id)
        return self._someone(
            person,
            held,
            token=token.name,
            token_id=token.id,
            scopes=tokens.scopes_of(token),
            only=frozenset(token.newsletters),
        )

    def _someone(self, person: Person, held: people.Held, **more: object) -> Someone:
        return Someone(
            person_id=person.id,
            address=person.email,
            name=person.name,
            language=person.language if person.language in LANGUAGES else "",
            held=held,
            newsletters=tuple(self._door.settings.newsletters),
            **more,  # type: ignore[arg-type]  # of a token
        )

    # After the answer: a page that only shows does not wait for the database's one writer.

    def _touch_login(self, login_id: int, idle: timedelta) -> None:
        with self._door.writing() as session:
            logins.touch(session, login_id, idle=idle, now=self._door.now())

    def _touch_token(self, token_id: int) -> None:
        with self._door.writing() as session:
            tokens.touch(session, token_id, now=self._door.now())
