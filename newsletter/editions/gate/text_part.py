"""An email needs a text part that says what its HTML says: some readers, and all filters, read it."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark


def poor_text_parts(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a text part that is empty, or lacks most of the stories' titles."""
    if evidence.text_part is None:
        return
    text = "".join(evidence.text_part.split())
    titles = ["".join(story.title_text.split()) for story in evidence.digest.stories if story.title_text]
    missing = [title for title in titles if title not in text]
    if not text or len(missing) * 2 > len(titles):
        yield Remark(
            line=None,
            message_zh="纯文本部分是空的" if not text else f"纯文本部分缺了 {len(missing)} 条新闻",
            message_en="The text part is empty"
            if not text
            else f"The text part lacks {len(missing)} stories",
            remedy_zh="请检查模板里的 body.txt.j2",
            remedy_en="Look at the template's body.txt.j2",
        )
