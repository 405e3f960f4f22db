"""The stub SendGrid's Event Webhook: events in batches, signed, told again until they are taken.

The oddities of the wire are kept: JSON without blanks, ``,\\r\\n`` between events and ``\\r\\n`` at the end,
all of it under the signature. What can be wrong with a post is a ``Flaw``; what SendGrid itself does to
order and number is an argument of ``batches``.
"""

from __future__ import annotations

import http.client
import json
import random
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from newsletter.testing.certificate import SigningKey
from newsletter.testing.sendgrid_events import Event

LARGEST_BATCH = 768_000  # bytes
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
GIVES_UP = timedelta(hours=24)
FIRST_PAUSE = timedelta(minutes=1)  # doubled after every refusal


class Flaw(StrEnum):
    """What may be wrong with a post."""

    NO_SIGNATURE = "no signature"
    NO_TIMESTAMP = "no timestamp"
    WRONG_KEY = "wrong key"
    TAMPERED = "a byte changed"
    WRITTEN_AGAIN = "the same JSON, written by somebody else"
    OLD = "signed two days ago"
    NOT_A_LIST = "no list"
    NOT_UTF8 = "no UTF-8"


def wire(events: Sequence[Event]) -> bytes:
    """Return a batch as it is posted."""
    lines = [json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in events]
    return ("[" + ",\r\n".join(lines) + "]\r\n").encode()


def batches(
    events: Sequence[Event],
    *,
    seed: int | None = None,
    duplicates: int = 0,
    largest: int = LARGEST_BATCH,
) -> list[list[Event]]:
    """Return the events in batches: by ``seed`` out of order, and some of them told more than once."""
    told = list(events)
    if seed is not None:
        chance = random.Random(seed)  # noqa: S311  # a rehearsal, no secret
        told += chance.choices(told, k=duplicates) if told else []
        chance.shuffle(told)
    found: list[list[Event]] = [[]]
    size = 1  # the brackets, less the comma that is not there
    for event in told:
        length = len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()) + 3
        if found[-1] and size + length > largest:
            found.append([])
            size = 1
        found[-1].append(event)
        size += length
    return found if found[-1] else []


@dataclass
class Post:
    """One batch on its way to a receiver, perhaps for the second time."""

    body: bytes
    next_at: datetime
    began_at: datetime
    pause: timedelta = FIRST_PAUSE


@dataclass
class EventWebhook:
    """Posts events to ``url``. What is not taken is posted again, by the clock it is given, for a day."""

    url: str
    key: SigningKey = field(default_factory=SigningKey)
    timeout: timedelta = timedelta(seconds=10)
    waiting: list[Post] = field(default_factory=list)
    given_up: int = 0  # batches

    def tell(self, found: Sequence[Sequence[Event]], *, now: datetime) -> list[int]:
        """Post these batches and return the answers' statuses; 0 for none."""
        self.waiting += [Post(body=wire(batch), next_at=now, began_at=now) for batch in found]
        return self.retry(now=now)

    def retry(self, *, now: datetime) -> list[int]:
        """Post what is due now, and return the answers' statuses."""
        statuses: list[int] = []
        for post in [one for one in self.waiting if one.next_at <= now]:
            statuses.append(self.post(post.body, now=now))
            if 200 <= statuses[-1] < 300:
                self.waiting.remove(post)
            elif now + post.pause > post.began_at + GIVES_UP:
                self.waiting.remove(post)
                self.given_up += 1
            else:
                post.next_at, post.pause = now + post.pause, post.pause * 2
        return statuses

    def post(self, body: bytes, *, now: datetime, flaw: Flaw | None = None) -> int:
        """Post one body and return the answer's status; 0 for none."""
        url = urlsplit(self.url)
        sent, headers = self.signed(body, now=now, flaw=flaw)
        connection = http.client.HTTPConnection(url.netloc, timeout=self.timeout.total_seconds())
        try:
            connection.request("POST", url.path or "/", sent, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def signed(self, body: bytes, *, now: datetime, flaw: Flaw | None = None) -> tuple[bytes, dict[str, str]]:
        """Return a body and the headers it is posted with."""
        if flaw is Flaw.NOT_A_LIST:
            body = b'{"event":"delivered"}\r\n'
        if flaw is Flaw.NOT_UTF8:
            body = b'[{"email":"\xff\xfe","event":"delivered"}]\r\n'
        moment = now - timedelta(days=2) if flaw is Flaw.OLD else now
        timestamp = str(int(moment.timestamp()))
        key = SigningKey() if flaw is Flaw.WRONG_KEY else self.key
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "SendGrid Event API",
            SIGNATURE: b64encode(key.sign(timestamp.encode() + body)).decode(),
            TIMESTAMP: timestamp,
        }
        if flaw is Flaw.NO_SIGNATURE:
            del headers[SIGNATURE]
        if flaw is Flaw.NO_TIMESTAMP:
            del headers[TIMESTAMP]
        if flaw is Flaw.TAMPERED:
            body = body.replace(b"delivered", b"delivereD") if b"delivered" in body else body[:-3] + b" \r\n"
        if flaw is Flaw.WRITTEN_AGAIN:
            body = json.dumps(json.loads(body)).encode()
        return body, headers
