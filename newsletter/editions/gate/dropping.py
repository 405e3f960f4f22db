"""Sending the rest: which stories to leave out of a digest that is held for nothing else.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from newsletter.digests.digest import Digest
from newsletter.editions.gate.counts import announcements
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Finding, Severity
from newsletter.editions.gate.stories import name_of

DROPPED = "dropped-story"


def to_leave_out(findings: Iterable[Finding], digest: Digest, *, at_least: int) -> frozenset[int]:
    """Return the places of the stories whose absence cures all that holds; none when that cannot be.

    It cannot when something holds that lies in no single story, or when fewer than ``at_least``
    stories would be left.
    """
    holds = [finding for finding in findings if finding.severity is Severity.HOLD]
    places = {finding.story for finding in holds}
    if not holds or None in places or digest.is_essay or len(digest.stories) - len(places) < at_least:
        return frozenset()
    return frozenset(place for place in places if place is not None)


def told(findings: Iterable[Finding], evidence: Evidence, places: frozenset[int]) -> Iterator[Finding]:
    """Yield a warning for each story that was left out of ``evidence.digest``, and why."""
    why: dict[int, Finding] = {}
    for finding in findings:
        if finding.severity is Severity.HOLD and finding.story is not None:
            why.setdefault(finding.story, finding)
    stories = evidence.digest.stories
    for place in sorted(places):
        zh, en = name_of(place + 1, stories[place])
        yield Finding(
            check=DROPPED,
            severity=Severity.WARN,
            line=stories[place].line,
            message_zh=f"{zh}没有发出：{why[place].message_zh}",
            message_en=f"{en[0].upper()}{en[1:]} was left out. {why[place].message_en}",
            remedy_zh=why[place].remedy_zh,
            remedy_en=why[place].remedy_en,
            story=place,
        )
    for line, announced in announcements(evidence):
        if announced == len(stories):
            left = announced - len(places)
            yield Finding(
                check=DROPPED,
                severity=Severity.WARN,
                line=line,
                message_zh=f"这里说有 {announced} 条，实际发出 {left} 条",
                message_en=f"This announces {announced} stories, and {left} go out",
                remedy_zh="下次请先改好有问题的新闻",
                remedy_en="Mend the stories before the hour next time",
            )
            return
