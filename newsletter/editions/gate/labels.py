"""Advertising and machine-made text must be marked as such; the law asks for it.

Only a text that says of itself that it is sponsored or machine-made, or that sells something to its
readers, is remarked on: news about advertising, sponsors and generated pictures is news. What gives a
text away is in the tables of ``labelling``.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.labelling.adverts_en import ADVERTS_EN
from newsletter.editions.gate.labelling.adverts_zh import ADVERTS_ZH
from newsletter.editions.gate.labelling.machine_en import MACHINE_EN
from newsletter.editions.gate.labelling.machine_zh import MACHINE_ZH
from newsletter.editions.gate.spoken import spoken
from newsletter.editions.gate.talk.cue import Where, heard

ADVERTS = (*ADVERTS_ZH, *ADVERTS_EN)
MACHINES = (*MACHINE_ZH, *MACHINE_EN)


def unlabelled_adverts(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a text that says it is sponsored, or sells, in a digest that is not marked so."""
    if evidence.digest.front.sponsored:
        return
    for said in spoken(evidence, with_titles=True):
        if words := heard(said.text, ADVERTS, _frame_or_story(said.where)):
            yield Remark(
                line=said.line,
                message_zh=f"文中像是广告（“{words}”），而日报没有标明",
                message_en=f"This looks like advertising (“{words}”), and the digest is not marked",
                remedy_zh="请在开头写 sponsored: true，邮件会标上“广告”；不是广告就请改写",
                remedy_en="Write sponsored: true in the front matter, or write the sentence anew",
            )
            return


def unlabelled_ai(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a text that says a machine made it, in a digest that is not marked so."""
    if evidence.digest.front.ai_generated:
        return
    for said in spoken(evidence):
        if words := heard(said.text, MACHINES, _frame_or_story(said.where)):
            yield Remark(
                line=said.line,
                message_zh=f"文中写明 AI 生成（“{words}”），而日报没有标明",
                message_en=f"The text says “{words}”, and the digest is not marked so",
                remedy_zh="请在开头的信息里写 ai_generated: true，邮件就会标上“AI 生成”",
                remedy_en="Write ai_generated: true in the front matter, and the email is marked so",
            )
            return


def _frame_or_story(where: Where) -> Where:
    """Return where a label stands: an essay's first and last words are where one is written."""
    return Where.STORY if where is Where.STORY else Where.FRAME
