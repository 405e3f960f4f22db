"""Ghost: the CSV of its members. It guards formula cells as we do."""

from __future__ import annotations

from collections.abc import Sequence

from subscribers.transfer.cells import moment, tags, truth, unguard_cell
from subscribers.transfer.formats.base import Columns, Format, Parse
from subscribers.transfer.rows import Row, Standing, Unsaid


def _recognises(_file: str, header: frozenset[str]) -> bool:
    return {"email", "subscribed_to_emails", "complimentary_plan"} <= header


def _reader(_file: str, columns: Columns) -> Parse:
    email, subscribed = columns.email(), columns.place("subscribed_to_emails")
    created, deleted = columns.place("created_at"), columns.place("deleted_at")
    labels, note, attributes = columns.place("labels"), columns.place("note"), columns.attributes()
    proof = columns.recorder("id", "created_at", "deleted_at", "subscribed_to_emails", "tiers", "products")

    def parse(cells: Sequence[str]) -> Row:
        wants = truth(cells[subscribed])
        if wants is None:
            raise Unsaid("subscribed_to_emails: neither true nor false")
        kept = {key: unguard_cell(value) for key, value in attributes(cells).items()}
        if text := unguard_cell(cells[note].strip()):
            kept["notes"] = text[:2_000]
        return Row(
            email=unguard_cell(cells[email].strip()),
            standing=Standing.ACTIVE if wants and not cells[deleted].strip() else Standing.LEFT,
            tags=tags(unguard_cell(cells[labels].strip())),
            attributes=kept,
            created_at=moment(cells[created]),
            left_at=moment(cells[deleted]),
            recorded=proof(cells),
        )

    return parse


GHOST = Format(name="ghost", title="Ghost", recognises=_recognises, reader=_reader)
