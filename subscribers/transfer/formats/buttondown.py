"""Buttondown: the subscribers of an export, by the names of its API, old and new."""

from __future__ import annotations

from collections.abc import Sequence

from subscribers.transfer.cells import ip_address, moment, structure, tags
from subscribers.transfer.formats.base import Columns, Format, Parse
from subscribers.transfer.rows import Row, Standing, Unsaid

_TYPE = {
    "regular": Standing.ACTIVE,
    "premium": Standing.ACTIVE,
    "gifted": Standing.ACTIVE,
    "trialed": Standing.ACTIVE,
    "churning": Standing.ACTIVE,
    "paused": Standing.ACTIVE,  # of paying, not of reading
    "past_due": Standing.ACTIVE,
    "unactivated": Standing.PENDING,
    "unpaid": Standing.PENDING,
    "churned": Standing.PENDING,
    "upcoming": Standing.PENDING,
    "unsubscribed": Standing.LEFT,
    "removed": Standing.LEFT,
    "spammy": Standing.LEFT,
    "disabled": Standing.LEFT,
    "undeliverable": Standing.BOUNCED,
    "blocked": Standing.BLOCKED,
    "complained": Standing.COMPLAINED,
}
_PROOF = (
    "id",
    "type",
    "subscriber_type",
    "source",
    "creation_date",
    "confirmation_date",
    "ip_address",
    "referrer_url",
    "unsubscription_date",
    "unsubscription_reason",
    "undeliverability_date",
    "undeliverability_reason",
)


def _recognises(_file: str, header: frozenset[str]) -> bool:
    return (
        bool({"email", "email_address"} & header)
        and bool({"type", "subscriber_type"} & header)
        and "creation_date" in header
    )


def _reader(_file: str, columns: Columns) -> Parse:
    email, kind = columns.email(), columns.place("type", "subscriber_type")
    created, confirmed = columns.place("creation_date"), columns.place("confirmation_date")
    left, undelivered = columns.place("unsubscription_date"), columns.place("undeliverability_date")
    labels, metadata, notes = columns.place("tags"), columns.place("metadata"), columns.place("notes")
    ip, why = columns.place("ip_address"), columns.place("undeliverability_reason")
    attributes, proof = columns.attributes(), columns.recorder(*_PROOF)

    def parse(cells: Sequence[str]) -> Row:
        word = cells[kind].strip().casefold().replace(" ", "_")
        if word not in _TYPE:
            raise Unsaid(f"type: {word[:20]!r} is not known")
        standing, left_at, lost_at = _TYPE[word], moment(cells[left]), moment(cells[undelivered])
        if cells[left].strip() and standing.severity < Standing.LEFT.severity:
            standing = Standing.LEFT
        kept = structure(cells[metadata].strip(), dict, column="metadata") | attributes(cells)
        if note := cells[notes].strip():
            kept["notes"] = note[:2_000]
        return Row(
            email=cells[email],
            standing=standing,
            tags=tags(cells[labels]),
            attributes=kept,
            created_at=moment(cells[created]),
            confirmed_at=moment(cells[confirmed]),
            left_at=left_at,
            suppressed_at=lost_at or left_at,
            note=cells[why].strip() or None,
            ip=ip_address(cells[ip]),
            recorded=proof(cells),
        )

    return parse


BUTTONDOWN = Format(name="buttondown", title="Buttondown", recognises=_recognises, reader=_reader)
