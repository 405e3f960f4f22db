"""HTML as a tree of plain values: what is not shown is gone, and what was left open is closed.

Pure. The standard library's tokens, and the few rules about closing that real feeds need; nesting beyond
``DEEPEST`` is flattened, so that no input can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

DEEPEST = 60
_EMPTY = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_UNSEEN = frozenset(
    "script style template head title noscript iframe object svg math canvas audio video form select textarea"
    " button".split()
)
BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer"
    " h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td tfoot th thead"
    " tr ul".split()
)
# What a start tag ends that was left open, up to the element that holds them all.
_ENDS = {
    "li": ({"li"}, {"ul", "ol"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "tr": ({"tr", "td", "th"}, {"table"}),
    "td": ({"td", "th"}, {"tr", "table"}),
    "th": ({"td", "th"}, {"tr", "table"}),
    "tbody": ({"tr", "td", "th", "thead", "tbody", "tfoot"}, {"table"}),
    "tfoot": ({"tr", "td", "th", "thead", "tbody", "tfoot"}, {"table"}),
}


@dataclass(slots=True)
class Node:
    """An element; its children are elements and text."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def is_block(self) -> bool:
        """Whether it stands on lines of its own."""
        return self.tag in BLOCKS

    def holds_blocks(self) -> bool:
        """Say whether a block lies anywhere inside."""
        return any(isinstance(c, Node) and (c.is_block or c.holds_blocks()) for c in self.children)

    def find(self, *tags: str) -> Iterator[Node]:
        """Yield the elements inside with one of ``tags``, outermost first and none inside another."""
        for child in self.children:
            if isinstance(child, Node):
                if child.tag in tags:
                    yield child
                else:
                    yield from child.find(*tags)


def parse(html: str) -> Node:
    """Return the root of a fragment or a whole page."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._open = [self.root]
        self._unseen: list[str] = []  # the elements we are inside of that nobody sees

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _EMPTY and self._unseen:
            return
        attributes = {name: value or "" for name, value in attrs}
        if self._unseen or tag in _UNSEEN or _is_hidden(attributes):
            if tag not in _EMPTY and (not self._unseen or tag == self._unseen[0]):
                self._unseen.append(tag)
            return
        if tag in _ENDS:
            self._end(*_ENDS[tag])
        if tag in BLOCKS:
            self._end({"p"}, BLOCKS - {"p"})
        node = Node(tag, attributes)
        self._open[-1].children.append(node)
        if tag not in _EMPTY and len(self._open) < DEEPEST:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # <p/> is <p> in HTML, and feeds made by XML tools mean an empty element by it.
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag == self._unseen[0]:
                self._unseen.pop()
            return
        if any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._open[-1].children.append(data)

    def _end(self, ended: set[str], within: set[str] | frozenset[str]) -> None:
        for at in range(len(self._open) - 1, 0, -1):
            tag = self._open[at].tag
            if tag in within:
                return
            if tag in ended:
                del self._open[at:]
                if ended == {"p"}:
                    return


def _is_hidden(attributes: dict[str, str]) -> bool:
    style = attributes.get("style", "").replace(" ", "").lower()
    return "hidden" in attributes or "display:none" in style
