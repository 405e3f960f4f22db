"""The one door into the gate: Markdown and context in, findings out, as on an unattended morning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache

from newsletter.config import NewsletterSettings
from newsletter.digests.reader import read
from newsletter.editions.gate import Evidence, Finding, Severity, examine
from newsletter.editions.gate.evidence import RecentEdition, SenderDns
from newsletter.editions.gate.probe import ProbeResult, Reach
from newsletter.errors import DigestError
from newsletter.rendering.renderer import Renderer
from newsletter.urls import Urls
from tests.gate_corpus.context import Context
from tests.gate_corpus.links import IMAGE, links_of
from tests.gate_corpus.zones import SHANGHAI

URLS = Urls("https://letters.example.com", "corpus")
USUAL_IMAGE_BYTES = 90_000


def verdict(markdown: str, context: Context, *, file: str = "") -> list[Finding]:
    """Return what the gate finds. A digest that cannot be read is one finding that holds."""
    newsletter = NewsletterSettings(
        name=context.newsletter,
        language="en" if context.language == "en" else "zh-CN",
        postal_address="上海市示例路 1 号",
    )
    try:
        digest = read(
            markdown.encode(),
            file=file or f"{context.day}.md",
            newsletter_name=newsletter.name,
            tz=SHANGHAI,
            default_day=context.day,
        )
    except DigestError as error:
        return [_unreadable(error)]
    rendered = _renderer().render(
        digest,
        newsletter,
        urls=URLS,
        language=newsletter.language,
        day=context.day,
        edition=f"corpus-{context.day}",
    )
    now = datetime.combine(context.day, time(6, 50), SHANGHAI).astimezone(UTC)
    return examine(
        Evidence(
            digest=digest,
            day=context.day,
            now=now,
            language=context.language,
            subject=rendered.mailing.subject if context.subject is None else context.subject,
            preheader=rendered.preheader if context.preheader is None else context.preheader,
            html_bytes=rendered.html_bytes if context.html_bytes is None else context.html_bytes,
            story_bytes=rendered.story_bytes,
            text_part=rendered.mailing.text.fill({}) if context.text_part is None else context.text_part,
            recent=tuple(
                RecentEdition(
                    day=sent.day, subject=sent.subject, links=sent.links, story_count=sent.story_count
                )
                for sent in context.recent
            ),
            probes=_probes(markdown, context),
            audience=context.audience,
            usual_audience=context.usual_audience,
            sender_dns=SenderDns(
                domain="letters.example.com",
                checked_at=now - timedelta(hours=1),
                faults=context.dns_faults,
            ),
        )
    )


def holds(findings: list[Finding]) -> list[Finding]:
    """Return the findings that keep an edition from going out unattended."""
    return [finding for finding in findings if finding.severity is Severity.HOLD]


@cache
def _renderer() -> Renderer:
    return Renderer()


def _probes(markdown: str, context: Context) -> Mapping[str, ProbeResult]:
    """Return an answer for every address in the digest."""

    def answers() -> Iterator[tuple[str, ProbeResult]]:
        for url in links_of(markdown):
            yield url, ProbeResult(reach=Reach.ALIVE, status=200)
        for found in IMAGE.finditer(markdown):
            size = context.weights.get(found["url"], USUAL_IMAGE_BYTES)
            yield found["url"], ProbeResult(reach=Reach.ALIVE, status=200, bytes=size)
        for url in context.dead:
            yield url, ProbeResult(reach=Reach.DEAD, status=404, detail="404 Not Found")

    return dict(answers())


def _unreadable(error: DigestError) -> Finding:
    return Finding(
        check="unreadable",
        severity=Severity.HOLD,
        line=error.line,
        message_zh="读不懂这份稿件",
        message_en=str(error),
        remedy_zh="请按提示修改",
        remedy_en=error.remedy,
    )
