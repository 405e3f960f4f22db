"""Emphasis that opens and closes beside Chinese: ``**领域专用模型（DSM）**的`` is bold.

CommonMark decides by the characters beside a run of ``*``, and its rules expect blanks between
words; Chinese has none, so they leave stars standing in the text (commonmark-spec issue 650).
Two things change, and only in a text that holds a CJK character:

- A CJK character or full-width mark beside the run counts as neither a letter nor a punctuation
  mark, so it stands in nobody's way. The marks that are full-width only in Chinese text count too.
- ``**`` opens before anything but a blank and closes after anything but a blank. Nobody writes it
  in Chinese text for any other reason, so ``增长**50%**AI`` is bold as well.

Text without CJK characters is parsed exactly as CommonMark says.
"""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.common.utils import isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

from newsletter.digests.cjk import VARIATION_SELECTORS, has_cjk, is_ambiguous_mark, is_cjk


def cjk_emphasis(md: MarkdownIt) -> None:
    """Teach this one parser the rule; use it as ``md.use(cjk_emphasis)``."""
    md.inline.ruler.at("emphasis", _emphasis)
    md.inline.ruler.at("strikethrough", _strikethrough)


def _emphasis(state: StateInline, silent: bool) -> bool:
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    length, opens, closes = _flanks(state, marker)
    for _ in range(length):
        _push(state, marker, length=length, opens=opens, closes=closes)
    state.pos += length
    return True


def _strikethrough(state: StateInline, silent: bool) -> bool:
    if silent or state.src[state.pos] != "~":
        return False
    length, opens, closes = _flanks(state, "~")
    if length < 2:
        return False
    if length % 2:
        state.push("text", "", 0).content = "~"
    for _ in range(length // 2):
        # Length 0 switches the "rule of 3" off, which is for emphasis only.
        _push(state, "~", content="~~", length=0, opens=opens, closes=closes)
    state.pos += length
    return True


def _push(
    state: StateInline, marker: str, *, content: str = "", length: int, opens: bool, closes: bool
) -> None:
    state.push("text", "", 0).content = content or marker
    state.delimiters.append(
        Delimiter(
            marker=ord(marker), length=length, token=len(state.tokens) - 1, end=-1, open=opens, close=closes
        )
    )


def _flanks(state: StateInline, marker: str) -> tuple[int, bool, bool]:
    """Return the run's length and whether it may open and close."""
    start = end = state.pos
    while end < state.posMax and state.src[end] == marker:
        end += 1
    # The ends of the text count as blanks.
    before = state.src[start - 1] if start else " "
    if start > 1 and VARIATION_SELECTORS.match(before):
        before = state.src[start - 2]
    after = state.src[end] if end < state.posMax else " "
    chinese = _is_chinese(state.src)
    blank_before, blank_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    if chinese and marker == "*" and end - start > 1:
        return end - start, not blank_after, not blank_before

    cjk_before, cjk_after = _is_full_width(before, chinese), _is_full_width(after, chinese)
    mark_before, mark_after = isPunctChar(before), isPunctChar(after)
    left = not blank_after and (not mark_after or cjk_after or blank_before or mark_before or cjk_before)
    right = not blank_before and (not mark_before or cjk_before or blank_after or mark_after or cjk_after)
    if marker == "_":  # it never divides a word, as snake_case must stay as it is
        return end - start, left and (not right or mark_before), right and (not left or mark_after)
    return end - start, left, right


@lru_cache(maxsize=8)
def _is_chinese(text: str) -> bool:
    """Say whether the text is Chinese; asked for each of its runs, and looked for once."""
    return has_cjk(text)


def _is_full_width(character: str, chinese: bool) -> bool:
    return chinese and (is_cjk(character) or is_ambiguous_mark(character))
