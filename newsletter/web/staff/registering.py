"""Makes of a ``StaffRoute`` what the framework calls: the check first, then the handler."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

from fastapi import Depends, FastAPI, Request, Response

from newsletter.web.door import READ
from newsletter.web.staff.entrance import Entrance, StaffProblem, refused
from newsletter.web.staff.repeating import Repeating
from newsletter.web.staff.route import StaffRoute
from newsletter.web.staff.someone import Someone

REFUSALS = {
    401: "Show a token, as `Authorization: Bearer nl_…`.",
    403: "The token, or its person, lacks the right.",
    404: "There is no such thing, or it may not be seen.",
    409: "It is not in a state for this, or the same call is being answered.",
    422: "A value is missing or wrong, or the `Idempotency-Key` was used for another call.",
}


def register(site: FastAPI, route: StaffRoute, entrance: Entrance, repeating: Repeating) -> None:
    """Add a route to the site, behind the check."""
    endpoint = _endpoint(route, entrance, repeating)
    options: dict[str, Any] = {"max_body_size": route.largest_body} if route.largest_body else {}
    if not route.is_api:
        methods = READ if route.method == "GET" else [route.method]
        site.add_api_route(route.path, endpoint, methods=methods, include_in_schema=False, **options)
        return
    site.add_api_route(
        route.path,
        endpoint,
        methods=[route.method],
        name=f"{route.handler.__name__}",
        tags=["staff"],
        response_model=route.answer,
        status_code=route.status,
        responses={
            code: {"model": StaffProblem, "description": text}
            for code, text in REFUSALS.items()
            if code != 409 or route.method == "POST"
        },
        openapi_extra=_documented(route),
        **options,
    )
    if route.method == "GET":
        site.add_api_route(route.path, endpoint, methods=["HEAD"], include_in_schema=False)


def _documented(route: StaffRoute) -> dict[str, Any]:
    """Return what the document says of a call beyond its shapes."""
    told: dict[str, Any] = {"security": [{"bearer": []}], "x-right": route.right}
    if route.method == "POST":
        told["parameters"] = [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same call with the same key acts once; its answer is the same for a day.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        ]
    return told


def _endpoint(route: StaffRoute, entrance: Entrance, repeating: Repeating) -> Callable[..., Response]:
    handler, takes = route.handler, inspect.signature(route.handler)

    def admitted(request: Request) -> Someone | None:
        return entrance.who(request) if route.is_open else entrance.admit(request, route)

    def endpoint(**given: Any) -> Response:
        request: Request = given["request"]
        raw: bytes | None = given.pop("_raw", None)

        def act() -> Response:
            return handler(**given)

        someone: Someone | None = given.get("someone")
        key = request.headers.get("idempotency-key") if raw is not None else None
        if key is None or someone is None or raw is None:
            response = act()
        elif not 1 <= len(key) <= 255:
            response = refused(422, "Idempotency-Key: 1 to 255 characters")
        else:
            response = repeating.once(
                someone.caller, key, _call(request, raw), act, keeps=not route.shows_secret
            )
        # The use of a login is noted when the answer is on its way.
        afterwards = getattr(request.state, "afterwards", None)
        if afterwards is not None and response.background is None:
            response.background = afterwards
        return response

    hints = get_type_hints(handler, include_extras=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    found = [
        inspect.Parameter(
            name,
            keyword,
            default=parameter.default,
            annotation=Annotated[Any, Depends(admitted)] if name == "someone" else hints.get(name, Any),
        )
        for name, parameter in takes.parameters.items()
    ]
    # Who asks is found out before a form is read, however large.
    found.sort(key=lambda parameter: parameter.name != "someone")
    if route.is_api and route.method == "POST":
        found.append(inspect.Parameter("_raw", keyword, annotation=Annotated[bytes, Depends(_raw)]))
    endpoint.__signature__ = inspect.Signature(found)
    endpoint.__name__, endpoint.__doc__ = handler.__name__, handler.__doc__
    return endpoint


async def _raw(request: Request) -> bytes:
    # Only a call that names a key is compared with another; an upload without one is not held in memory.
    return await request.body() if "idempotency-key" in request.headers else b""


def _call(request: Request, raw: bytes) -> bytes:
    asked = f"{request.method} {request.url.path}?{request.url.query}"
    return asked.encode() + b"\0" + request.headers.get("content-type", "").encode() + b"\0" + raw
