"""Our own CSV: what ``export`` writes, with everything needed to take it in again without loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subscribers.states import Event
from subscribers.subscriber import Cadence
from subscribers.transfer.cells import day, ip_address, moment, structure, tags, unguard_cell
from subscribers.transfer.formats.base import Columns, Format, Parse
from subscribers.transfer.rows import Act, Row, Standing, UnreadableList, Unsaid

HEADER = (
    "email",
    "status",
    "cadence",
    "paused_until",
    "language",
    "tags",
    "attributes",
    "created_at",
    "confirmed_at",
    "left_at",
    "suppressed_at",
    "suppression_note",
    "consent",
)
ACTS = 200
_LENGTHS = {"origin": 200, "notice_version": 40, "language": 16, "user_agent": 300, "wording": 20_000}


def _recognises(_file: str, header: frozenset[str]) -> bool:
    return set(HEADER) <= header


def _reader(_file: str, columns: Columns) -> Parse:
    if missing := [name for name in HEADER if name not in columns]:
        raise UnreadableList(f"our own export has a column {missing[0]!r}, and this file has none")
    at = {name: columns.header.index(name) for name in HEADER}

    def parse(cells: Sequence[str]) -> Row:
        def cell(name: str) -> str:
            return unguard_cell(cells[at[name]])

        def word(name: str) -> str:
            return cell(name).strip()

        status, cadence, paused = word("status"), word("cadence"), word("paused_until")
        if status not in set(Standing):
            raise Unsaid(f"status: {status[:20]!r} is none of {', '.join(Standing)}")
        if cadence not in set(Cadence):
            raise Unsaid(f"cadence: {cadence[:20]!r} is none of {', '.join(Cadence)}")
        paused_until = day(paused)
        if paused and paused_until is None:
            raise Unsaid("paused_until: not a date")
        return Row(
            email=cell("email"),
            standing=Standing(status),
            cadence=Cadence(cadence),
            paused_until=paused_until,
            language=word("language") or None,
            tags=tags(cell("tags")),
            attributes=structure(cell("attributes"), dict, column="attributes"),
            created_at=_moment(word("created_at"), "created_at"),
            confirmed_at=_moment(word("confirmed_at"), "confirmed_at"),
            left_at=_moment(word("left_at"), "left_at"),
            suppressed_at=_moment(word("suppressed_at"), "suppressed_at"),
            note=cell("suppression_note") or None,
            history=_history(cell("consent")),
        )

    return parse


def _moment(text: str, column: str) -> Any:
    found = moment(text)
    if text and found is None:
        raise Unsaid(f"{column}: not a time")
    return found


def _history(text: str) -> tuple[Act, ...]:
    acts = structure(text, list, column="consent")
    if len(acts) > ACTS:
        raise Unsaid(f"consent: more than {ACTS} acts")
    return tuple(_act(act) for act in acts)


def _act(act: Any) -> Act:
    if not isinstance(act, dict):
        raise Unsaid("consent: not a list of objects")
    texts = {name: act.get(name) for name in (*_LENGTHS, "event", "at", "ip")}
    if not all(text is None or isinstance(text, str) for text in texts.values()):
        raise Unsaid("consent: what should be text is none")
    for name, length in _LENGTHS.items():
        if len(texts[name] or "") > length:
            raise Unsaid(f"consent: {name} has more than {length} letters")
    at, details = moment(texts["at"] or ""), act.get("details")
    if texts["event"] not in set(Event) or at is None or not texts["origin"]:
        raise Unsaid("consent: an act needs event, at and origin")
    if not isinstance(details, dict | None):
        raise Unsaid("consent: details are no object")
    return Act(
        event=Event(texts["event"]),
        at=at,
        origin=texts["origin"],
        wording=texts["wording"],
        notice_version=texts["notice_version"],
        language=texts["language"],
        ip=ip_address(texts["ip"]) if texts["ip"] else None,
        user_agent=texts["user_agent"],
        details=details,
    )


OURS = Format(
    name="newsletter", title="our own export", recognises=_recognises, reader=_reader, lossless=True
)
