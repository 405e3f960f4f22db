"""A page that refused the script, or the script's own error, in the place of a text."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.passages import unquoted
from newsletter.editions.gate.unfinished.failures import FAILURES
from newsletter.editions.gate.unfinished.rows import left_over


def leftover_failures(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line that is an error and nothing else."""
    for passage in evidence.passages:
        if not passage.is_quote and (found := left_over(unquoted(passage.text), FAILURES)):
            yield Remark(
                line=passage.line,
                message_zh=f"读者会看到程序出错的提示：“{found}”",
                message_en=f"Readers would see an error in place of a text: “{found}”",
                remedy_zh="请重新抓取或生成，或删去这一条；确实要写这个词，请放进反引号或引号",
                remedy_en="Fetch or write it again, or delete the story; put wanted words in backticks",
            )
