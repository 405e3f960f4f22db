"""Mailchimp: an audience export, one CSV each for subscribed, unsubscribed and cleaned contacts.

A cleaned contact is one that bounced. Contacts that only bought something never subscribed; their CSV
has the columns of the subscribed one, so a row without a time of confirming counts only under that name.
Times are taken as UTC.
"""

from __future__ import annotations

from collections.abc import Sequence

from subscribers.transfer.cells import ip_address, moment, tags
from subscribers.transfer.formats.base import Columns, Format, Parse
from subscribers.transfer.rows import Row, Standing, Unsaid

_PROOF = (
    "optin_time",
    "optin_ip",
    "confirm_time",
    "confirm_ip",
    "unsub_time",
    "unsub_reason",
    "unsub_reason_other",
    "clean_time",
    "leid",
    "euid",
)
_COMPLAINTS = ("abuse", "spam")


def _recognises(_file: str, header: frozenset[str]) -> bool:
    return {"leid", "euid", "optin_time"} <= header


def _standing(file: str, columns: Columns) -> Standing | None:
    name = file.casefold()
    if "clean_time" in columns or name.startswith("cleaned"):
        return Standing.BOUNCED
    if "unsub_time" in columns or name.startswith("unsubscribed"):
        return Standing.LEFT
    return Standing.ACTIVE if name.startswith("subscribed") else None


def _reader(file: str, columns: Columns) -> Parse:
    email, standing = columns.email(), _standing(file, columns)
    named = file.casefold().startswith("nonsubscribed")
    asked, confirmed = columns.place("optin_time"), columns.place("confirm_time")
    asked_ip, confirmed_ip = columns.place("optin_ip"), columns.place("confirm_ip")
    left, cleaned = columns.place("unsub_time"), columns.place("clean_time")
    reason, labels = columns.place("unsub_reason"), columns.place("tags")
    notes, language = columns.place("notes"), columns.place("language")
    attributes, proof = columns.attributes(), columns.recorder(*_PROOF)

    def parse(cells: Sequence[str]) -> Row:
        confirmed_at = moment(cells[confirmed])
        where = standing
        if where is None:
            if named or confirmed_at is None:
                raise Unsaid(
                    "nothing says that this person subscribed; if they did, name the file subscribed_….csv"
                )
            where = Standing.ACTIVE
        why = cells[reason].strip()
        if where is Standing.LEFT and any(word in why.casefold() for word in _COMPLAINTS):
            where = Standing.COMPLAINED
        kept = attributes(cells)
        if note := cells[notes].strip():
            kept["notes"] = note[:2_000]
        return Row(
            email=cells[email],
            standing=where,
            language=cells[language].strip() or None,
            tags=tags(cells[labels]),
            attributes=kept,
            created_at=moment(cells[asked]) or confirmed_at,
            confirmed_at=confirmed_at,
            left_at=moment(cells[left]),
            suppressed_at=moment(cells[cleaned]) or moment(cells[left]),
            ip=ip_address(cells[confirmed_ip]) or ip_address(cells[asked_ip]),
            recorded=proof(cells),
        )

    return parse


MAILCHIMP = Format(name="mailchimp", title="Mailchimp", recognises=_recognises, reader=_reader)
