"""Whether a program that posts to us is who it must be: by a signature, a password, or Mailgun's own way.

Compared in a time that tells nothing. A secret proves who posts, and its age that nobody has kept it.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

# Providers tell again for a day, and may sign only once.
OLDEST, AHEAD = timedelta(hours=25), timedelta(minutes=10)
SIGNATURE_HEADER, TIMESTAMP_HEADER = "x-newsletter-signature", "x-newsletter-timestamp"


def is_fresh(timestamp: str | None, *, now: datetime) -> bool:
    """Say whether a moment in seconds since 1970 is neither absurdly old nor in the future."""
    if not timestamp or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    age = now.timestamp() - int(timestamp)
    return -AHEAD.total_seconds() <= age <= OLDEST.total_seconds()


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now: datetime) -> bool:
    """Say whether a post carries HMAC-SHA-256, in hex, of its timestamp, a dot and its very bytes."""
    timestamp, told = headers.get(TIMESTAMP_HEADER), headers.get(SIGNATURE_HEADER, "")
    if timestamp is None or not is_fresh(timestamp, now=now):
        return False
    return _matches(told.removeprefix("sha256="), secrets, timestamp.encode() + b"." + body)


def has_password(headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Say whether a post names a secret as the password of HTTP Basic, whatever the user is called."""
    scheme, _, coded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        password = b64decode(coded, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return False
    return sum(hmac.compare_digest(password, secret.encode()) for secret in secrets) > 0


def is_mailguns(body: bytes, keys: Sequence[str], *, now: datetime) -> bool:
    """Say whether a post is signed as Mailgun signs: a timestamp and a token, by its own key."""
    if not keys:
        return False
    try:
        signature = json.loads(body)["signature"]
        timestamp, token, told = (str(signature[name]) for name in ("timestamp", "token", "signature"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    return is_fresh(timestamp, now=now) and _matches(told, keys, f"{timestamp}{token}".encode())


def _matches(told: str, secrets: Sequence[str], message: bytes) -> bool:
    if not told.isascii():
        return False
    # All are tried, so that the time does not tell which one it was.
    found = (hmac.new(secret.encode(), message, hashlib.sha256).hexdigest() for secret in secrets)
    return sum(hmac.compare_digest(each, told.lower()) for each in found) > 0
