"""A digest that its editors have not released, or have withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import line_of


def drafts(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a digest that is marked as a draft."""
    if evidence.digest.front.draft:
        yield Remark(
            line=line_of(evidence.digest, "draft"),
            message_zh="这份日报还标着草稿",
            message_en="The digest is still marked as a draft",
            remedy_zh="写完后请删去 draft: true",
            remedy_en="Take away draft: true when it is done",
        )


def not_in_force(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a digest whose publishDate lies ahead, or whose expiryDate is past."""
    front, now = evidence.digest.front, evidence.now
    if now is None:
        return
    if front.publish_at and _is_before(now, front.publish_at):
        yield Remark(
            line=line_of(evidence.digest, "publish"),
            message_zh=f"publishDate 是 {front.publish_at}，还没有到",
            message_en=f"Its publishDate is {front.publish_at}, which lies ahead",
            remedy_zh="请改 publishDate，或到时再发",
            remedy_en="Change publishDate, or send it then",
        )
    if front.expires_at and not _is_before(now, front.expires_at):
        yield Remark(
            line=line_of(evidence.digest, "expiry"),
            message_zh=f"expiryDate 是 {front.expires_at}，已经过期",
            message_en=f"Its expiryDate was {front.expires_at}",
            remedy_zh="请改 expiryDate，或换一份日报",
            remedy_en="Change expiryDate, or send another digest",
        )


def _is_before(now: datetime, moment: date | datetime) -> bool:
    """Compare with a moment; a bare day begins at midnight where ``now`` is told."""
    return now < moment if isinstance(moment, datetime) else now.date() < moment
