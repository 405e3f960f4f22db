"""How the places for a reader's values get through Jinja: as marks that nobody can forge.

While a template is rendered a hole is a mark made of letters and digits; afterwards the text is
split at the marks. A mark holds a number drawn for this one rendering and proven absent from all
that comes from outside, so no digest can contain one. The result does not depend on the number.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from newsletter.mailing import Hole, Template
from newsletter.rendering.folders import TemplateError


class Marks:
    """The marks of one rendering. ``inputs`` is every text that comes from outside."""

    def __init__(self, inputs: Iterable[str]) -> None:
        inputs = list(inputs)
        self._nonce = _draw()
        while any(self._nonce in text.lower() for text in inputs):
            self._nonce = _draw()
        self._names: list[str] = []

    def mark(self, name: str) -> str:
        """Return the mark that stands for the hole ``name``."""
        if name not in self._names:
            self._names.append(name)
        return f"hole{self._nonce}x{self._names.index(name)}x"

    def split(self, rendered: str, *holes: Hole, where: str) -> Template:
        """Return ``rendered`` with ``holes`` in place of their marks, or raise ``TemplateError``.

        ``where`` names the template in the error: a filter has altered a mark, or a mark stands
        where there may be no hole.
        """
        by_name = {hole.name: hole for hole in holes}
        pieces: list[str | Hole] = []
        parts = re.split(rf"hole{self._nonce}x(\d+)x", rendered)
        for position, part in enumerate(parts):
            if position % 2 == 0:
                if self._nonce in part.lower():
                    raise TemplateError(f"{where}: a reader's value cannot be changed by a filter")
                if part:
                    pieces.append(part)
            elif (name := self._names[int(part)]) in by_name:
                pieces.append(by_name[name])
            else:
                raise TemplateError(f"{where}: {name} differs between readers and cannot stand here")
        return Template(tuple(pieces))


def _draw() -> str:
    return secrets.token_hex(16)
