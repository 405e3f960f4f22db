"""Random secrets that are shown once: what a browser or a program keeps, and the hash that we keep."""

from __future__ import annotations

import hashlib
import secrets

BYTES = 32


def new(prefix: str = "") -> str:
    """Return a secret of 256 random bits."""
    return prefix + secrets.token_urlsafe(BYTES)


def digest(secret: str) -> bytes:
    """Return what is kept of a secret. It is long and random, so a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def digest_of(content: bytes) -> bytes:
    """Return what tells one content from another."""
    return hashlib.sha256(content).digest()
