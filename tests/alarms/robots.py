"""The far side of webhooks: small servers that check signatures as their makers describe it, and say no."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit

from newsletter.fetching import Fetcher
from newsletter.testing.faults import Answer, Fault, json_answer
from newsletter.testing.loopback import Loopback, Request

SECRET = "SEC-very-secret-0123456789"
TOKEN = "token-0123456789abcdef"


@dataclass
class FarSide:
    """Answers as ``kind`` does. ``problems`` are given as answers first, one for each request."""

    kind: str
    problems: list[Answer] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0
    longest_body: int = 1_000_000

    def fault_for(self, method: str, path: str) -> Fault | None:
        return None

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        self.asked += 1
        if self.problems:
            return self.problems.pop(0)
        if request.method == "GET":
            self.taken.append(request.path)
            return Answer(status=200)
        document = json.loads(request.body)
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        wrong = getattr(self, f"_{self.kind}")(request, document, query)
        if wrong:
            return wrong
        self.taken.append(document)
        self.headers.append(dict(request.headers.items()))
        return json_answer(200, {"code": 0} if self.kind == "feishu" else {"errcode": 0, "errmsg": "ok"})

    def _json(self, request: Request, document: Any, query: dict[str, str]) -> Answer | None:
        timestamp = request.headers["X-Newsletter-Timestamp"]
        signed = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + request.body, hashlib.sha256)
        is_ours = request.headers["X-Newsletter-Signature"] == f"v1={signed.hexdigest()}"
        return None if is_ours else Answer(status=401)

    def _dingtalk(self, request: Request, document: Any, query: dict[str, str]) -> Answer | None:
        words = f"{query.get('timestamp')}\n{SECRET}".encode()
        sign = base64.b64encode(hmac.new(SECRET.encode(), words, hashlib.sha256).digest()).decode()
        if query.get("sign") != sign or query.get("access_token") != TOKEN:
            return json_answer(200, {"errcode": 310000, "errmsg": "sign not match"})
        assert set(document) == {"msgtype", "markdown"}
        assert set(document["markdown"]) == {"title", "text"}
        return None

    def _wecom(self, request: Request, document: Any, query: dict[str, str]) -> Answer | None:
        if len(document["markdown"]["content"].encode()) > 4096:
            return json_answer(200, {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"})
        return None

    def _feishu(self, request: Request, document: Any, query: dict[str, str]) -> Answer | None:
        key = f"{document['timestamp']}\n{SECRET}".encode()
        sign = base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
        if document["sign"] != sign:
            return json_answer(200, {"code": 19021, "msg": "sign match fail"})
        assert document["msg_type"] == "text"
        return None


@contextmanager
def listening(side: FarSide) -> Iterator[str]:
    """Let a far side listen; yield the address of its webhook, which holds a secret token."""
    server = Loopback(side)
    server.open()
    try:
        yield f"{server.url}/robot/send?access_token={TOKEN}"
    finally:
        server.close()


def a_fetcher(url: str) -> Fetcher:
    """Return a fetcher that may go to a server on this machine."""
    return Fetcher(
        allow=(ip_network("127.0.0.0/8"),),
        ports=frozenset([urlsplit(url).port or 80]),
        timeout=timedelta(seconds=5),
    )
