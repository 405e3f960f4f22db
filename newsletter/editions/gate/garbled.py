"""Text that was read in the wrong encoding, and characters that no reader can see."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import headlines_of
from newsletter.editions.gate.passages import unquoted

_GARBLED = re.compile(
    r"\ufffd|锟斤拷|烫烫烫|屯屯屯|锘挎|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
    r"|(?:[ÃÂ][\x80-\xbf\u0152-\u2122]){2}|â€[™œ\x9d“”˜¦]|(?:[åäæçèé][\u0080-\u00bf\u0152-\u2122]{1,2}){3}"
)
_ENTITY = re.compile(
    r"&(?:nbsp|amp|lt|gt|quot|apos|mdash|ndash|hellip|ldquo|rdquo|#\d{2,5}|#x[0-9a-f]{2,5});", re.I
)


def garbled_text(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line of mojibake, control characters or literal HTML entities."""
    texts = [(passage.line, unquoted(passage.text)) for passage in evidence.passages]
    found_any = False
    for line, text in texts:
        if found := _GARBLED.search(text) or _ENTITY.search(text):
            found_any = True
            yield _remark(line, text, found)
    if not found_any:
        for place, text in headlines_of(evidence):
            if found := _GARBLED.search(text) or _ENTITY.search(text):
                yield _remark(place, text, found)
                return


def _remark(line: int | None, text: str, found: re.Match[str]) -> Remark:
    near = text[max(0, found.start() - 8) : found.end() + 8].strip()
    shown = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in near)
    return Remark(
        line=line,
        message_zh=f"有乱码：…{shown}…",
        message_en=f"Garbled text: …{shown}…",
        remedy_zh="请用 UTF-8 重新生成这一段",
        remedy_en="Write it again, as UTF-8",
    )
