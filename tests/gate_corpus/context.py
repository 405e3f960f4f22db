"""What is known around a digest when the gate looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import quote

from tests.gate_corpus.labels import Labelled, Part, corpus
from tests.gate_corpus.links import links_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An edition that has gone out."""

    day: date
    subject: str
    links: frozenset[str]
    story_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the gate is told besides the digest."""

    day: date
    newsletter: str
    language: str
    recent: tuple[Sent, ...] = ()  # newest first
    dead: frozenset[str] = frozenset()  # addresses that lead to nothing; all others answer
    weights: Mapping[str, int] = field(default_factory=dict)  # bytes of images, where they are unusual
    audience: int = 1_180
    usual_audience: int = 1_200
    dns_faults: tuple[str, ...] = ()
    # What became of the email, where a fault is one of rendering; None is what was rendered.
    subject: str | None = None
    preheader: str | None = None
    html_bytes: int | None = None
    text_part: str | None = None


def context_of(labelled: Labelled) -> Context:
    """Return what is known around a labelled digest: its own series, as far as the corpus has it."""
    return Context(
        day=labelled.day,
        newsletter=labelled.newsletter,
        language=labelled.language,
        dead=labelled.dead_links,
        recent=tuple(_sent(labelled, place) for place in range(len(labelled.recent_counts))),
    )


def _sent(labelled: Labelled, place: int) -> Sent:
    """Return the edition ``place`` before the last."""
    day = labelled.day - timedelta(days=labelled.every_days * (place + 1))
    count = labelled.recent_counts[place]
    before = next((one for one in _series(labelled.part, labelled.shape) if one.day == day), None)
    if before:
        links = links_of(before.markdown)
    else:
        links = frozenset(f"https://{quote(labelled.shape)}.old.example/{day}/{n}" for n in range(count))
    if place == 0:
        kept = max(0, count - len(labelled.repeated_links))
        links = frozenset(sorted(links)[:kept]) | labelled.repeated_links
    subject = labelled.yesterday_subject if place == 0 else f"{labelled.newsletter} {day}"
    return Sent(day=day, subject=subject, links=links, story_count=count)


def _series(part: Part, shape: str) -> tuple[Labelled, ...]:
    return tuple(one for one in corpus(part) if one.shape == shape and one.is_good)
