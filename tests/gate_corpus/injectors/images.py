"""Faults of images: nothing to read for who does not see them, not safe to load, too heavy."""

from __future__ import annotations

from tests.gate_corpus.injectors.base import Injected, Subject

_ALT_ZH = "仓库门口停着一台蓝色的叉车"
_ALT_EN = "A blue forklift at the warehouse door"


def image_without_alt(subject: Subject) -> Injected | None:
    """Show an image that says nothing to who cannot see it."""
    return _pictured(subject, alt=subject.chance.choice(["", " "]), url="https://img.tupian.example/a.jpg")


def image_not_https(subject: Subject) -> Injected | None:
    """Show an image that travels in the open."""
    return _pictured(subject, url="http://img.tupian.example/b.jpg")


def image_too_heavy(subject: Subject) -> Injected | None:
    """Show an image that takes a phone minutes."""
    url = "https://img.tupian.example/panorama.png"
    return _pictured(subject, url=url, weights={url: subject.chance.randint(3, 12) * 1_000_000})


def _pictured(subject: Subject, *, url: str, alt: str | None = None, **context: object) -> Injected | None:
    if alt is None:
        alt = _ALT_EN if subject.context.language == "en" else _ALT_ZH
    return subject.written(subject.page.told(f"![{alt}]({url})", subject.chance), **context)
