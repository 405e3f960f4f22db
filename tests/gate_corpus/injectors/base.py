"""What an injector is given and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.gate_corpus.context import Context
from tests.gate_corpus.page import Page, Written
from tests.gate_corpus.phrases import Phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """A digest with one fault. ``lines`` are the places a finding may name; none: the whole digest."""

    markdown: str
    context: Context
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A good digest on the table, and what to spoil it with."""

    page: Page
    context: Context
    phrases: Phrases
    chance: Random

    def written(self, written: Written | None, **context: object) -> Injected | None:
        """Return a change of the text."""
        if written is None:
            return None
        return Injected(
            markdown=written.markdown,
            context=replace(self.context, **context),
            lines=(written.line,) if written.line else (),
        )

    def known(self, *lines: int, **context: object) -> Injected:
        """Return a change of what is known around the text."""
        return Injected(
            markdown=self.page.markdown,
            context=replace(self.context, **context),
            lines=lines,
        )


Injector = Callable[[Subject], Injected | None]
