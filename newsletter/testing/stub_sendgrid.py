"""A stub of SendGrid: what a sender sees of the real one, in this process, reaching nobody.

It checks the key, the sender and the body as SendGrid does, accepts or refuses a request as a
whole, and shows every accepted copy as its reader would get it::

    with StubSendGrid() as sendgrid:
        transport = SendGridTransport(sendgrid.key, host=sendgrid.url)
        ...
        assert sendgrid.messages[0].subject == "早安"

and it can be told to fail, request by request: ``sendgrid.script(faults.BROKEN, None, …)``.
Accepted requests stay in memory, unrendered, so ten thousand copies cost little.
"""

from __future__ import annotations

import json
import random
import secrets
import ssl
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from newsletter.clock import Clock, utc_now
from newsletter.testing.faults import Answer, Fault, errors, html
from newsletter.testing.loopback import Loopback, Request
from newsletter.testing.mail_send import Problem, problems
from newsletter.testing.sendgrid_endpoints import Endpoints

SEND = "/v3/mail/send"


class Account(StrEnum):
    """How the account stands with SendGrid."""

    GOOD = "good"
    OUT_OF_CREDITS = "out_of_credits"  # 401, as for a wrong key
    SUSPENDED = "suspended"  # 202 all the same, and no mail and no event ever
    BANNED = "banned"  # 401


@dataclass(frozen=True, slots=True)
class Message:
    """One copy as its reader gets it."""

    request_id: str  # the X-Message-Id, one for all copies of a request
    accepted_at: datetime
    _body: Mapping[str, Any] = field(repr=False)
    _number: int

    @property
    def _own(self) -> Mapping[str, Any]:
        return self._body["personalizations"][self._number]

    @property
    def address(self) -> str:
        """Whom it is for."""
        return self._own["to"][0]["email"]

    @property
    def sender(self) -> Mapping[str, str]:
        """Whom it is from: email and, mostly, name."""
        return self._own.get("from", self._body["from"])

    @property
    def subject(self) -> str:
        return self._replaced(self._own.get("subject") or self._body["subject"])

    @property
    def text(self) -> str:
        return self._part("text/plain")

    @property
    def html(self) -> str:
        return self._part("text/html")

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the request with the copy's own over them."""
        return {**self._body.get("headers", {}), **self._own.get("headers", {})}

    @property
    def reply_to(self) -> Mapping[str, str] | None:
        """Where an answer goes: email and, perhaps, name."""
        mailbox = self._body.get("reply_to")
        return {key: self._replaced(value) for key, value in mailbox.items()} if mailbox else None

    @property
    def categories(self) -> list[str]:
        return self._body.get("categories", [])

    @property
    def send_at(self) -> datetime | None:
        """When it shall go out; None: at once."""
        seconds = self._own.get("send_at", self._body.get("send_at"))
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    @property
    def number(self) -> int:
        """Its place in the request."""
        return self._number

    @property
    def custom_args(self) -> Mapping[str, str]:
        """What every event about this copy will carry."""
        return {**self._body.get("custom_args", {}), **self._own.get("custom_args", {})}

    def _part(self, kind: str) -> str:
        parts = [part["value"] for part in self._body["content"] if part["type"] == kind]
        return self._replaced(parts[0]) if parts else ""

    def _replaced(self, text: str) -> str:
        for token, value in self._own.get("substitutions", {}).items():
            text = text.replace(token, value)
        return text


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and what a healthy server would have answered; a fault may have hidden that."""

    request: Request
    answer: Answer
    fault: str | None  # its name


class StubSendGrid:
    """One account. ``keys`` maps each key to its scopes; ``domains`` are the verified senders, or any."""

    def __init__(
        self,
        *,
        keys: Mapping[str, Collection[str]] | None = None,
        domains: Collection[str] | None = None,
        clock: Clock = utc_now,
        longest_body: int = 30 * 1024 * 1024,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.keys = dict(keys or {"SG.stub-key.not-a-secret": ["mail.send"]})
        self.domains = domains
        self.account = Account.GOOD
        self.refused: set[str] = set()  # addresses that it takes for invalid
        self.is_cryptic = False  # a refusal of a body then says "Bad Request" and no field
        self.tells_first_only = False  # it then names one thing that is wrong, and no more
        self.longest_body = longest_body
        self.exchanges: list[Exchange] = []
        self._clock = clock
        self._accepted: list[tuple[str, datetime, Mapping[str, Any]]] = []
        self._script: list[Fault | None] = []
        self._trouble: tuple[float, Sequence[Fault], random.Random] = (0, (), random.Random())  # noqa: S311
        self._lock = threading.Lock()
        self._loopback = Loopback(self, tls=tls)
        self.endpoints = Endpoints(clock)  # the rest of the API, and its state

    def __enter__(self) -> Self:
        self._loopback.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._loopback.close()

    @property
    def url(self) -> str:
        """What to use as ``host``."""
        return self._loopback.url

    @property
    def key(self) -> str:
        """The first of the keys."""
        return next(iter(self.keys))

    @property
    def messages(self) -> list[Message]:
        """Every copy accepted so far that has gone out by now, in order."""
        now, is_out = self._clock(), self.endpoints.scheduled.is_out
        with self._lock:
            return [
                message
                for request_id, accepted_at, body in self._accepted
                for number in range(len(body["personalizations"]))
                for message in [Message(request_id, accepted_at, body, number)]
                if is_out(send_at=message.send_at, batch_id=body.get("batch_id"), now=now)
            ]

    @property
    def copies(self) -> int:
        """How many copies were accepted so far."""
        with self._lock:
            return sum(len(body["personalizations"]) for _, _, body in self._accepted)

    @property
    def connections(self) -> int:
        """How many connections there have been."""
        return self._loopback.connections

    def forget(self) -> None:
        """Forget what was accepted, what was exchanged and the script."""
        with self._lock:
            self._accepted.clear()
            self._script.clear()
            self.exchanges.clear()

    def script(self, *faults: Fault | None) -> None:
        """Let the next requests to send go wrong, in this order; None lets one go right."""
        with self._lock:
            self._script.extend(faults)

    def go_wrong(self, share: float, faults: Sequence[Fault], *, seed: int) -> None:
        """Let a share of the requests to send go wrong from now on, by a chance that ``seed`` repeats."""
        with self._lock:
            self._trouble = (share, faults, random.Random(seed))  # noqa: S311  # a rehearsal, no secret

    def end_connections(self) -> None:
        """End the connections there are, as a server does with idle ones."""
        self._loopback.end_connections()

    def refuse_connections(self) -> None:
        """Close the port until ``listen``."""
        self._loopback.close()

    def listen(self) -> None:
        """Open the port that ``refuse_connections`` closed."""
        self._loopback.open()

    # --- what the server asks ---

    def fault_for(self, method: str, path: str) -> Fault | None:
        """Return the next fault of the script, or one by chance when it is over."""
        if path != SEND:
            return None
        with self._lock:
            if self._script:
                return self._script.pop(0)
            share, faults, chance = self._trouble
            return chance.choice(faults) if faults and chance.random() < share else None

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        """Check, keep and answer one request."""
        is_kept = fault is None or fault.is_kept
        answer = self._answer(request, is_kept=is_kept)
        with self._lock:
            self.exchanges.append(
                Exchange(request=request, answer=answer, fault=fault.name if fault else None)
            )
        return answer

    def _answer(self, request: Request, *, is_kept: bool) -> Answer:
        if int(request.headers.get("Content-Length") or 0) > self.longest_body:
            return html(413, Connection="close")
        refusal = self._refuse_caller(request)
        if refusal:
            return refusal
        if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
            return errors(415, (None, "Content-Type should be application/json."))
        try:
            body = json.loads(request.body.decode())
        except ValueError:
            return errors(400, (None, "Bad Request"))
        found = problems(body, now=self._clock(), is_batch=self.endpoints.scheduled.is_issued)
        if found := found or self._refuse_addresses(body):
            told = [(None, "Bad Request")] if self.is_cryptic else [(one.field, one.message) for one in found]
            return errors(400, *told[: 1 if self.tells_first_only else None])
        if refusal := self._refuse_sender(body):
            return refusal
        if body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return Answer(status=200)
        answer = self._accepted_answer()
        if is_kept and self.account is not Account.SUSPENDED:
            with self._lock:
                self._accepted.append((answer.headers["X-Message-Id"], self._clock(), body))
        return answer

    def _accepted_answer(self) -> Answer:
        message_id = secrets.token_urlsafe(16)
        return Answer(status=202, headers={"X-Message-Id": message_id, "X-Frame-Options": "DENY"})

    def _refuse_addresses(self, body: Mapping[str, Any]) -> list[Problem]:
        return [
            Problem(f"personalizations.{number}.to.{place}.email", "Does not contain a valid address.")
            for number, one in enumerate(body["personalizations"])
            for place, mailbox in enumerate(one["to"])
            if mailbox["email"] in self.refused
        ]

    def _refuse_caller(self, request: Request) -> Answer | None:
        """Return the answer to a caller who may not send, or who wants something else; else None."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or key not in self.keys or self.account is Account.BANNED:
            return errors(401, (None, "The provided authorization grant is invalid, expired, or revoked"))
        if self.account is Account.OUT_OF_CREDITS:
            return errors(401, (None, "Maximum credits exceeded"))
        if request.path != SEND:
            return self.endpoints.answer(request, self.keys[key])
        if request.method != "POST":
            return errors(405, (None, "method not allowed"))
        if "mail.send" not in self.keys[key]:
            return errors(403, (None, "access forbidden"))
        return None

    def _refuse_sender(self, body: Mapping[str, Any]) -> Answer | None:
        senders = [body["from"], *(one["from"] for one in body["personalizations"] if "from" in one)]
        domains = {sender["email"].rpartition("@")[2].lower() for sender in senders}
        if self.domains is None or domains <= set(self.domains):
            return None
        return errors(
            403,
            (
                "from",
                "The from address does not match a verified Sender Identity. Mail cannot be sent until"
                " this error is resolved.",
            ),
        )
