"""What a person finds in a rendered email: its visible text, links, headings and elements."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_SILENT = frozenset({"head", "style", "script", "title"})


@dataclass
class Element:
    """One element: its attributes, its visible text, and the tags around it."""

    tag: str
    attributes: dict[str, str]
    around: tuple[str, ...]
    text: str = ""


@dataclass
class Page:
    """An HTML part as it is seen: ``text`` counts an image as its alternative text."""

    text: str = ""
    elements: list[Element] = field(default_factory=list)

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    @property
    def headings(self) -> list[Element]:
        return self.all("h1", "h2", "h3", "h4", "h5", "h6")

    @property
    def links(self) -> list[tuple[str, str]]:
        """(name, target) of every link."""
        return [(" ".join(link.text.split()), link.attributes.get("href", "")) for link in self.all("a")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        around = tuple(element.tag for element in self.open)
        element = Element(tag, {name: value or "" for name, value in attrs}, around)
        self.page.elements.append(element)
        if tag == "img":
            self._see(element.attributes.get("alt", ""))
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self.open, f"</{tag}> closes nothing"
        last = self.open.pop()
        assert last.tag == tag, f"</{tag}> stands where <{last.tag}> is open"

    def handle_data(self, data: str) -> None:
        if not any(element.tag in _SILENT for element in self.open):
            self._see(data)

    def _see(self, text: str) -> None:
        self.page.text += text
        for element in self.open:
            element.text += text


def read(html: str) -> Page:
    """Read ``html``, or fail when its tags do not match."""
    reader = _Reader()
    # A conditional comment is only seen by Word.
    reader.feed(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))
    reader.close()
    assert not reader.open, f"<{reader.open[-1].tag}> is never closed"
    return reader.page


def squeezed(text: str) -> str:
    """Return ``text`` without any blank, zero-width characters included: what must not be lost."""
    return re.sub(r"[\s\u200b\ufeff]+", "", text)


def missing(pieces: list[str], text: str) -> list[str]:
    """Return the ``pieces`` that do not stand in ``text`` in their order."""
    text, position, lost = squeezed(text), 0, []
    for piece in map(squeezed, pieces):
        found = text.find(piece, position)
        if found < 0:
            lost.append(piece)
        else:
            position = found + len(piece)
    return lost
