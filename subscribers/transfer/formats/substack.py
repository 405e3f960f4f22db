"""Substack: ``email_list.….csv`` of an export, alone or in its ZIP.

The list that its dashboard exports does not say who switched emails off; it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from subscribers.transfer.cells import moment, truth
from subscribers.transfer.formats.base import Columns, Format, Parse
from subscribers.transfer.rows import Row, Standing, UnreadableList, Unsaid


def _recognises(_file: str, header: frozenset[str]) -> bool:
    return {"email", "email_disabled"} <= header


def _reader(_file: str, columns: Columns) -> Parse:
    email, disabled, created = columns.email(), columns.place("email_disabled"), columns.place("created_at")
    attributes = columns.attributes()
    proof = columns.recorder(
        "active_subscription",
        "expiry",
        "plan",
        "type",
        "email_disabled",
        "prefer_digests",
        "created_at",
        "first_payment_at",
    )

    def parse(cells: Sequence[str]) -> Row:
        off = truth(cells[disabled])
        if off is None:
            raise Unsaid("email_disabled: neither true nor false")
        return Row(
            email=cells[email],
            standing=Standing.LEFT if off else Standing.ACTIVE,
            attributes=attributes(cells),
            created_at=moment(cells[created]),
            recorded=proof(cells),
        )

    return parse


def _is_dashboard(_file: str, header: frozenset[str]) -> bool:
    return "email" in header and (
        {"subscription type", "subscription date"} <= header or {"stripe plan", "start date"} <= header
    )


def _refuse(_file: str, _columns: Columns) -> Parse:
    raise UnreadableList(
        "the list of Substack's dashboard does not say who switched emails off; "
        "use Settings → Exports there, and import email_list.….csv or the whole ZIP"
    )


SUBSTACK = Format(name="substack", title="Substack", recognises=_recognises, reader=_reader)
DASHBOARD = Format(
    name="substack-dashboard", title="Substack's dashboard", recognises=_is_dashboard, reader=_refuse
)
