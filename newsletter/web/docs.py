"""The page that explains the API, from its own document: nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request, Response

from newsletter.web import reference
from newsletter.web.door import READ, Routes
from newsletter.web.staff import REFUSALS, Staff


class Docs:
    """The reference. It holds nothing of an installation, so whoever finds it may read it."""

    def __init__(self, staff: Staff, document: Callable[[], dict[str, Any]]) -> None:
        self.staff = staff
        self._document = document

    def routes(self) -> Routes:
        """Return where it is."""
        return [("/api/docs", READ, self.page)]

    def page(self, request: Request) -> Response:
        """Show every call."""
        return self.staff.show(
            request,
            "docs",
            self.staff.entrance.who(request),
            common={str(status): about for status, about in REFUSALS.items()},
            calls=reference.calls(self._document()),
            base=self.staff.door.settings.base_url,
            paper=next(iter(self.staff.door.settings.newsletters), "ai_daily"),
        )


def with_tokens(document: dict[str, Any]) -> dict[str, Any]:
    """Return the API's document, which also says how a token is shown."""
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["bearer"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token: made under /staff/tokens or by `newsletter tokens add`.",
    }
    return document
