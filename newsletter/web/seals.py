"""Seals: a hidden field that proves we showed a form, to which link, and how long ago.

A program that posts without reading the page has none; one that posts at once has a seal that is too
young. Nothing is stored, and a seal opens nothing by itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from newsletter.keys import Keys

_SHAPE = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{22})")


class Form(StrEnum):
    """The forms that carry a seal; one form's seal is worthless in another."""

    PLAIN = "plain"  # sign-up, or "send me my link"
    ASKED_FOR_PROOF = "asked"  # the same form, shown with the request for a proof of work
    CONFIRM = "confirm"
    ERASE = "erase"
    ALARM = "alarm"


class Seals:
    """Makes and opens seals with a key of their own."""

    def __init__(self, keys: Keys) -> None:
        self._key = derived_key(keys, "seal")

    def seal(self, form: Form, about: str, *, now: datetime) -> str:
        """Return the seal of a form about something (a slug, a token), shown now."""
        at = str(int(now.timestamp()))
        return f"{at}.{self._sign(form, about, at)}"

    def age(self, seal: str, form: Form, about: str, *, now: datetime) -> timedelta | None:
        """Return how long ago the form was shown; None when the seal is not ours or not of this form."""
        shape = _SHAPE.fullmatch(seal)
        if not shape or not hmac.compare_digest(self._sign(form, about, shape[1]), shape[2]):
            return None
        return now - datetime.fromtimestamp(int(shape[1]), UTC)

    def _sign(self, form: Form, about: str, at: str) -> str:
        digest = hmac.digest(self._key, f"{form}\0{about}\0{at}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def derived_key(keys: Keys, use: str) -> bytes:
    """Return a key for one use on the web, made from the key that signs links."""
    return hmac.digest(keys.tokens.keys[keys.tokens.current], f"web\0{use}".encode(), hashlib.sha256)
