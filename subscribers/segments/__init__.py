"""Segments: whom we mean, in a small language that people write, as SQL with bound values.

    status = active and domain in (qq.com, 163.com) and joined > 2026-01-01 and tag = "vip"

Everything that chooses among the people of a list is a segment: the chips of a search, what is typed into
its box, a saved segment, a bulk verb, an export. ``read`` makes a tree of a text, ``write`` a text of a tree,
``condition`` SQL of a tree.
"""

from subscribers.segments.compiling import condition
from subscribers.segments.parsing import LONGEST, read
from subscribers.segments.tree import (
    FIELDS,
    All,
    Comparison,
    Either,
    Field,
    Node,
    Not,
    Operator,
    Problem,
    SegmentError,
    both,
    everybody,
    parts,
    write,
)

__all__ = [
    "FIELDS",
    "LONGEST",
    "All",
    "Comparison",
    "Either",
    "Field",
    "Node",
    "Not",
    "Operator",
    "Problem",
    "SegmentError",
    "both",
    "condition",
    "everybody",
    "parts",
    "read",
    "write",
]
