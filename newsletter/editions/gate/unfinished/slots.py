"""Slots of templates, in every kind of brackets: [新闻标题], ${name}, *|FNAME|*, <insert summary>.

Its brackets are read as they are written: 【 and [ do not say the same.
"""

from __future__ import annotations

import re

from newsletter.editions.gate.talk.sentences import simplify

_READ = 4_000  # of each end of one line; an email with more is held for its size
_OF = (
    r"(?:新闻|文章|原文|资讯|日报|邮件|你的|您的|公司|产品|图片|报道|本期|今日|今天的?|第[一二三\d]+条"
    r"|具体|相关|简短|简要|详细|英文"
    r"|中文|发布|一句话)"
)
_THING = (
    r"(?:标题|题目|内容|正文|摘要|概要|链接|原文|网址|日期|时间|来源|姓名|名字|名称|作者|图片|配图"
    r"|公司名?|产品名?|数字|金额|地点"
    r"|点评|评论|导语|小结|总结|关键词|翻译|简介|描述|主题|数量|年份|月份|序号|分类|标签|要点|观点|URL"
    r"|url|link)"
)
_DOING = (
    r"(?:插入|填写|填入|填|添加|补充|替换|输入|此处|这里|在此|在这里|请|翻译后的?|译后的?|改写后的?"
    r"|生成的?|待)"
)
_WORDS = (
    rf"(?:{_DOING}{{1,3}}{_OF}{{0,3}}{_THING}{{1,2}}[^\[\]{{}}<>【】]{{0,12}}"
    rf"|{_OF}{{0,3}}{_THING}{{1,3}}(?:\s*\d{{1,2}}|[,，]\s*不超过[^\]]{{0,12}})?)"
)
_ENGLISH_OF = (
    r"(?:insert|add|enter|your|translated|news|article|story|company|product|source|original|first"
    r"|last|today['’]?s|short|brief|main|full|body|the|a)"
)
_ENGLISH_THING = (
    r"(?:title|headline|summary|link|url|date|name|content|text|source|author|image|company|product"
    r"|number|topic|here|body|introduction|description|story|caption)"
)
_ENGLISH = (
    rf"(?:{_ENGLISH_OF}\s+){{0,4}}{_ENGLISH_THING}(?:\s+(?:here|\d{{1,2}}|goes here|to follow"
    rf"|of (?:the )?\w+))?"
)
_VARIABLE = r"[A-Za-z][A-Za-z0-9]*(?:[_.][A-Za-z0-9]+)*"
_COMMON = (
    r"(?:title|headline|summary|link|url|date|name|content|text|source|author|body|first_?name"
    r"|user_?name|user|email|标题|新闻标题|摘要|姓名|内容|链接|日期|来源)"
)

SLOTS: tuple[re.Pattern[str], ...] = (
    # [新闻标题] [Insert link here] ［标题］
    re.compile(rf"[\[［]\s*(?:{_WORDS}|{_ENGLISH})\s*[\]］](?!\()", re.I),
    re.compile(
        r"[\[［]\s*(?:YOUR|INSERT|ADD|TITLE|LINK|DATE|NAME|URL|FIRSTNAME|FIRST NAME)"
        r"\b[^\]］]{0,40}[\]］](?!\()",
    ),
    re.compile(rf"\[\[\s*(?:{_VARIABLE}|{_WORDS})\s*\]\]", re.I),
    re.compile(r"^\W*[\[［][\u4e00-\u9fff][^\[\]［］]{1,20}[\]］]\W*$"),
    re.compile(r"[\[［]\s*(?:图片|图|视频|链接|表情|附件|image|img)\s*[\]］]\W*$", re.I),
    # 【此处插入图片】 （此处插入图片） and 【标题】 alone on its line
    re.compile(rf"[【（(]\s*{_DOING}{{1,3}}[^【】（）()]{{0,4}}{_THING}[^【】（）()]{{0,10}}[】）)]"),
    re.compile(rf"【\s*{_DOING}{{1,3}}[^【】]{{0,20}}\s*】"),
    re.compile(rf"^\W*[【（(]\s*{_OF}{{0,3}}{_THING}\s*[】）)]\W*$"),
    # 「标题」 alone on its line is no quotation
    re.compile(rf"^[「『《“]\s*{_OF}{{0,3}}{_THING}\s*[」』》”]$"),
    # {username} {0} <新闻摘要> <insert summary>
    re.compile(rf"(?<!\{{)\{{\s*(?:{_WORDS}|{_ENGLISH}|{_VARIABLE}|\d?)\s*\}}(?!\}})", re.I),
    re.compile(rf"[<〈＜]\s*(?:{_WORDS})\s*[>〉＞]"),
    re.compile(r"<\s*(?:insert|your|add|title|link|summary|headline)\b[^<>]{0,30}>", re.I),
    # ${name} #{name} $(title) <%= x %> <?= x ?> [% x %] *|FNAME|* %%NAME%% @@NAME@@ %s
    re.compile(
        r"[#$@]\{[^{}]{0,60}\}|\$\([a-z_.]{2,30}\)|<%[^%]{0,60}%>|<\?[^?]{0,60}\?>|\[%[^%]{0,60}%\]",
        re.I,
    ),
    re.compile(
        r"\*?\|[A-Z][A-Z_:]{2,40}\|\*?|%%?[A-Z][A-Z_]{2,30}%%?|@@[A-Z_]{2,30}@@|(?<!\w)"
        r"__[A-Z_]{2,30}__(?!\w)",
    ),
    re.compile(r"%[sd](?![A-Za-z])"),
    # $title$ %标题% #标题# ##标题## :title: __标题__
    re.compile(
        rf"^\W*(?:\$|%{{1,2}}|#{{1,2}}|@{{1,2}}|:|_{{2}}|~){_COMMON}(?:\$|%{{1,2}}|#{{1,2}}|@{{1,2}}|:"
        rf"|_{{2}}|~)\W*$|\${_COMMON}\b|%{{1,2}}(?:标题|摘要|姓名|内容)%{{1,2}}",
        re.I,
    ),
)


def slot_in(text: str) -> str | None:
    """Return the first slot in ``text``, None without one; of a very long text only both ends are read."""
    ends = [text] if len(text) <= _READ * 2 else [text[:_READ], text[-_READ:]]
    for end in ends:
        simplified = simplify(end)
        for pattern in SLOTS:
            if found := pattern.search(simplified):
                return end[found.start() : found.end()].strip()
    return None
