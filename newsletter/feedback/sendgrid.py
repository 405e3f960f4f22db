"""SendGrid's Event Webhook in our words: the table ``READERS`` says what each kind of event means.

A batch is never refused because of one event: what cannot be read is handed back as odd, and what
nobody has heard of is ``OTHER``. SendGrid's spelling varies, so reasons and classes are compared without
case. A bounce whose words say that we come too fast, or that we are not liked, is no bounce here: QQ
says so with 550 (``newsletter.replies``). Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from newsletter.feedback.events import Event, Kind, Suppress, copy_of, key_of, moment_of, notice_of
from newsletter.feedback.judging import Odd, Read, judged, parsed
from newsletter.replies import Meaning, enhanced

NAME = "sendgrid"
_AHEAD = 86_400  # seconds; a moment further in the future was not meant in seconds
_MILLISECONDS = 100_000_000_000  # a number above this cannot be seconds


def read_post(body: bytes, *, received_at: datetime) -> Read:
    """Return the events of a post's body. Never raises because of what is in it."""
    try:
        told = parsed(body)
    except (ValueError, RecursionError) as error:
        return Read([], [Odd(f"no JSON ({type(error).__name__})", body[:500].decode("utf-8", "replace"))])
    if not isinstance(told, list):
        return Read([], [Odd("no list of events", _words(told))])
    events: list[Event] = []
    odd: list[Odd] = []
    latest = received_at.timestamp() + _AHEAD
    for one in told:
        try:
            events.append(_read(one, received_at, latest))
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            odd.append(Odd(f"not readable ({type(error).__name__})", _words(one)))
    return Read(events, odd)


def _read(one: Mapping[str, Any], received_at: datetime, latest: float) -> Event:
    name, call, told_at = one["event"], one.get("nl_call"), one.get("timestamp")
    # Only together they are ours: another installation at the same account has copies of the same names.
    ref = one.get("nl_ref") if isinstance(call, str) else None
    copy = copy_of(ref)
    edition_id, subscriber_id = copy if copy else (None, None)
    if type(told_at) is int and 0 < told_at < latest:
        at = moment_of(told_at)
    else:
        at = _moment(told_at, received_at, latest)
    kind = _PLAIN.get(name) if isinstance(name, str) else None
    if kind is not None and copy is not None:
        # By far the most: it changes nothing when it is told twice, so it needs no key.
        reply = _text(one.get("response")) if kind is Kind.DEFERRED else None
        return Event(kind, at, edition_id, subscriber_id, None, call, None, None, None, None, reply)
    address, notice_id = one.get("email"), notice_of(ref)
    event = Event(
        kind or Kind.OTHER,
        at,
        edition_id,
        subscriber_id,
        notice_id,
        call if copy is not None or notice_id is not None else None,
        address if isinstance(address, str) else None,
        _key(one),
    )
    if _is_a_test(one):
        return event._replace(kind=Kind.OTHER)
    reader = READERS.get(name) if isinstance(name, str) else None
    return reader(event, one) if reader else event


# ---- each kind of event ----

_PLAIN = {"processed": Kind.ACCEPTED, "deferred": Kind.DEFERRED, "delivered": Kind.DELIVERED}


def _deferred(event: Event, one: Mapping[str, Any]) -> Event:
    return event._replace(kind=Kind.DEFERRED, reply=_text(one.get("response")))


def _bounce(event: Event, one: Mapping[str, Any]) -> Event:
    words, status = _text(one.get("reason")) or "", _text(one.get("status"))
    if status and not enhanced(words):
        words = f"{words} [{status}]".strip()
    named = _class(one.get("bounce_classification"))
    return judged(event, words, is_final=_text(one.get("type")) != "blocked", named=named)


_CLASSES = {
    "content": Meaning.CONTENT,
    "reputation": Meaning.POLICY,
    "frequency": Meaning.THROTTLED,
    "technical": Meaning.SOFT,
    "mailbox unavailable": Meaning.SOFT,
}


def _class(named: object) -> Meaning:
    """Return what SendGrid's own class of a bounce means; it is spelled in more than one way."""
    plain = named.casefold() if isinstance(named, str) else ""
    return next((meaning for start, meaning in _CLASSES.items() if plain.startswith(start)), Meaning.UNKNOWN)


class _Drop(NamedTuple):
    """Why SendGrid did not try, and what follows."""

    suppress: Suppress | None = None
    meaning: Meaning | None = None
    alert: bool = False
    resend: bool = False


# Its earlier verdict on an address proves that our list had drifted from its own.
_DROPS = {
    "bounced address": _Drop(Suppress.HARD_BOUNCE),
    "unsubscribed address": _Drop(Suppress.UNSUBSCRIBED),
    "spam reporting address": _Drop(Suppress.COMPLAINT),
    "invalid": _Drop(Suppress.INVALID),
    "recipient list over package quota": _Drop(alert=True, resend=True),
    "spam content": _Drop(meaning=Meaning.CONTENT, alert=True),
    "invalid smtpapi header": _Drop(alert=True),
}


def _dropped(event: Event, one: Mapping[str, Any]) -> Event:
    reason = _text(one.get("reason")) or ""
    drop = _DROPS.get(reason.strip().casefold(), _Drop(alert=True))
    return event._replace(
        kind=Kind.DROPPED,
        reply=reason or None,
        suppress=drop.suppress,
        meaning=drop.meaning,
        alert=drop.alert,
        resend=drop.resend,
    )


def _complaint(event: Event, _one: Mapping[str, Any]) -> Event:
    return event._replace(kind=Kind.COMPLAINED, suppress=Suppress.COMPLAINT)


def _unsubscribe(event: Event, _one: Mapping[str, Any]) -> Event:
    return event._replace(kind=Kind.UNSUBSCRIBED, suppress=Suppress.UNSUBSCRIBED)


def _left_group(event: Event, _one: Mapping[str, Any]) -> Event:
    return event._replace(kind=Kind.UNSUBSCRIBED, suppress=Suppress.LEFT)


def _opened(event: Event, one: Mapping[str, Any]) -> Event:
    is_machine = one.get("sg_machine_open") is True or _is_program(one.get("useragent"))
    return event._replace(kind=Kind.OPENED, is_machine=is_machine)


def _clicked(event: Event, one: Mapping[str, Any]) -> Event:
    return event._replace(
        kind=Kind.CLICKED, url=_text(one.get("url")), is_machine=_is_program(one.get("useragent"))
    )


def _account(event: Event, one: Mapping[str, Any]) -> Event:
    return event._replace(kind=Kind.ACCOUNT, reply=_text(one.get("type")), alert=True)


def _nothing(event: Event, one: Mapping[str, Any]) -> Event:
    return event._replace(reply=_text(one.get("event")))


READERS: dict[str, Callable[[Event, Mapping[str, Any]], Event]] = {
    "processed": lambda event, _one: event,
    "delivered": lambda event, _one: event,
    "deferred": _deferred,
    "bounce": _bounce,
    "dropped": _dropped,
    "spamreport": _complaint,
    "unsubscribe": _unsubscribe,
    "group_unsubscribe": _left_group,
    "group_resubscribe": _nothing,  # only the person brings a subscription back, and here
    "open": _opened,
    "click": _clicked,
    "account_status_change": _account,
}

# ---- the parts of an event ----

# Programs that open mail and links for people: they say so themselves, all but Apple's, which says nothing.
_PROGRAMS = (
    "bot",
    "crawl",
    "spider",
    "preview",
    "scan",
    "curl/",
    "python",
    "go-http",
    "java/",
    "okhttp",
    "wget",
    "headless",
    "barracuda",
    "mimecast",
    "proofpoint",
    "symantec",
)


def _is_program(agent: object) -> bool:
    plain = agent.casefold().strip() if isinstance(agent, str) else ""
    return plain in ("", "mozilla/5.0") or any(word in plain for word in _PROGRAMS)


def _is_a_test(one: Mapping[str, Any]) -> bool:
    """Say whether this is from "Test your integration": about nobody, whatever it says."""
    return one.get("email") == "example@test.com" and "cat facts" in (one.get("category") or ())


def _moment(told: object, received_at: datetime, latest: float) -> datetime:
    """Return when it happened; an event without a moment that makes sense happened when it came."""
    if isinstance(told, str) and told.isascii() and told.isdigit():
        told = int(told[:18])
    if isinstance(told, bool) or not isinstance(told, int | float) or not told > 0:
        return received_at
    seconds = told / 1000 if told > _MILLISECONDS else told
    if seconds > latest:
        return received_at
    return moment_of(int(seconds))


def _key(one: Mapping[str, Any]) -> bytes:
    told = one.get("sg_event_id")
    if isinstance(told, str) and told:
        return key_of(NAME, told)
    # Old events have no name; then the same words are the same event.
    return key_of(NAME, "unnamed", json.dumps(one, sort_keys=True))


def _text(told: object) -> str | None:
    return told if isinstance(told, str) and told else None


def _words(told: object) -> str:
    return json.dumps(told, ensure_ascii=False)[:500]
