"""What the shapes have in common: finding the copy, moments, and reading a post without ever raising."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from newsletter.feedback.events import Event, Kind, copy_of, key_of, notice_of
from newsletter.feedback.judging import Odd, Read, parsed

Whose = Callable[[str], str | None]  # our name for a copy from its Message-ID
One = Mapping[str, Any]
_MILLISECONDS = 100_000_000_000
_MISSHAPEN = (TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError)


def read_all(body: bytes, told_by: Callable[[Any], Iterable[Event]]) -> Read:
    """Return the events of a post that is one JSON document; ``told_by`` yields them."""
    try:
        told = parsed(body)
    except (ValueError, RecursionError) as error:
        return Read([], [Odd(f"no JSON ({type(error).__name__})", body[:500].decode("utf-8", "replace"))])
    events: list[Event] = []
    odd: list[Odd] = []
    if isinstance(told, dict) and isinstance(told.get("events"), list):
        told = told["events"]
    for one in told if isinstance(told, list) else [told]:
        try:
            events += told_by(one)
        except _MISSHAPEN as error:
            odd.append(
                Odd(f"not readable ({type(error).__name__})", json.dumps(one, ensure_ascii=False)[:500])
            )
    return Read(events, odd)


def about(
    provider: str,
    key: str,
    *,
    at: datetime,
    address: object,
    message_id: object,
    whose: Whose,
) -> Event:
    """Return an event that is still to be given its kind."""
    ref = whose(message_id) if isinstance(message_id, str) else None
    copy = copy_of(ref)
    return Event(
        Kind.OTHER,
        at,
        copy[0] if copy else None,
        copy[1] if copy else None,
        notice_of(ref),
        address=address if isinstance(address, str) else None,
        key=key_of(provider, key),
    )


def moment(told: object, received_at: datetime) -> datetime:
    """Return when it happened: ISO 8601 or seconds; what makes no sense happened when it came."""
    try:
        if isinstance(told, str):
            found = datetime.fromisoformat(told)
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
        elif isinstance(told, int | float) and not isinstance(told, bool) and told > 0:
            found = datetime.fromtimestamp(told / 1000 if told > _MILLISECONDS else told, UTC)
        else:
            return received_at
    except (ValueError, OverflowError, OSError):
        return received_at
    return min(found.astimezone(UTC), received_at)


def text(told: object) -> str:
    """Return a text, or an empty one."""
    return told if isinstance(told, str) else ""
