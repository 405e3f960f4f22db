"""What a failure means for the reader, whoever tells of it, and what a post was read as. Pure."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from newsletter.feedback.events import OURS, Event, Kind, Suppress
from newsletter.lanes import lane_of
from newsletter.replies import Meaning, read


class Odd(NamedTuple):
    """Something that could not be read, and why."""

    why: str
    words: str


class Read(NamedTuple):
    """What a post holds."""

    events: list[Event]
    odd: list[Odd]


def parsed(body: bytes | str) -> Any:
    """Return what JSON says, every text fit for a database; raise ``ValueError`` or ``RecursionError``.

    A post must not fail for one text: half a surrogate pair is no character, and PostgreSQL refuses NUL. Only
    an escape brings one in, or the byte that such halves begin with.
    """
    told = json.loads(body)
    is_plain = isinstance(body, bytes) and b"\\u" not in body and b"\xed" not in body
    return told if is_plain else _fit(told)


def _fit(told: Any) -> Any:
    if isinstance(told, str):
        return told.encode("utf-8", "replace").decode().replace("\0", "")
    if isinstance(told, list):
        return [_fit(each) for each in told]
    if isinstance(told, dict):
        return {_fit(name): _fit(each) for name, each in told.items()}
    return told


def judged(event: Event, words: str, *, is_final: bool, named: Meaning = Meaning.UNKNOWN) -> Event:
    """Return a failure as what it is: a bounce that ends mail to the address, or a block that does not.

    ``is_final`` is the provider's own opinion and ``named`` its class; the far side's words count for
    more, because some say "you come too fast" with the code of a mailbox that does not exist.
    """
    lane = lane_of((event.address or "").rpartition("@")[2].casefold())
    meaning = read(words, lane=lane)
    if named is Meaning.CONTENT and meaning is Meaning.POLICY:
        meaning = named  # 5.7.1 is both; the provider has read the rest
    if meaning is Meaning.UNKNOWN:
        meaning = named
    event = event._replace(meaning=meaning, reply=words or None)
    if not is_final or meaning in OURS or meaning is Meaning.SOFT:
        return event._replace(kind=Kind.BLOCKED, suppress=None, alert=meaning is Meaning.CONTENT)
    return event._replace(kind=Kind.BOUNCED, suppress=Suppress.HARD_BOUNCE)
