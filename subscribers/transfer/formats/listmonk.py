"""listmonk: the CSV of its subscribers page, and what its API answers.

The CSV does not say who left which list (listmonk issue 2855): whoever did is still "enabled".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subscribers.transfer.cells import moment, structure
from subscribers.transfer.formats.base import Columns, Format, Parse
from subscribers.transfer.rows import Row, Standing, Unsaid

_STATUS = {
    "enabled": Standing.ACTIVE,
    "disabled": Standing.LEFT,
    "blocklisted": Standing.BLOCKED,
    "blacklisted": Standing.BLOCKED,
}
_ON_A_LIST = {
    "confirmed": Standing.ACTIVE,
    "unconfirmed": Standing.PENDING,
    "unsubscribed": Standing.LEFT,
}


def _recognises(_file: str, header: frozenset[str]) -> bool:
    return {"uuid", "email", "status"} <= header and bool({"attributes", "attribs"} & header)


def _reader(_file: str, columns: Columns) -> Parse:
    email, status = columns.email(), columns.place("status")
    attributes, kept = columns.place("attributes", "attribs"), columns.attributes()
    on_the_list, lists = columns.place("subscription_status"), columns.place("lists")
    created, updated = columns.place("created_at"), columns.place("updated_at")
    proof = columns.recorder("uuid", "status", "subscription_status", "created_at", "updated_at")

    def parse(cells: Sequence[str]) -> Row:
        word = cells[status].strip().casefold()
        if word not in _STATUS:
            raise Unsaid(f"status: {word[:20]!r} is not known")
        found = [_STATUS[word], *_lists(cells[on_the_list].strip(), cells[lists].strip())]
        standing = max(found, key=lambda one: one.severity)
        gone_at = moment(cells[updated]) if standing is not Standing.ACTIVE else None
        return Row(
            email=cells[email],
            standing=standing,
            attributes=structure(cells[attributes].strip(), dict, column="attributes") | kept(cells),
            created_at=moment(cells[created]),
            left_at=gone_at,
            suppressed_at=gone_at,
            recorded=proof(cells),
        )

    return parse


def _lists(one: str, several: str) -> list[Standing]:
    words: list[Any] = [one] if one else []
    if several.startswith("["):
        entries = structure(several, list, column="lists")
        words += [entry.get("subscription_status") for entry in entries if isinstance(entry, dict)]
    found = []
    for word in words:
        if str(word).casefold() not in _ON_A_LIST:
            raise Unsaid("subscription_status: not known")
        found.append(_ON_A_LIST[str(word).casefold()])
    return found


LISTMONK = Format(
    name="listmonk",
    title="listmonk",
    recognises=_recognises,
    reader=_reader,
    advice="listmonk's export does not say who left a list: they are “enabled” in it. Also export the "
    "unsubscribed of each list and import that with --as left.",
)
