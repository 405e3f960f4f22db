"""The cookies of those who work here: the login, and small things that are signed and soon over.

``__Host-`` keeps other hosts of the domain from setting ours; it needs https, which an installation that is
only tried out does not have.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request, Response

from newsletter.keys import Keys
from newsletter.web.seals import derived_key

LOGIN, NOTICE, HALF, KNOWN = "staff", "staff-notice", "staff-half", "staff-known"


class Cookies:
    """Sets and reads them."""

    def __init__(self, keys: Keys, *, is_https: bool) -> None:
        self._key = derived_key(keys, "staff cookies")
        self._is_https = is_https

    def name(self, of: str) -> str:
        """Return a cookie's name on this installation."""
        return f"__Host-{of}" if self._is_https else of

    def read(self, request: Request, of: str) -> str:
        """Return a cookie's value, or nothing."""
        return request.cookies.get(self.name(of), "")

    def set(self, response: Response, of: str, value: str, *, lasting: timedelta | None = None) -> None:
        """Set a cookie; without ``lasting`` it ends with the browser."""
        response.set_cookie(
            self.name(of),
            value,
            max_age=int(lasting.total_seconds()) if lasting else None,
            path="/",
            secure=self._is_https,
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response, of: str) -> None:
        """Remove a cookie."""
        response.delete_cookie(self.name(of), path="/", secure=self._is_https, httponly=True, samesite="lax")

    def pack(self, of: str, content: dict[str, Any], *, now: datetime) -> str:
        """Return small content as a signed value; whoever has it can read it."""
        told = json.dumps([int(now.timestamp()), content], ensure_ascii=False, separators=(",", ":"))
        coded = base64.urlsafe_b64encode(told.encode()).rstrip(b"=").decode()
        return f"{coded}.{self._sign(of, coded)}"

    def unpack(self, of: str, value: str, *, within: timedelta, now: datetime) -> dict[str, Any] | None:
        """Return what was packed not longer ago than ``within``; None when it is not ours."""
        coded, _, signature = value.partition(".")
        if not value.isascii() or not hmac.compare_digest(self._sign(of, coded), signature):
            return None
        try:
            at, content = json.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
        except (binascii.Error, ValueError):
            return None
        age = now - datetime.fromtimestamp(at, UTC)
        return content if -timedelta(seconds=1) <= age <= within else None

    def _sign(self, of: str, coded: str) -> str:
        digest = hmac.digest(self._key, f"{of}\0{coded}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:24]).decode()
