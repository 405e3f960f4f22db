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
    email, kind = columns.email(), columns.getter("type", "subscriber_type")
    created, confirmed = columns.getter("creation_date"), columns.getter("confirmation_date")
    left, undelivered = columns.getter("unsubscription_date"), columns.getter("undeliverability_date")
    labels, metadata, notes = columns.getter("tags"), columns.getter("metadata"), columns.getter("notes")
    ip, why = columns.getter("ip_address"), columns.getter("undeliverability_reason")
    attributes, proof = columns.attributes(), columns.recorder(*_PROOF)

    def parse(cells: Sequence[str]) -> Row:
        word = kind(cells).casefold().replace(" ", "_")
        if word not in _TYPE:
            raise Unsaid(f"type: {word[:20]!r} is not known")
        standing, left_at, lost_at = _TYPE[word], moment(left(cells)), moment(undelivered(cells))
        if left(cells) and standing.severity < Standing.LEFT.severity:
            standing = Standing.LEFT
        kept = structure(metadata(cells), dict, column="metadata") | attributes(cells)
        if note := notes(cells):
            kept["notes"] = note[:2_000]
        return Row(
            email=cells[email],
            standing=standing,
            tags=tags(labels(cells)),
            attributes=kept,
            created_at=moment(created(cells)),
            confirmed_at=moment(confirmed(cells)),
            left_at=left_at,
            suppressed_at=lost_at or left_at,
            note=why(cells) or None,
            ip=ip_address(ip(cells)),
            recorded=proof(cells),
        )

    return parse


BUTTONDOWN = Format(name="buttondown", title="Buttondown", recognises=_recognises, reader=_reader)
