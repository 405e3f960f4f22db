"""An edition for nobody, or for far fewer or far more than usual, means that the list has had an accident."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark

_FEW = 25  # readers more or less are no accident, however short the list


def no_audience(evidence: Evidence) -> Iterator[Remark]:
    """Remark on an edition that nobody is owed, unless nobody has ever been owed one."""
    is_new = evidence.usual_audience == 0 or (evidence.usual_audience is None and evidence.recent == ())
    if evidence.audience == 0 and not is_new:
        yield Remark(
            line=None,
            message_zh="没有一位读者会收到这期",
            message_en="Nobody is owed this edition",
            remedy_zh="请用 newsletter subscribers 看看名单是否还在",
            remedy_en="See with `newsletter subscribers` whether the list is still there",
        )


def unusual_audience(evidence: Evidence) -> Iterator[Remark]:
    """Remark on an audience that has shrunk or grown by more than allowed."""
    audience, usual = evidence.audience, evidence.usual_audience
    if not audience or not usual or abs(audience - usual) < _FEW:
        return
    change = 100 * (audience - usual) / usual
    if abs(change) > evidence.policy.audience_change_percent:
        zh, en = ("少了", "fewer") if change < 0 else ("多了", "more")
        yield Remark(
            line=None,
            message_zh=f"会寄给 {audience:,} 人，比平时的 {usual:,} {zh} {abs(change):.0f} %",
            message_en=f"{audience:,} readers are owed it, {abs(change):.0f} % {en} than the usual {usual:,}",
            remedy_zh="请看看最近的导入、删除和退信；确实如此就放行",
            remedy_en="Look at recent imports, erasures and bounces; release it if that is right",
        )
