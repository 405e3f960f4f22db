"""The lists of addresses that SendGrid itself sends nothing to, read whole by windows of time.

A page holds 500, newest first, and counting on by offset would miss or repeat what joins a list meanwhile.
So the end of the window is fixed, and each further page begins where the last one ended; only within one
second are pages counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsletter.transports.base import TransportError
from newsletter.transports.keepalive import Answer, AnswerLost, NotSent

LISTS = ("bounces", "spam_reports", "invalid_emails", "unsubscribes")
OF_BOUNCES = ("bounces", "blocks", "invalid_emails")
PAGE = 500

Get = Callable[[str, Mapping[str, str]], Answer]  # the name of a list, and what is asked of it
Delete = Callable[[str, str], Answer]  # the name of a list, and an address


class NotRead(TransportError):
    """A list could not be read; the words say why. Nothing is known of it, and nothing follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One address on a list."""

    address: str
    created: int  # seconds since 1970
    words: str  # the far side's, where there are any


def read(get: Get, name: str, *, since: datetime, until: datetime) -> Iterator[Entry]:
    """Yield what came onto a list in a window, each once; raise ``NotRead``."""
    first, last, offset = int(since.timestamp()), int(until.timestamp()), 0
    told: set[tuple[str, int]] = set()
    while first <= last:
        page = _page(get, name, first, last, offset)
        for entry in page:
            if (entry.address, entry.created) not in told:
                told.add((entry.address, entry.created))
                yield entry
        if len(page) < PAGE:
            if offset == 0:
                return
            last, offset = last - 1, 0  # that second is read whole
            continue
        oldest = min(entry.created for entry in page)
        if oldest >= last:
            offset += PAGE
        else:
            # What comes again is of that second only.
            told = {one for one in told if one[1] == oldest}
            last, offset = oldest, 0


def remove(delete: Delete, address: str) -> None:
    """Take an address off every list of bounces; one that is on none is no error. Raise ``NotRead``."""
    for name in OF_BOUNCES:
        try:
            answer = delete(name, address)
        except (NotSent, AnswerLost) as error:
            raise NotRead(f"SendGrid was not reached: {error}") from error
        if answer.status == 403:
            raise NotRead(f"the key may not change its lists; give it the scope suppression.{name}.delete")
        if answer.status not in (204, 404):
            raise NotRead(f"SendGrid answered {answer.status}")


def _page(get: Get, name: str, first: int, last: int, offset: int) -> list[Entry]:
    query = {"start_time": str(first), "end_time": str(last), "limit": str(PAGE), "offset": str(offset)}
    try:
        answer = get(name, query)
    except (NotSent, AnswerLost) as error:
        raise NotRead(f"SendGrid was not reached: {error}") from error
    if answer.status == 403:
        raise NotRead(f"the key may not read them; give it the scope suppression.{name}.read")
    document = answer.document
    if answer.status != 200 or not isinstance(document, list):
        raise NotRead(f"SendGrid answered {answer.status}")
    return [entry for one in document if (entry := _entry(one)) is not None]


def _entry(one: Any) -> Entry | None:
    if not isinstance(one, dict):
        return None
    address, created = one.get("email"), one.get("created")
    if not isinstance(address, str) or not isinstance(created, int):
        return None
    words, status = one.get("reason"), one.get("status")
    said = words if isinstance(words, str) else ""
    if isinstance(status, str) and status and status not in said:
        said = f"{said} [{status}]".strip()
    return Entry(address=address.casefold(), created=created, words=said)
