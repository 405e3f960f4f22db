"""Codes of the second factor: six digits that change every 30 seconds (RFC 6238, SHA-1, as every app has it).

Pure. A code is good for its own half minute and its neighbours, because clocks differ.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
NEIGHBOURS = (0, -1, 1)


def step_of(now: datetime) -> int:
    """Return the number of the half minute."""
    return int(now.timestamp()) // STEP_SECONDS


def code(secret: bytes, step: int) -> str:
    """Return the code of a half minute (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: bytes, typed: str, *, now: datetime, after: int | None) -> int | None:
    """Return the half minute that a typed code is of; None when it is wrong, or not newer than ``after``."""
    digits = "".join(typed.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    here = step_of(now)
    # All are tried, so that the time does not tell which one it was.
    found = [here + near for near in NEIGHBOURS if hmac.compare_digest(code(secret, here + near), digits)]
    return next((step for step in found if after is None or step > after), None)


def base32(secret: bytes) -> str:
    """Return a secret as apps take it when it is typed."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri(secret: bytes, *, issuer: str, account: str) -> str:
    """Return the address that an app reads from a picture (Key Uri Format)."""
    label = quote(f"{issuer}:{account}", safe="")
    return f"otpauth://totp/{label}?secret={base32(secret)}&issuer={quote(issuer, safe='')}"
