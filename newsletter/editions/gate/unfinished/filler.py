"""Text that only fills a place: lorem ipsum, 示例标题, XX公司, keys that somebody hit."""

from __future__ import annotations

from newsletter.editions.gate.unfinished.rows import Row, alone, anywhere

_SAMPLE = r"(?:示例|样例|占位|测试|模板|演示|假|placeholder|sample|dummy|example|test|mock)"
_WHAT = (
    r"(?:文[本字]|内容|标题|新闻(?:标题|内容)?|摘要|数据|正文|图片?|链接|段落|条目|文章|text|title"
    r"|headline|content|story|item|summary|copy|post|link|article|news)"
)
_X = r"(?<![A-Za-z0-9])[Xx×]"

FILLER: tuple[Row, ...] = (
    # 示例标题  这是一条测试新闻  Placeholder text
    alone(
        rf"(?:新闻)?{_SAMPLE}\s*{_WHAT}(?:[,]?\s*请(?:忽略|替换|勿理会))?|{_SAMPLE}(?:一下|测试)"
        rf"|{_SAMPLE}[,]\s*请(?:忽略|勿)[^。]{{0,4}}|(?:标题|正文|内容|摘要|图片)占位(?:符|文字|图)?"
        rf"|(?:内部)?测试邮件[^。]{{0,10}}|内部测试[^。]{{0,12}}",
    ),
    anywhere(r"^\W*(?:示例|样例)\s*:\s*\S|\d{2}[Xx×]{2}\s*年|某某某"),
    alone(
        rf"(?:这里|此处|这|以下)(?:是|为)(?:一[段个条份篇])?(?:{_SAMPLE}{_WHAT}?|标题|正文|内容|摘要"
        rf"|新闻(?:标题|内容|摘要)|{_SAMPLE}文字?)(?:{_WHAT})?(?:[,]\s*请[^。]{{0,8}})?",
    ),
    alone(r"(?:test(?:ing)? )+(?:123|\w{0,5})?|测试测试|hello world"),
    # 标题一  新闻1：  Headline 1
    alone(
        r"(?:新闻)?(?:标题|条目|正文|内容|摘要|新闻|段落)\s*[一二三四五六七八九十\d]{1,2}|(?:headline"
        r"|story|item|title|news|article|section|paragraph) ?\d{1,2}|story title|news title"
        r"|article title",
    ),
    # 内容内容内容  啊啊啊啊  111111  asdf
    alone(
        r"([\u4e00-\u9fff]{2,4})\1{2,}|([\u4e00-\u9fffA-Za-z])\2{3,}|(\d)\3{4,}|(\d{2,4})\4+|123456\d*"
        r"|([a-z])\5{2,}|[xX]{3,}|foo ?bar(?: ?baz)?|asdf\w*|qwer\w*|zxcv\w*|abc(?:123|abc)?"
        r"|blah(?: blah)*|[?]{2,}|[.]{4,}",
    ),
    # XX公司  20XX年XX月  同比增长 X%
    anywhere(
        rf"{_X}{{2,}}\s*(?:公司|集团|大学|学院|发布|表示|宣布|先生|女士|年|月|日|元|亿|万|人|条|%|产品"
        rf"|平台|机构|percent\b|million\b|billion\b)",
    ),
    anywhere(
        rf"\d{{0,4}}[Xx×]{{2,4}}\s*年\s*[Xx×]{{1,2}}\s*月|{_X}{{1,2}}\s*月\s*[Xx×]{{1,2}}\s*日"
        rf"|第\s*[Xx×]{{1,3}}\s*[条则篇名期]|\d{{4}}年[Xx×]{{1,2}}月",
    ),
    anywhere(
        rf"(?:增长|上涨|下降|下跌|提高|提升|约|达到?|占比?)\s*[Xx×]{{1,3}}\s*[%％]|[$¥￥]\s*[Xx×]{{2,}}"
        rf"|{_X}{{1,3}}\s*[%％]",
    ),
    anywhere(r"(?<![A-Za-z0-9])(?:YYYY|yyyy)[-年/.]|\b(?:MM/DD|DD/MM|XX/XX|xx/xx)\b"),
    anywhere(r"某某[^。]{0,30}某某|(?:尊敬的|亲爱的|敬爱的)\s*(?:某某|[Xx×]{2,})|某某公司|某公司\(公司名"),
    anywhere(r"(?:\b[Dd]ear|\b[Hh]i|\b[Hh]ello)\s+(?:XX+|xxx+|[Nn]ame\b|[Ff]irst[ _]?[Nn]ame\b)"),
)
# A word that may also be the name of a section.
SAMPLES: tuple[Row, ...] = (alone(rf"{_SAMPLE}(?:符)?|\S{{0,4}}测试|testing|test\d*"),)
LOREM: tuple[Row, ...] = (
    anywhere(r"(?i)lorem ipsum dolor(?: sit)?|dolor sit amet|consectetur adipi|sed do eiusmod"),
    alone(r"lorem ipsum"),
)
