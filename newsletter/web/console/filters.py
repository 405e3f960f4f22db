"""From a page's address to whom it shows, and back: the box, the chips, and the segment that was typed.

All of it is one segment, so a page, a bulk verb, an export and the API mean the same people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from urllib.parse import urlencode

from subscribers import Cadence as Rhythm
from subscribers import (
    Census,
    Comparison,
    Field,
    Node,
    Operator,
    SegmentError,
    Sought,
    Status,
    both,
    everybody,
    read_segment,
    write_segment,
)

LONGEST_BOX = 320
CHIPS: Mapping[str, tuple[str, ...]] = {
    "status": tuple(Status),
    "cadence": tuple(Rhythm),
    "language": ("zh-CN", "en", "default"),
    "paused": ("yes",),
    "suppressed": ("yes",),
}
_NAMES = ("q", "anywhere", *CHIPS, "tag", "segment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What was asked, as it stands in the address."""

    asked: Mapping[str, str] = field(default_factory=dict[str, str])
    after: str = ""
    problem: SegmentError | None = None  # with the segment that was typed
    node: Node = field(default_factory=everybody)

    @property
    def is_empty(self) -> bool:
        """Whether everybody is meant."""
        return not self.asked

    @property
    def text(self) -> str:
        """All of it as one segment: what is saved, and what a job keeps."""
        return "id > 0" if self.is_empty else write_segment(self.node)

    def sought(self, newsletter: str, *, zone: tzinfo, today: date) -> Sought:
        """Return the search."""
        return Sought(newsletter=newsletter, segment=self.node, zone=zone, today=today, after=self.after)

    def query(self, **changes: str | None) -> str:
        """Return the query of the same page with something else asked, from its beginning."""
        asked = {**self.asked, **changes}
        ordered = {name: asked[name] for name in (*_NAMES, "after") if asked.get(name)}
        return f"?{urlencode(ordered)}" if ordered else "?"

    def toggled(self, name: str, value: str) -> str:
        """Return the query that has a chip in its other position."""
        return self.query(**{name: None if self.asked.get(name) == value else value})

    def counted(self, census: Census | None) -> int | None:
        """Return how many people are meant, where the census says it; None: it does not."""
        if census is None or len(self.asked) > 1:
            return None
        if not self.asked:
            return census.people
        (name, value), *_ = self.asked.items()
        if name == "status":
            return census.statuses.get(value, 0)
        return census.suppressed if name == "suppressed" else None


def filters_of(given: Mapping[str, str]) -> Filters:
    """Read what was asked; what cannot be understood is left out, but a segment's mistake is kept."""
    cleaned = {name: _clean(given.get(name, "")) for name in (*_NAMES, "after")}
    asked: dict[str, str] = {}
    nodes: list[Node] = []
    if box := cleaned["q"][:LONGEST_BOX].strip():
        asked["q"] = box
        anywhere = cleaned["anywhere"] == "yes"
        if anywhere:
            asked["anywhere"] = "yes"
        nodes.append(understood(box, anywhere=anywhere))
    for name, values in CHIPS.items():
        if cleaned[name] in values:
            asked[name] = cleaned[name]
            nodes.append(_chip(name, cleaned[name]))
    if tag := cleaned["tag"][:100]:
        asked["tag"] = tag
        nodes.append(Comparison(field=Field.TAG, operator=Operator.IS, values=(tag,)))
    problem = None
    if text := cleaned["segment"].strip():
        asked["segment"] = text
        try:
            nodes.append(read_segment(text))
        except SegmentError as error:
            problem = error
    node = both(*nodes) if nodes else everybody()
    return Filters(asked=asked, after=cleaned["after"][:LONGEST_BOX], problem=problem, node=node)


def understood(box: str, *, anywhere: bool = False) -> Node:
    """Return what is meant by what was typed into the box: an address's beginning, @a domain, #a number."""
    if box.startswith("#") and box[1:].isascii() and box[1:].isdecimal() and len(box) < 19:
        return Comparison(field=Field.ID, operator=Operator.IS, values=(int(box[1:]),))
    if box.startswith("@") and len(box) > 1:
        return Comparison(field=Field.DOMAIN, operator=Operator.IS, values=(box[1:],))
    how = Operator.CONTAINS if anywhere else Operator.STARTS
    return Comparison(field=Field.ADDRESS, operator=how, values=(box,))


def _chip(name: str, value: str) -> Node:
    flag = value == "yes"
    is_flag = name in ("paused", "suppressed")
    return Comparison(field=Field(name), operator=Operator.IS, values=(flag if is_flag else value,))


def _clean(value: str) -> str:
    # Half a character, or a zero, is nothing that a database or a page can hold.
    return value.encode("utf-8", "replace").decode().replace("\0", "")
