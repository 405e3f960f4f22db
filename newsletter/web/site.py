"""The whole site: every router behind one middleware, and a plain page for every error."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from newsletter import __version__
from newsletter.app import App
from newsletter.feedback.inbox import LARGEST_BODY
from newsletter.metrics import Histogram
from newsletter.web import console, desk, people, public, timing
from newsletter.web.alarms import Alarms
from newsletter.web.api import Api, problem
from newsletter.web.archive import Archive
from newsletter.web.docs import Docs, with_tokens
from newsletter.web.door import READ, Door
from newsletter.web.operations import Operations
from newsletter.web.security import LONGEST_BODY, OtherSites, Security
from newsletter.web.staff import PAGES, NotLoggedIn, Staff, refused
from newsletter.web.timing import Timing
from newsletter.web.webhooks import Webhooks

logger = logging.getLogger(__name__)

_FOREVER = "public, max-age=31536000, immutable"
_API, _STAFF_API, _STAFF = "/api/", "/api/staff", "/staff"


class Site(FastAPI):
    """The application, with our middleware outside of everything the framework puts around it."""

    door: Door
    staff: Staff
    latency: Histogram

    def openapi(self) -> dict[str, Any]:
        """Return the document of the API: made once, when it is first asked for."""
        return self.openapi_schema or with_tokens(super().openapi())

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap the framework's own answers too: an error page needs its headers most."""
        inner = super().build_middleware_stack()
        web = self.door.settings.web
        if web.api_origins:
            inner = _ForApi(inner, allowed=web.api_origins)
        inner = Timing(inner, self.latency)
        return Security(inner, base_url=self.door.settings.base_url, trusted=web.trusted_proxies)


class _ForApi:
    """Lets scripts of other sites call the API, and nothing else."""

    def __init__(self, app: ASGIApp, *, allowed: tuple[str, ...]) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app, allow_origins=allowed, allow_methods=["GET", "POST"], allow_headers=["content-type"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and scope["path"].startswith(_API)
        await (self._shared if is_api else self._app)(scope, receive, send)


def make_site(app: App) -> FastAPI:
    """Return the site of an installation. Raises ``ConfigError`` when it has no keys."""
    door = Door(app)
    site = Site(
        title="Newsletter",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=LONGEST_BODY,
        telemetry={"logs": False},  # what is logged of a refused request may hold an address
        dependencies=[Depends(OtherSites(app.settings.base_url))],
    )
    site.door, site.latency = door, Histogram(timing.NAME)
    site.include_router(Archive(door).routes())
    site.staff = Staff(door)
    # The desk takes any word after /staff, and the page of a newsletter any first word.
    offices = [route for pages in (people, console, desk) for route in pages.routes(site.staff)]
    site.staff.register(site, [route for route in offices if route.path == PAGES])
    # Not as routers in a router: each of those would be searched again for every request.
    for path, methods, handler in (
        *Operations(door, site.latency).routes(),
        *public.routes(door),
        *Alarms(door).routes(),
        *Docs(site.staff, site.openapi).routes(),
        ("/static/{version}/{name:path}", READ, _Static(door).file),
    ):
        site.add_api_route(path, handler, methods=methods, include_in_schema=False)
    for path, methods, handler in Webhooks(door).routes():
        site.add_api_route(
            path, handler, methods=methods, include_in_schema=False, max_body_size=LARGEST_BODY
        )
    # Behind the readers' pages: they are the busy ones.
    site.staff.register(site, [route for route in offices if route.path != PAGES])
    site.include_router(Api(door).routes())
    site.add_exception_handler(NotLoggedIn, site.staff.not_logged_in)
    site.add_exception_handler(HTTPException, _refused)
    site.add_exception_handler(RequestValidationError, _misunderstood)
    site.add_exception_handler(OperationalError, _unavailable)
    site.add_exception_handler(Exception, _failed)
    return site


class _Static:
    """The files of the pages. Their address changes with their content, so they are kept for ever."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def file(self, request: Request, version: str, name: str) -> Response:
        """Return one file."""
        found = self._door.assets.find(version, name)
        if found is None:
            return self._door.gone(request)
        content, media_type = found
        return Response(content, media_type=media_type, headers={"cache-control": _FOREVER})


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _answer(request, status)


def _misunderstood(request: Request, _error: Exception) -> Response:
    return _answer(request, 422)


def _unavailable(request: Request, error: Exception) -> Response:
    logger.error("database unavailable: %s", type(error).__name__)
    return _answer(request, 503)


def _failed(request: Request, _error: Exception) -> Response:
    return _answer(request, 500)  # the server logs the error itself


def _answer(request: Request, status: int) -> Response:
    path, site = request.scope["path"], _site(request)
    if path == _STAFF_API or path.startswith(f"{_STAFF_API}/"):
        return refused(status)
    if path.startswith(_API):
        return problem("invalid", status)
    if path == _STAFF or path.startswith(f"{_STAFF}/"):
        return site.staff.problem(request, status)
    return site.door.problem(request, status)


def _site(request: Request) -> Site:
    return request.app
