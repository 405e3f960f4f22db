"""The email itself, in a frame of its own that can do nothing: no script, no form, no way out.

It is what people wrote and what others wrote before them. So the page around it never holds it: the frame
has its own address and a policy under which nothing in it runs.
"""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from newsletter.desk.lights import in_light
from newsletter.people.rights import Right
from newsletter.web.desk.edition import text_to_look_at
from newsletter.web.desk.table import Table
from newsletter.web.desk.view import View
from newsletter.web.staff import Someone, StaffRoute

# A sandbox without any permission: an origin of its own, no scripts, no forms, no popups, no navigation of
# the page around it.
_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src {images}; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_NOTHING = "<!doctype html><title>-</title>"


class Frame:
    """What the frame shows."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        return [
            StaffRoute(
                method="GET",
                path="/staff/{newsletter}/editions/{key}/email",
                right=Right.VIEW,
                handler=self.email,
            )
        ]

    def email(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Show the HTML part, as one reader gets it."""
        view, opened = View.of(request), self.table.open(someone, newsletter, key)
        text = text_to_look_at(opened, typed=request.query_params.get("of") == "draft")
        persona = self.table.persona(someone, opened.newsletter, view)
        email = self.table.look(opened, text, persona).email
        answer = HTMLResponse(in_light(email.html, view.light) if email else _NOTHING)
        images = "http: https: data:" if view.images == "on" else "'none'"
        answer.headers["content-security-policy"] = _POLICY.format(images=images)
        answer.headers["x-frame-options"] = "SAMEORIGIN"
        answer.headers["referrer-policy"] = "no-referrer"  # whose pictures these are need not know of us
        return answer
