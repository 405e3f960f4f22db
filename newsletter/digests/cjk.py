"""Which characters are Chinese, Japanese or Korean, and which only take a full-width place beside them.

Pure: tables and predicates. The tables are written out so that every Python gives the same answer.
"""

from __future__ import annotations

import re
import unicodedata

# East Asian Width W, F or H (UAX #11) without the emoji, and all of Hangul.
_CJK_RANGES = (
    "\u1100-\u11ff\u20a9\u2329\u232a\u2630-\u2637\u268a-\u268f"
    "\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4dc0-\ua4cf\ua960-\ua97c"
    "\uac00-\ud7fb\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uffee"
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b2ff\U0001d300-\U0001d376\U0001f200\U0001f202"
    "\U0001f210-\U0001f219\U0001f21b-\U0001f22e\U0001f230-\U0001f231\U0001f237\U0001f23b"
    "\U0001f240-\U0001f248\U0001f260-\U0001f265\U00020000-\U0003fffd"
)
_CJK = re.compile(f"[{_CJK_RANGES}]")
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7fb\uffa0-\uffdc]")

VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0e\U000e0100-\U000e01ef]")  # not U+FE0F, which makes an emoji


def is_cjk(character: str) -> bool:
    """Say whether this is a CJK letter, mark or full-width form; emoji are not."""
    return _CJK.match(character) is not None


def has_cjk(text: str) -> bool:
    """Say whether any character of ``text`` is CJK."""
    return _CJK.search(text) is not None


def is_ambiguous_mark(character: str) -> bool:
    """Say whether this is a mark such as “ ” — … · that is as wide as a Han character in Chinese text."""
    return unicodedata.east_asian_width(character) == "A" and unicodedata.category(character)[0] in "PS"


def joins_without_blank(before: str, after: str) -> bool:
    """Say whether a line break between these two characters stands for nothing (CSS Text 4, 5.1).

    Korean puts blanks between words, so its lines are joined with one.
    """
    wide_before, wide_after = is_cjk(before), is_cjk(after)
    if _HANGUL.match(before) or _HANGUL.match(after):
        return False
    if wide_before and wide_after:
        return True
    return (wide_before and is_ambiguous_mark(after)) or (wide_after and is_ambiguous_mark(before))
