"""What editors write around their news: source labels, greetings, numbers, names of commentaries.

Pure: patterns and predicates over visible text.
"""

from __future__ import annotations

import re

PIN, CHAIN = "\U0001f4cc", "\U0001f517"  # 📌 🔗
DECORATION = re.compile(rf"\s*(?:[{PIN}{CHAIN}]\ufe0f?\s*)+")
# Not 1.5 and not 2025; a dot, a full-width dot, 、 or a bracket ends the number.
NUMBER = re.compile(r"\s*([0-9０-９]{1,3})\s*(?:[.．](?![0-9０-９])|[、)）])\s*")
SEPARATOR = re.compile(r"\s*(?:[:：|｜]|[—–]{1,2}|-{1,2}(?=\s))\s*")

_LABEL_WORDS = (
    r"(?:点击|点此|点这里|查看|阅读|新闻|消息|信息|资料|内容|文章|参考|英文|官方)*"
    r"(?:原文|全文|来源|出处|链接|网址|地址|详情|更多|报道)"
    r"(?:链接|网址|地址|来源|出处|阅读|查看|报道)?"
)
_ENGLISH_LABELS = (
    r"(?:read (?:more|the (?:full )?(?:story|article))|(?:source|original|link)(?: link| article)?)"
)
_LABEL = re.compile(rf"(?:{_LABEL_WORDS}|{_ENGLISH_LABELS})", re.I)
_AROUND_LABEL = " \t\u3000\ufe0f:：>»→↗…[]【】()（）「」" + PIN + CHAIN
# In front of a link: 来源：
LABEL_BEFORE = re.compile(
    rf"(?:^|(?<=[\s。！？；，,.!?;（(【\[]))(?:{_LABEL_WORDS}|{_ENGLISH_LABELS})\s*[:：]\s*$", re.I
)
# A sentence that needs the link after it: 详见原文
NEEDS_LINK = re.compile(
    r"(?:见|看|读|阅|击|考|问|自|于|据|往|从|由|与|和|及|the|an?|see|at|in|from)[:：]?\s*$", re.I
)
LABEL_AND_ADDRESS = re.compile(
    rf"(?:(?:{_LABEL_WORDS}|{_ENGLISH_LABELS})\s*[:：]\s*)?(https?://[!-~]+)", re.I
)

_GREETING = re.compile(
    r"(?:各位|亲爱的|尊敬的)?"
    r"(?:早上好|早安|上午好|中午好|下午好|晚上好|晚安|大家好|朋友们|读者|各位|你好|您好"
    r"|hello\b|hi\b|good (?:morning|afternoon|evening)|dear\b)",
    re.I,
)
# A language model that talks to its operator.
_CHATTER = re.compile(
    r"好的[，,！!。\s]|没问题|明白了|当然(?:可以)?[，,！!。]|请您?提供|等待您|以下是|希望以上|作为(?:一个)?(?:AI|人工智能)"
    r"|sure[,!. ]|certainly\b|of course\b|okay\b|here (?:is|are)\b|i(?:'m| am| will|'ll)\b|as an ai\b"
    r"|please provide\b",
    re.I,
)
_COMMENTARY = re.compile(
    r"(?:今日|每日|本期|本日|本周|编辑|编者|主编|小编|AI)?"
    r"(?:点评|编者按|编后语?|编后记|小结|评论|短评|简评|锐评|快评|总结|结语|观察|观点|写在最后"
    r"|commentary|comment|editor[’']s note|our take)",
    re.I,
)
_REFERENCES = re.compile(
    r"(?:参考|参考资料|参考链接|参考文献|参考来源|引用|资料来源|相关阅读|相关链接|延伸阅读|扩展阅读|推荐阅读|目录|本期目录"
    r"|references|further reading|sources|links|contents|table of contents)",
    re.I,
)
_OVERVIEW = re.compile(
    r"(?:导语|导读|前言|引言|概览|摘要|提要|(?:今日|本期|本周|内容)(?:导读|概览|摘要|提要|要点|看点)|overview|summary)",
    re.I,
)
_AROUND_NAME = " \t\u3000:：【】[]《》-—·|*📝💬✍\ufe0f"
_TITLE_ENDS = tuple("。！!？?：:；;，,、….")
_DATED = re.compile(r"\d{4}\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}|\d{1,2}\s*月\s*\d{1,2}\s*日")
_PAPER = re.compile(
    r"速递|日报|早报|晚报|午报|周报|周刊|快讯|简报|资讯|要闻|daily|weekly|digest|newsletter|bulletin|briefing",
    re.I,
)


def is_source_label(text: str) -> bool:
    """Say whether ``text`` names no source but only says that there is one: 原文链接."""
    return _LABEL.fullmatch(text.strip(_AROUND_LABEL)) is not None


def is_greeting(text: str) -> bool:
    """Say whether ``text`` greets the readers, or is a language model talking to its operator."""
    return bool(_GREETING.match(text.lstrip()) or _CHATTER.match(text.lstrip()))


def names_commentary(text: str) -> bool:
    """Say whether ``text`` is what a commentary is called: 点评, 编者按."""
    return _COMMENTARY.fullmatch(text.strip(_AROUND_NAME)) is not None


def names_references(text: str) -> bool:
    """Say whether links under ``text`` are reading tips and not stories."""
    return _REFERENCES.fullmatch(text.strip(_AROUND_NAME)) is not None


def names_overview(text: str) -> bool:
    """Say whether what stands under ``text`` sums up the stories and is none."""
    return _OVERVIEW.fullmatch(text.strip(_AROUND_NAME)) is not None


def may_be_title(text: str) -> bool:
    """Say whether a line of plain text can be a digest's title: 2025.05.07 全球AI新闻速递."""
    short = 2 <= len(text) <= 50
    return short and not (text.endswith(_TITLE_ENDS) or NUMBER.match(text) or is_greeting(text))


def is_masthead(text: str) -> bool:
    """Say whether ``text`` can only be a title: it holds a date or calls itself a paper."""
    return may_be_title(text) and bool(_DATED.search(text) or _PAPER.search(text))
