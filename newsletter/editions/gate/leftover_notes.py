"""Notes and slots that editors, templates and models leave behind: TODO, lorem ipsum, [新闻标题].

A story may be about a to-do app or about lorem ipsum; a note stands at the start of a line, in
brackets or before a colon, and a slot is named after what belongs into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import headlines_of
from newsletter.editions.gate.passages import unquoted

_TASK = r"(?:TODO|TO-DO|FIXME|TBD|TBC|TKTK|XXX)"
_NOT_A_NOTE = (
    r"(?!\s*(?:应用|App|清单|列表|list|事项|软件|工具|管理|任务|类|产品|注释|comment|apps?\b|items?\b"
    r"|tasks?\b))"
)
_NOTE = re.compile(
    rf"^\W*{_TASK}\b{_NOT_A_NOTE}|[\[【(（]\s*{_TASK}\b[^\])）】]{{0,40}}[\])）】]"
    rf"|(?<![A-Za-z]){_TASK}\s*[:：]"
    rf"|(?<![A-Za-z]){_TASK}\W*$"
    r"|此处(?:待|需要?|应|请|要)?(?:补充|补上|补一段|填写|填入|插入|添加|替换|完善)"
    r"|这里(?:待|需要?|还要|应|请|要)(?:补|填|插|添|替换|完善)|(?:以下|下面)(?:待|请)(?:补|填|插|添|完善)"
    r"|[\[【(（](?:待|需)(?:补充|补全|补|填|填写|完善|核实|更新|续|编辑"
    r"|翻译)[^\])）】]{0,12}[\])）】]"
    r"|(?:标题|题目|内容|正文|摘要|链接|来源|图片|配图|作者|导语|点评)(?:待|尚待)(?:补充?|定"
    r"|填写?|完善|更新|写|确认|核实)"
    r"|此处应(?:为|写|填|是|补|(?:有|配|放)(?:图|配图|链接|数据|来源|一段|内容))|暂无(?:摘要|内容|简介"
    r"|标题|描述|正文|链接"
    r"|详情)\W*$"
    r"|^\W*(?:新闻)?标题\s*[一二三四五1-9]\W*$"
    r"|^\W*(?:未命名|无标题|[Uu]ntitled|新建文档|foo ?bar|asdf\w*|测试测试|[Tt]est [Tt]est|TK)\W*$"
    r"|\bPLACEHOLDER\b"
    r"|编辑(?:备注|注意)?\s*[:：]\s*(?:请|待|需)|@\S{1,8}\s*(?:请)?(?:核对|核实|补|改|确认)|(?:请"
    r"|需)(?:编辑|记者|小编|同事)(?:们)?(?:补|核|确认|替换|修改)"
    r"|(?:链接|来源|数据|图片|配图|摘要|标题|正文|内容)(?:稍后|回头|之后|晚点|随后)(?:再)?(?:补|加|换|填"
    r"|上传)"
    r"|(?<![A-Za-z])[Xx]{3,}(?:公司|集团|大学|发布|表示|宣布|先生|女士|年|月|日|元|人|条)"
    r"|^\W*(?:placeholder|sample|dummy) (?:text|title|content)\W*$"
    r"|^\W*(?:待补充|待完善|待填写|待翻译|待编辑|待更新|待定|未完待续|占位|占位符|示例文[本字]"
    r"|测试(?:内容|文本|数据|新闻|标题)?)\W*$"
    r"|(?:这里|此处|这)是(?:一段|一个|一条)?(?:标题|正文|内容|摘要|示例|占位|测试|新闻标题|新闻内容"
    r"|文章)(?:文[本字]|内容|标题)?\W*$"
    r"|(?:占位|示例|测试|假)(?:文本|文字|内容|标题)(?:[,，。：:\s]|$)(?=\W*$)"
    r"|\b(?:your (?:name|text|title|link|content|company)(?: goes)? here|insert (?:\w+ ){0,3}here"
    r"|(?:add|put) (?:\w+ ){0,3}here)\b"
    r"|\d{0,4}X{2,4}\s*年\s*X{1,2}\s*月|(?<![A-Za-z0-9])X{1,2}\s*月\s*X{1,2}\s*日|(?<![A-Za-z0-9])(?:YYYY"
    r"|yyyy)[-年/.]",
    re.M,
)
_LOREM = re.compile(
    r"lorem ipsum dolor(?: sit)?|^\W*lorem ipsum\W*$|dolor sit amet|consectetur adipi|sed do eiusmod", re.I
)
_ABOUT_FILLER = re.compile(
    r"cicero|西塞罗|填充文|占位文|假文|排版|拉丁|typograph|typeset|filler|dummy|latin|printer", re.I
)
_ABOUT_NOTES = re.compile(
    r"注释|代码|仓库|提交|清单|待办|应用|comments?\b|\bcode\b|\bapps?\b|\blists?\b|commit|linter", re.I
)

_OF = (
    r"(?:新闻|文章|原文|资讯|日报|邮件|你的|您的|公司|产品|图片|报道|本期|今日|今天的?|第[一二三\d]+条"
    r"|具体|相关|简短|简要|详细|英文|中文|发布|一句话)"
)
_THING = (
    r"(?:标题|题目|内容|正文|摘要|概要|链接|原文|网址|日期|时间|来源|姓名|名字|名称|作者|图片|配图"
    r"|公司名?|产品名?|数字|金额|地点|点评|评论"
    r"|导语|小结|总结|关键词|翻译|简介|描述|主题|数量|年份|月份|序号|分类|标签|要点|观点|URL|url|link)"
)
_DOING = (
    r"(?:插入|填写|填入|填|添加|补充|替换|输入|此处|这里|在此|在这里|请|翻译后的?|译后的?|改写后的?"
    r"|生成的?|待)"
)
_SLOT_WORDS = (
    rf"(?:{_DOING}{{1,3}}{_OF}{{0,3}}{_THING}{{1,2}}[^\[\]{{}}<>【】]{{0,12}}"
    rf"|{_OF}{{0,3}}{_THING}{{1,3}}(?:\s*\d{{1,2}})?)"
)
_ENGLISH_SLOT = (
    r"(?:(?:insert|add|enter|your|translated|news|article|story|company|product|source|original|first"
    r"|last|today['’]?s)\s+)*"
    r"(?:title|headline|summary|link|url|date|name|content|text|source|author|image|company|product"
    r"|number|topic|here|body)(?:\s+(?:here|\d{1,2}|goes here))?"
)
_SLOT = re.compile(
    rf"\[\s*(?:{_SLOT_WORDS}|{_ENGLISH_SLOT})\s*\](?!\()"
    rf"|(?<!\{{)\{{\s*(?:{_SLOT_WORDS}|{_ENGLISH_SLOT}|[a-z]+(?:[_.][a-z0-9]+)+|[a-zA-Z]{{3,20}}"
    rf"|\d)\s*\}}(?!\}})"
    rf"|[<〈＜]\s*(?:{_SLOT_WORDS})\s*[>〉＞]"
    rf"|【\s*{_DOING}{{1,3}}[^【】]{{0,20}}\s*】"
    rf"|^\W*【\s*{_OF}{{0,3}}{_THING}\s*】\W*$"
    r"|<\s*(?:insert|your|add|title|link|summary|headline)\b[^<>]{0,30}>|#\{[a-z_.]+\}"
    r"|\$\{[^}]{0,60}\}|<%[^%]{0,60}%>|\*?\|[A-Z][A-Z_:]{2,40}\|\*?|%%?[A-Z][A-Z_]{2,30}%%?|\{\d?\}(?!\})"
    r"|%[sd](?![A-Za-z])"
    r"|\[\s*(?:图片|图|视频|链接|表情|附件|image|img)\s*\]\W*$"
    r"|\[\s*(?:YOUR|INSERT|ADD|TITLE|LINK|DATE|NAME|URL)\b[^\]]{0,40}\]",
    re.I | re.M,
)


def leftover_notes(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each note of an editor to himself, and on filler text."""
    for line, text in _texts(evidence):
        found = _NOTE.search(text)
        if found and re.match(_TASK, found[0].strip("[【(（ ")) and _ABOUT_NOTES.search(text):
            found = None if found.start() > 0 else found
        found = found or (None if _ABOUT_FILLER.search(text) else _LOREM.search(text))
        if found:
            yield Remark(
                line=line,
                message_zh=f"读者会看到没写完的备注：“{_near(text, found)}”",
                message_en=f"Readers would see an unfinished note: “{_near(text, found)}”",
                remedy_zh="请写完或删去；确实要写这个词，请放进反引号或引号",
                remedy_en="Finish or delete it; put the word in backticks or quotation marks if it is wanted",
            )


def leftover_slots(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each slot of a template that nobody filled."""
    for line, text in _texts(evidence):
        if found := _SLOT.search(text):
            yield Remark(
                line=line,
                message_zh=f"读者会看到没有填写的占位“{found[0].strip()}”",
                message_en=f"Readers would see the empty slot “{found[0].strip()}”",
                remedy_zh="请填上内容，或删去这一条",
                remedy_en="Fill it in, or delete the story",
            )


def _texts(evidence: Evidence) -> Iterator[tuple[int | None, str]]:
    """Yield (line, text) of what nobody quotes; the words over the digest only when they say more."""
    whole = []
    for passage in evidence.passages:
        whole.append(passage.text)
        yield passage.line, unquoted(passage.text)
    for line, text in headlines_of(evidence):
        if not any(text in other for other in whole):
            yield line, unquoted(text)


def _near(text: str, found: re.Match[str]) -> str:
    return text[found.start() : found.start() + 30].strip()
