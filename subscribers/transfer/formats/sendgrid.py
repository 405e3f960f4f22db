"""SendGrid: its suppressions, as CSV from its pages or as JSON from its API.

Bounces, spam reports and invalid addresses say who is never mailed, not who is on a list. Bounces and
blocks have the same columns, and a block is no verdict on the address: the file's name tells, or --format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from subscribers.transfer.cells import moment
from subscribers.transfer.formats.base import Columns, Format, Parse
from subscribers.transfer.rows import Row, Standing, UnreadableList, Unsaid

_BOUNCES = frozenset({"status", "reason", "email", "created"})
_INVALID = frozenset({"reason", "email", "created"})
_SPAM = frozenset({"ip", "email", "created"})
_GLOBAL = frozenset({"email", "created"})


def _reader(standing: Standing, *, listed: bool) -> Callable[[str, Columns], Parse]:
    def reader(_file: str, columns: Columns) -> Parse:
        email, created = columns.email(), columns.place("created", "created_at")
        why = columns.place("reason")
        proof = columns.recorder("status", "reason", "created", "created_at", "group_id", "group_name")

        def parse(cells: Sequence[str]) -> Row:
            at = moment(cells[created])
            return Row(
                email=cells[email],
                standing=standing,
                listed=listed,
                left_at=at,
                suppressed_at=at,
                note=cells[why].strip() or None,
                recorded=proof(cells),
            )

        return parse

    return reader


def _blocks(_file: str, _columns: Columns) -> Parse:
    def parse(_cells: Sequence[str]) -> Row:
        raise Unsaid("a block is no verdict on the address: nothing was changed")

    return parse


def _either(_file: str, _columns: Columns) -> Parse:
    raise UnreadableList(
        "bounces and blocks of SendGrid have the same columns; "
        "say --format sendgrid-bounces or --format sendgrid-blocks"
    )


def _format(
    name: str,
    recognises: Callable[[str, frozenset[str]], bool],
    reader: Callable[[str, Columns], Parse],
) -> Format:
    return Format(
        name=f"sendgrid-{name}",
        title=f"SendGrid, {name.replace('-', ' ')}",
        recognises=recognises,
        reader=reader,
    )


SENDGRID = (
    _format(
        "blocks",
        lambda file, header: header == _BOUNCES and "block" in file.casefold(),
        _blocks,
    ),
    _format(
        "bounces",
        lambda file, header: header == _BOUNCES and "bounce" in file.casefold(),
        _reader(Standing.BOUNCED, listed=False),
    ),
    _format("bounces-or-blocks", lambda _file, header: header == _BOUNCES, _either),
    _format(
        "spam-reports",
        lambda _file, header: header == _SPAM,
        _reader(Standing.COMPLAINED, listed=False),
    ),
    _format(
        "invalid-emails",
        lambda _file, header: header == _INVALID,
        _reader(Standing.BOUNCED, listed=False),
    ),
    _format(
        "group-unsubscribes",
        lambda file, header: (
            {"email", "group_id"} <= header
            or ("email" in header and len(header) <= 2 and file.casefold().startswith("asm_groups"))
        ),
        _reader(Standing.LEFT, listed=True),
    ),
    # A plain list with these two columns would be taken for it, too; and that is the safe mistake.
    _format(
        "unsubscribes",
        lambda _file, header: header == _GLOBAL,
        _reader(Standing.LEFT, listed=True),
    ),
)
