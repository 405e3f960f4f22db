"""Signatures of what is posted (Standard Webhooks 1.0). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac

from newsletter.config.webhooks import SECRET_PREFIX


def headers(secret: str, message_id: str, timestamp: str, body: bytes) -> dict[str, str]:
    """Return the headers by which the far side knows that a post is ours, and which one it is."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = hmac.digest(key, b".".join((message_id.encode(), timestamp.encode(), body)), hashlib.sha256)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
