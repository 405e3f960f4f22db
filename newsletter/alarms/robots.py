"""The formats of webhooks: ours, signed JSON, and those of three chat robots. Pure.

DingTalk, WeCom and Feishu are built to what their makers publish and tried only against fakes that
check the signatures; docs/alarms.md calls them unverified. They answer 200 whatever happens and say in
the body whether the message was taken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from newsletter.config.alarms import WebhookKind

# What the makers allow, in bytes; DingTalk and Feishu count the whole request.
LONGEST_TEXT = {WebhookKind.DINGTALK: 16_000, WebhookKind.WECOM: 4096, WebhookKind.FEISHU: 16_000}
LONGEST_WORDS = 200
_SECRET_PART = re.compile(r"[A-Za-z0-9_-]{8,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request as it goes out. Its URL is a secret."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


def post_of(kind: WebhookKind, url: str, secret: str, content: Mapping[str, Any], *, now: datetime) -> Post:
    """Return the request that carries ``content`` to a webhook, signed at this moment."""
    match kind:
        case WebhookKind.JSON:
            return _json(url, secret, content, str(int(now.timestamp())))
        case WebhookKind.DINGTALK:
            return _dingtalk(url, secret, content, str(int(now.timestamp() * 1000)))
        case WebhookKind.WECOM:
            return _wecom(url, content)
        case WebhookKind.FEISHU:
            return _feishu(url, secret, content, str(int(now.timestamp())))


def refusal_of(kind: WebhookKind, status: int, body: bytes) -> str:
    """Return why an answer is no acceptance; empty when it is one."""
    if not 200 <= status < 300:
        return f"HTTP {status}"
    if kind is WebhookKind.JSON:
        return ""
    try:
        answer = json.loads(body.decode("utf-8", "replace"))
    except ValueError:
        return "the answer is not JSON"
    if not isinstance(answer, dict):
        return "the answer is not a JSON object"
    code = next((answer[name] for name in ("errcode", "code", "StatusCode") if name in answer), None)
    if code == 0 and not isinstance(code, bool):
        return ""
    words = next((answer[name] for name in ("errmsg", "msg", "StatusMessage") if name in answer), "")
    return f"errcode {code}: {words}"[:LONGEST_WORDS].rstrip(": ")


def masked(words: str, *secrets: str) -> str:
    """Return the far side's words without what our address and key keep secret, should it repeat them."""
    for secret in secrets:
        parts = urlsplit(secret) if "://" in secret else None
        hidden = {secret, *_SECRET_PART.findall(f"{parts.path} {parts.query}" if parts else secret)}
        for each in sorted(filter(None, hidden), key=len, reverse=True):
            words = words.replace(each, "***")
    return words


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what ``X-Newsletter-Signature`` says of a body."""
    signed = hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={signed.hex()}"


def _json(url: str, secret: str, content: Mapping[str, Any], timestamp: str) -> Post:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "X-Newsletter-Timestamp": timestamp}
    if secret:
        headers["X-Newsletter-Signature"] = signature(secret, timestamp, body)
    return Post(url=url, body=body, headers=headers)


def _dingtalk(url: str, secret: str, content: Mapping[str, Any], timestamp: str) -> Post:
    if secret:
        signed = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
        sign = quote(base64.b64encode(signed), safe="")
        url = f"{url}{'&' if '?' in url else '?'}timestamp={timestamp}&sign={sign}"
    text = _fitting(content, LONGEST_TEXT[WebhookKind.DINGTALK])
    return _robot(url, {"msgtype": "markdown", "markdown": {"title": content["subject"], "text": text}})


def _wecom(url: str, content: Mapping[str, Any]) -> Post:
    text = _fitting(content, LONGEST_TEXT[WebhookKind.WECOM])
    return _robot(url, {"msgtype": "markdown", "markdown": {"content": text}})


def _feishu(url: str, secret: str, content: Mapping[str, Any], timestamp: str) -> Post:
    text = _fitting(content, LONGEST_TEXT[WebhookKind.FEISHU], is_markdown=False)
    message: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if secret:
        signed = hmac.digest(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256)
        message = {"timestamp": timestamp, "sign": base64.b64encode(signed).decode()} | message
    return _robot(url, message)


def _robot(url: str, message: Mapping[str, Any]) -> Post:
    body = json.dumps(message, ensure_ascii=False).encode()
    return Post(url=url, body=body, headers={"Content-Type": "application/json; charset=utf-8"})


def _fitting(content: Mapping[str, Any], limit: int, *, is_markdown: bool = True) -> str:
    """Return title, text and link of a message in at most ``limit`` bytes; the link is never cut."""
    title = f"{content['subject']}\n{content['name']}"
    link = ""
    if content.get("acknowledge_url"):
        label, url = content["acknowledge_label"], content["acknowledge_url"]
        link = f"[{label}]({url})" if is_markdown else f"{label} {url}"
    head = f"### {content['subject']}\n\n{content['name']}" if is_markdown else title
    text = content["text"] if is_markdown else content["text"].replace("**", "").replace("`", "")
    left = limit - len(f"{head}\n\n\n\n{link}".encode())
    if len(text.encode()) > left:
        text = text.encode()[: max(0, left - len("…".encode()))].decode("utf-8", "ignore").rstrip() + "…"
    return "\n\n".join(filter(None, (head, text, link)))
