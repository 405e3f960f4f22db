"""Aliyun DirectMail (邮件推送) through EventBridge: CloudEvents of the kinds ``dm:…``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from newsletter.feedback.events import Event, Kind, Suppress
from newsletter.feedback.judging import Read, judged
from newsletter.feedback.shapes.parts import Whose, about, moment, read_all, text
from newsletter.replies import Meaning

NAME = "aliyun"
# Its own classes of a failure, where the far side's words say nothing.
_NO_MAILBOX = "SmtpNxBox"


def read_post(body: bytes, *, received_at: datetime, whose: Whose) -> Read:
    """Return the events of a post."""
    return read_all(body, partial(_told, received_at=received_at, whose=whose))


def _told(one: Any, *, received_at: datetime, whose: Whose) -> Iterator[Event]:
    data, kind = one["data"], text(one.get("type")).strip()
    event = about(
        NAME,
        f"{kind}/{one.get('id')}",
        at=moment(one.get("time"), received_at),
        address=data.get("rcpt"),
        message_id=data.get("msg_id"),
        whose=whose,
    )
    match kind:
        case "dm:Deliver:Succeed":
            yield event._replace(kind=Kind.DELIVERED)
        case "dm:Deliver:Fail":
            words = " ".join(text(data.get("err_msg")).split()) or text(data.get("failed_type"))
            is_final = data.get("failed_type") == _NO_MAILBOX
            yield judged(event, words, is_final=is_final, named=Meaning.HARD if is_final else Meaning.UNKNOWN)
        case "dm:Feedback:FblReport":
            yield event._replace(kind=Kind.COMPLAINED, suppress=Suppress.COMPLAINT)
        case "dm:Feedback:UnSubscribe":
            yield event._replace(kind=Kind.UNSUBSCRIBED, suppress=Suppress.UNSUBSCRIBED)
        case "dm:Trace:Open":
            yield event._replace(kind=Kind.OPENED)
        case "dm:Trace:Click":
            yield event._replace(kind=Kind.CLICKED, url=text(data.get("url")) or None)
        case _:
            yield event._replace(reply=kind or None)
