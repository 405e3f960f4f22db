"""Faults of links: addresses that cannot work, that nobody meant, or that mislead."""

from __future__ import annotations

from collections.abc import Sequence

from tests.gate_corpus.injectors.base import Injected, Subject


def bad_scheme(subject: Subject) -> Injected | None:
    """Give a story an address that no mail client may open."""
    return _led_to(
        subject,
        [
            "javascript:alert(1)",
            "ftp://files.example/story",
            "file:///tmp/story.html",
            "data:text/html,story",
            "vbscript:msgbox",
            "htps://xinwen.example/1",
            "httpss://xinwen.example/1",
            "weixin://dl/business",
        ],
    )


def no_host(subject: Subject) -> Injected | None:
    """Give a story an address that names no place."""
    return _led_to(
        subject,
        [
            "",
            "https://",
            "https:///2026/story",
            "http://?id=3",
            "/news/2026/3",
            "story-3.html",
            "../3",
            "//x",
        ],
    )


def placeholder_host(subject: Subject) -> Injected | None:
    """Let a story lead to a host that stands for another."""
    host = subject.chance.choice(subject.phrases.placeholder_hosts)
    return _led_to(subject, [f"https://{host}/news/3", f"http://{host}/posts/2026/hello", f"https://{host}"])


def misleading_link(subject: Subject) -> Injected | None:
    """Show one host and lead to another."""
    shown = subject.chance.choice(
        [
            "bank.anxin.example",
            "https://bank.anxin.example/login",
            "www.anxin.example",
            "pay.anxin.example/bill",
        ]
    )
    target = subject.chance.choice(["https://login.anx1n.example/x", "https://t.duanlian.example/9aK"])
    words = (
        f"Details at [{shown}]({target})."
        if subject.context.language == "en"
        else f"详情请访问 [{shown}]({target})。"
    )
    return subject.written(subject.page.told(words, subject.chance))


def dead_link(subject: Subject) -> Injected | None:
    """Let the page behind a story be gone."""
    page = subject.page
    if not page.stories:
        return None
    span = subject.chance.choice(page.stories)
    if not span.url:
        return None
    lines = [n for n in range(span.first, span.last + 1) if span.url in page.lines[n - 1]]
    return subject.known(*lines, span.first, dead=frozenset({span.url}))


def _led_to(subject: Subject, urls: Sequence[str]) -> Injected | None:
    if not subject.page.stories:
        return None
    span = subject.chance.choice(subject.page.stories)
    written = subject.page.with_url(span, subject.chance.choice(urls))
    if written is None or written.line is None:
        return None
    # A story's link may stand on a line of its own, and the finding may name either.
    return Injected(
        markdown=written.markdown, context=subject.context, lines=tuple({span.first, written.line})
    )
