"""What a script writes when it had nothing to write: [object Object], undefined, NaN, (空).

A story may be about undefined behaviour or a loss that becomes NaN; then its own words say so, and the
value stands there as a word and not in the place of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import headlines_of
from newsletter.editions.gate.passages import CODE, unquoted

_NAMES = r"undefined|null|NaN|None|nil|Infinity|N/A"
_EMPTY = r"(?:空|无|暂无|null|undefined|none|nil|NaN|N/A|缺失|未知|待补充?)"
_VALUE = re.compile(
    # Whatever the text is about, these stand in the place of a value.
    rf"^\W*(?:{_NAMES})\W*$"
    r"|\bInvalid Date\b|1970\s*[年/.-]\s*0?1\s*[月/.-]\s*0?1\s*日?"
    rf"|[（(\[【]\s*{_EMPTY}\s*[)）\]】]"
    rf"|(?:标题|来源|作者|日期|时间|链接|原文|网址|摘要|内容|地址|分类|标签|编辑|记者|title|source"
    rf"|author|date|link|url"
    rf"|summary)\s*[:：]\s*(?:{_NAMES})\b"
    rf"|\b(?:undefined|NaN|null|None)\s*(?:年|月|日|号|条|则|篇|%|％|亿|万|美元|元|人|个|倍|小时|分钟|分)"
    rf"|第\s*(?:undefined|NaN|null|None)\b|[$￥¥]\s*(?:undefined|NaN|null)\b"
    rf"|\b(undefined|NaN|null|None)(?:\s*[,，、|/·-]\s*\1)+\b"
    r"|(?<![A-Za-z])(?:undefined|null)(?=[.。]\s*$)",
)
_OBJECT = re.compile(
    r"\[object\s+\w+\]|<(?:object|function|class|__main__|module)\b[^<>]{0,60}(?: at 0x[0-9a-f]+|')>"
    r"|\bTraceback \(most recent call last\)|function\s*\(\)\s*\{",
    re.I,
)
_WORD = re.compile(r"(?<![A-Za-z0-9_.`-])(?:undefined|NaN)(?![A-Za-z0-9_`-])")
_ABOUT = re.compile(
    r"javascript|typescript|python|\bjs\b|\bjava\b|\bc\+\+|\brust\b|\bc语言|\bllvm|\bgcc\b|\bclang\b"
    r"|\bcuda\b|pytorch|tensorflow|ieee|float|fp\d+|bf16"
    r"|behaviou?r|undefined is not|typeerror|sanitizer|exception|\bbug\b|\bnull\b|\bvariable|\bfunction"
    r"|\bvalue|not[- ]a[- ]number|\bloss\b|gradient|overflow"
    r"|行为|未定义|变量|函数|编译|浮点|梯度|损失|溢出|数值|收敛|精度|报错|错误|异常|代码|前端|后端|语言"
    r"|程序|编程|开发者|类型|调试|漏洞|标准|库",
    re.I,
)
# What people write into a cell that has no value.
_NO_VALUE_IN_A_TABLE = ("N/A", "n/a", "None", "无", "暂无")
_BARE_BRACKETS = re.compile(r"（\s*）|《\s*》|【\s*】|“\s*”|「\s*」|『\s*』")


def leftover_values(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line that shows what stands for no value."""
    about = _topics(evidence)
    found_any = False
    for passage in evidence.passages:
        text = unquoted(passage.text)
        if passage.is_cell and text in _NO_VALUE_IN_A_TABLE:
            continue
        if found := _find(text, passage.text, is_about=about.get(passage.story, False)):
            found_any = True
            yield _remark(passage.line, found)
    if not found_any:
        for line, text in headlines_of(evidence):
            is_about = any(about.values()) or speaks_of_values(text)
            if found := _find(unquoted(text), text, is_about=is_about):
                yield _remark(line, found)
                return


def _topics(evidence: Evidence) -> dict[int | None, bool]:
    """Say of each story, and of the frame around them (None), whether its words are those of programmers."""
    texts: dict[int | None, list[str]] = {}
    for passage in evidence.passages:
        texts.setdefault(passage.story, []).append(passage.text)
    whole = {story: "\n".join(pieces) for story, pieces in texts.items()}
    about = {story: speaks_of_values(text) for story, text in whole.items()}
    # What the frame says of such a story is about it too.
    about[None] = about.get(None, False) or any(
        is_about and _WORD.search(whole[story]) is not None for story, is_about in about.items()
    )
    return about


def speaks_of_values(text: str) -> bool:
    """Say whether a text has the words of programmers, apart from the values themselves."""
    return _ABOUT.search(_WORD.sub("", text)) is not None


def _find(text: str, written: str, *, is_about: bool) -> str | None:
    for pattern in (_VALUE, _OBJECT):
        if found := pattern.search(text):
            return found[0].strip()
    # Quotation marks around nothing are gone from ``text``.
    if found := _BARE_BRACKETS.search(written):
        return found[0]
    if not is_about and (found := _WORD.search(text)):
        return found[0]
    return None


def _remark(line: int | None, value: str) -> Remark:
    value = value.replace(CODE, "")
    return Remark(
        line=line,
        message_zh=f"读者会看到没有填上的“{value}”",
        message_en=f"Readers would see “{value}” where something was to be filled in",
        remedy_zh="请填上内容或删去；确实要写这个词，请放进反引号",
        remedy_en="Fill it in or delete it; put the word in backticks if it is wanted",
    )
