"""The lists of addresses that the stub SendGrid sends nothing to, read in pages as the real ones are."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LARGEST_PAGE = 500


class ListName(StrEnum):
    """Why an address is on a list; also the last word of the list's path."""

    BOUNCES = "bounces"
    BLOCKS = "blocks"  # kept for people to read: nobody is dropped for it
    SPAM_REPORTS = "spam_reports"
    INVALID_EMAILS = "invalid_emails"
    UNSUBSCRIBES = "unsubscribes"


# What an event says when an address on a list is written to.
DROPPED = {
    ListName.BOUNCES: "Bounced Address",
    ListName.SPAM_REPORTS: "Spam Reporting Address",
    ListName.INVALID_EMAILS: "Invalid",
    ListName.UNSUBSCRIBES: "Unsubscribed Address",
}
_FIELDS = {
    ListName.BOUNCES: ("reason", "status"),
    ListName.BLOCKS: ("reason", "status"),
    ListName.SPAM_REPORTS: ("ip",),
    ListName.INVALID_EMAILS: ("reason",),
    ListName.UNSUBSCRIBES: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One address on a list."""

    email: str
    created: int  # seconds since 1970
    reason: str = ""
    status: str = ""
    ip: str = "198.51.100.17"


class Suppressions:
    """All the lists. An entry in ``coming`` joins its list when the next page of it is read.

    That is how a reader who counts on from page to page meets an entry twice.
    """

    def __init__(self) -> None:
        self._lists: dict[ListName, list[Entry]] = {name: [] for name in ListName}
        self.coming: list[tuple[ListName, Entry]] = []
        self._lock = threading.Lock()

    def put(self, name: ListName, entry: Entry) -> None:
        """Put an address on a list, unless it is there."""
        with self._lock:
            if all(one.email.casefold() != entry.email.casefold() for one in self._lists[name]):
                self._lists[name].append(entry)

    def remove(self, name: ListName, email: str) -> bool:
        """Take an address off a list; say whether it was there."""
        with self._lock:
            left = [one for one in self._lists[name] if one.email.casefold() != email.casefold()]
            was_there = len(left) < len(self._lists[name])
            self._lists[name] = left
            return was_there

    def why_dropped(self, email: str) -> str | None:
        """Return what an event says instead of sending to this address; None when it may be sent to."""
        for name, reason in DROPPED.items():
            if any(one.email.casefold() == email.casefold() for one in self._lists[name]):
                return reason
        return None

    def page(
        self,
        name: ListName,
        *,
        start: int | None = None,
        end: int | None = None,
        limit: int = LARGEST_PAGE,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        """Return a page, newest first; both ends of the time are within it."""
        with self._lock:
            found = [
                one
                for one in sorted(self._lists[name], key=lambda one: one.created, reverse=True)
                if (start is None or one.created >= start) and (end is None or one.created <= end)
            ]
            joined = [pair for pair in self.coming if pair[0] is name][:1]
            for pair in joined:
                self.coming.remove(pair)
                self._lists[name].append(pair[1])
        return [
            {
                "created": one.created,
                "email": one.email,
                **{field: getattr(one, field) for field in _FIELDS[name]},
            }
            for one in found[offset : offset + limit]
        ]

    def find(self, name: ListName, email: str) -> list[dict[str, Any]]:
        """Return an address's entry as a list of one, or an empty one."""
        return [one for one in self.page(name) if one["email"].casefold() == email.casefold()]
