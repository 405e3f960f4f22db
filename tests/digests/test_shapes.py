"""Every shape the editors use is read as stories, and none as a blob."""

from __future__ import annotations

import pytest

from newsletter.digests.digest import Story
from newsletter.digests.prose import (
    CodeBlock,
    Heading,
    Image,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Strong,
    Table,
    Text,
    plain,
)
from tests.digests.support import SHARED_DIGESTS, a_digest, blocks_text, inlines_text, sample, titles
from tests.tools import needs_shared


def bodies(text: str) -> list[str]:
    return ["\n".join(blocks_text(story.body)) for story in a_digest(text).stories]


def urls(text: str) -> list[str | None]:
    return [story.url for story in a_digest(text).stories]


# ---- the samples ----


def test_numbered_links_with_an_indented_summary() -> None:
    digest = sample("numbered")

    assert titles(digest) == [
        "听雨实验室开放“雨燕”小模型，手机离线可用",
        "松江机器人厂把巡检车卖到北欧",
        "海风电池完成第三轮融资",
    ]
    assert [story.number for story in digest.stories] == [1, 2, 10]
    assert [story.line for story in digest.stories] == [13, 17, 21]
    assert digest.stories[1].url == "https://songjiang.example/nordic?from=letter&kind=news"
    # Three blanks are not enough under "10.", but the editor's intent is plain.
    assert list(blocks_text(digest.stories[2].body)) == ["这一条的正文只缩进了三格，编号也跳到了十。"]
    assert [section.is_commentary for section in digest.sections] == [False, True]
    assert digest.sections[1].title_text == "点评"
    assert len(digest.sections[1].lead) == 2
    assert (digest.categories, digest.front.tags) == (("芯片", "机器人"), ("开源",))


def test_pinned_stories_with_a_source_label() -> None:
    digest = sample("pinned")

    assert titles(digest)[:4] == [
        "云杉公司发布会议记录工具",
        "Nebula 与三所大学合办实验室",
        "两条合在一段里的第一条",
        "两条合在一段里的第二条",
    ]
    assert [story.number for story in digest.stories] == [1, 2, 3, 4, 1, 2]
    assert digest.stories[3].url == "https://one.example/b"
    assert (digest.stories[3].line, digest.stories[3].url_line) == (19, 20)
    assert [list(blocks_text(story.body)) for story in digest.stories[:2]] == [
        ["工具能区分八个人的声音，并把“待办”单独列出。"],
        ["实验室研究长时间运行的智能体。第二行没有空格结尾，仍是同一段。"],
    ]


def test_prose_between_two_lists_opens_a_section() -> None:
    digest = sample("pinned")

    assert [len(section.stories) for section in digest.sections] == [4, 2]
    assert list(blocks_text(digest.sections[1].lead)) == ["以上内容由编辑部整理，点击标题可读原文。"]
    assert digest.stories[5].url == ""


def test_sections_of_bullets_with_a_source() -> None:
    digest = sample("sections")

    assert [section.title_text for section in digest.sections] == ["值班记录", "1. 模型与工具", "2. 公司"]
    assert isinstance(digest.sections[0].lead[0], Quote)
    assert titles(digest) == [
        "青石团队放出图像模型的量化版本，显存占用减半。",
        "有人发现在提示里写上日期，就能让旧模型少犯一类错误。",
        "一条没有来源的传闻，仅供参考。",
        "远帆航天把发射窗口推迟到周五。",
        "收购",
    ]
    assert [story.url for story in digest.stories] == [
        "https://x.example/status/1",
        "https://x.example/status/2",
        None,
        "https://yuanfan.example",
        "https://changting.example/news",
    ]
    assert list(blocks_text(digest.stories[4].body)) == [
        "长亭集团买下一家做字体的小公司。它只有六名员工。 来源：长亭公告"
    ]


def test_a_heading_for_each_story() -> None:
    digest = sample("story-headings")

    assert titles(digest) == ["为什么小公司更敢换模型", "一份关于噪声的研究", "还没有链接的一则"]
    assert [story.url for story in digest.stories] == [
        "https://read.example/small",
        "https://read.example/noise",
        None,
    ]
    assert [story.number for story in digest.stories] == [1, 2, 3]
    assert any(
        isinstance(block, Heading) and plain(block.children) == "方法" for block in digest.stories[1].body
    )
    assert [(s.title_text, s.is_commentary) for s in digest.sections] == [("", False), ("编者按", True)]


def test_headings_that_are_links_under_headings_that_are_sections() -> None:
    digest = sample("linked-headings")

    assert [(s.title_text, len(s.stories)) for s in digest.sections] == [("国内", 2), ("国外", 1)]
    assert titles(digest)[0] == "城际列车试用无人检票"
    assert digest.front.sponsored


def test_an_essay_is_one_story_without_a_link() -> None:
    digest = sample("essay")

    (story,) = digest.stories
    assert digest.is_essay
    assert (story.title_text, story.url) == (digest.title, None)
    assert {type(block) for block in story.body} == {Paragraph, Rule}
    assert digest.intro == ()


def test_chinese_list_marks_and_full_width_digits() -> None:
    digest = sample("chinese-numbers")

    assert [story.number for story in digest.stories] == [1, 2, 1, 2]
    assert titles(digest)[2:] == ["顿号编号的第一条", "顿号编号的第二条"]
    assert "１．５倍" in "".join(blocks_text(digest.stories[1].body))
    assert list(blocks_text(digest.sections[2].lead)) == ["1、2月的数据要合起来看。"]


def test_text_that_was_not_indented_belongs_to_the_story_above() -> None:
    digest = sample("unindented")

    assert [list(blocks_text(story.body)) for story in digest.stories] == [
        ["第一条的正文顶格写，编辑忘了缩进。"],
        ["第二条的正文也顶格。"],
        ["第三条是最后一条，正文还是顶格。"],
    ]
    assert list(blocks_text(digest.sections[1].lead)) == ["以上是今天的全部内容。"]


def test_dashes_right_under_a_story_are_a_rule() -> None:
    digest = sample("setext")

    assert titles(digest) == ["分隔线紧贴正文", "第二条也一样"]
    assert list(blocks_text(digest.stories[0].body)) == ["正文下面就是横线，没有空行。"]


def test_tables_code_images_and_quotes_stay_what_they_are() -> None:
    digest = sample("traps")

    first, second, third = digest.stories
    kinds = {type(block) for story in digest.stories for block in story.body}
    assert {Table, CodeBlock, Quote, Paragraph} <= kinds
    assert first.title_text == "链接里带 <think> 标签的标题"
    assert second.title_text == "图片与表情 ❤️ 1️⃣"
    assert any(isinstance(inline, Image) and not inline.alt for inline in _inlines(second))
    assert third.url == "javascript:alert(1)"


def _inlines(story: Story) -> list[object]:
    return [i for block in story.body if isinstance(block, Paragraph) for i in block.children]


# ---- one rule at a time ----


@pytest.mark.parametrize(
    "label", ["原文链接", "消息来源", "来源", "阅读原文", "原文", "链接", "查看详情", "source", "Read more"]
)
def test_a_source_label_gives_its_address_and_goes(label: str) -> None:
    for text in (
        f"1. **标题**\n   🔗 [{label}](https://a.example/1)\n   正文。\n",
        f"- 标题 [{label}](https://a.example/1)\n",
        f"- 标题（[{label}](https://a.example/1)）\n",
        f"- 标题 | [{label}](https://a.example/1)。\n",
        f"## 标题\n\n正文。\n\n[{label}](https://a.example/1)\n",
        f"📌 1. **标题**\n正文。[{label}](https://a.example/1)\n",
        f"📌 **标题**\n🔗 {label}：https://a.example/1\n正文。\n",
    ):
        digest = a_digest(text)

        assert [story.url for story in digest.stories] == ["https://a.example/1"], text
        assert label not in "".join(inlines_text(digest.stories[0].title)), text
        assert label not in "".join(blocks_text(digest.stories[0].body)), text


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("- 标题。详见[原文](https://a.example/1)\n", "详见原文"),
        ("- 标题。来源：[青石日报](https://a.example/1)\n", "来源：青石日报"),
        ("1. **标题**\n\n   正文。\n\n   [青石日报](https://a.example/1)\n", "正文。\n青石日报"),
    ],
)
def test_a_source_that_is_named_gives_its_address_and_stays(text: str, body: str) -> None:
    assert urls(text) == ["https://a.example/1"]
    assert bodies(text) == [body]


def test_of_two_addresses_none_is_lost() -> None:
    text = "1. [标题](https://a.example/1)\n   🔗 [原文链接](https://b.example/2)\n"

    (story,) = a_digest(text).stories

    assert story.url == "https://a.example/1"
    assert any(isinstance(i, Link) and i.url == "https://b.example/2" for i in _inlines(story))


def test_a_title_with_an_empty_link_takes_the_labels_address() -> None:
    assert urls("1. [标题]()\n   🔗 [原文链接](https://b.example/2)\n") == ["https://b.example/2"]


def test_a_bullet_of_several_sentences_has_the_first_as_its_title() -> None:
    digest = a_digest("- 第一句。第二句，第三句。 [来源](https://a.example/1)\n")

    assert titles(digest) == ["第一句。"]
    assert list(blocks_text(digest.stories[0].body)) == ["第二句，第三句。"]


@pytest.mark.parametrize("separator", ["：", ": ", " — ", " - ", " | "])
def test_what_parts_a_linked_title_from_its_text_goes(separator: str) -> None:
    digest = a_digest(f"- [标题](https://a.example/1){separator}正文。\n")

    assert titles(digest) == ["标题"]
    assert list(blocks_text(digest.stories[0].body)) == ["正文。"]


def test_a_sentence_that_starts_with_a_link_stays_whole() -> None:
    digest = a_digest("- [青石](https://a.example/1)发布了新模型\n- [远山](https://a.example/2) 也是\n")

    assert titles(digest) == ["青石发布了新模型", "远山 也是"]


def test_hard_breaks_inside_a_storys_text_stay() -> None:
    (story,) = a_digest("📌 **1. 标题**  \n🔗 [原文链接](https://a.example/1)  \n第一行  \n第二行\n").stories

    assert story.body == (Paragraph((Text("第一行"), LineBreak(), Text("第二行")), 3),)


def test_a_plain_list_in_prose_is_no_list_of_stories() -> None:
    digest = a_digest(f"{'这是一篇文章。' * 20}\n\n1. 精度\n2. 召回\n\n- 甲\n- 乙\n")

    assert digest.is_essay
    assert [type(block) for block in digest.stories[0].body] == [Paragraph, ListBlock, ListBlock]


@pytest.mark.parametrize("name", ["参考资料", "**延伸阅读**", "## 相关链接", "References:"])
def test_a_reading_list_under_an_essay_is_no_list_of_stories(name: str) -> None:
    digest = a_digest(
        f"{'这是一篇文章。' * 20}\n\n{name}\n\n- [论文](https://a.example/1)\n- [代码](https://a.example/2)\n"
    )

    assert digest.is_essay


def test_a_table_of_contents_is_no_list_of_stories() -> None:
    digest = a_digest(
        "- [第一](#1)\n- [第二](#2)\n\n## [第一](https://a.example/1)\n\n## [第二](https://a.example/2)\n"
    )

    assert titles(digest) == ["第一", "第二"]
    assert isinstance(digest.intro[0], ListBlock)


def test_a_list_that_starts_anew_is_a_section_of_its_own() -> None:
    digest = a_digest(
        "1. [甲](https://a.example/1)\n2. [乙](https://a.example/2)\n\n1) [丙](https://a.example/3)\n"
    )

    assert [len(section.stories) for section in digest.sections] == [2, 1]


def test_ones_throughout_are_markdown_for_counting() -> None:
    text = "1. [甲](https://a.example/1)\n1. [乙](https://a.example/2)\n1. [丙](https://a.example/3)\n"

    assert [story.number for story in a_digest(text).stories] == [1, 2, 3]


def test_a_bold_line_over_stories_is_their_heading() -> None:
    digest = a_digest(
        "开场白。\n\n**大模型**\n\n- [甲](https://a.example/1)\n\n**芯片**\n\n- [乙](https://a.example/2)\n"
    )

    assert [(s.title_text, len(s.stories)) for s in digest.sections] == [("大模型", 1), ("芯片", 1)]
    assert list(blocks_text(digest.intro)) == ["开场白。"]


def test_bold_numbers_are_stories_when_they_have_sources() -> None:
    with_sources = "**1. 甲**\n\n正文。\n\n[原文](https://a.example/1)\n\n**2. 乙**\n\n正文。\n\n[原文](https://a.example/2)\n"
    without = f"{'这是一篇文章。' * 20}\n\n**1. 背景**\n\n正文。\n\n**2. 方法**\n\n正文。\n"

    assert urls(with_sources) == ["https://a.example/1", "https://a.example/2"]
    assert a_digest(without).is_essay


@pytest.mark.parametrize("name", ["点评", "编者按", "小结", "今日点评", "📝 短评", "【评论】"])
def test_a_commentary_is_known_by_its_name(name: str) -> None:
    story = "1. [甲](https://a.example/1)\n\n"
    for text in (
        f"### {name}\n\n看法。",
        f"**{name}：**\n\n看法。",
        f"**{name}：** 看法。",
        f"{name}：\n看法。",
    ):
        section = a_digest(story + text).sections[-1]

        assert section.is_commentary, text
        assert section.title_text.rstrip("：") == name, text
        assert list(blocks_text(section.lead)) == ["看法。"], text


def test_too_little_text_is_no_essay() -> None:
    digest = a_digest("今天没有新闻。\n\n好的，请您提供包含新闻的文本。" + "我将按照您的要求处理。" * 20)

    assert not digest.is_essay
    assert digest.stories == ()


def test_emphasis_around_a_title_goes_and_inside_it_stays() -> None:
    (story,) = a_digest("1. **[一个*重要*的标题](https://a.example/1)**\n").stories

    assert story.title_text == "一个重要的标题"
    assert not isinstance(story.title[0], Strong | Link)


def test_categories_over_bullets_are_sections() -> None:
    digest = a_digest(
        "- **大模型**\n  - [甲](https://a.example/1)：说明\n  - [乙](https://a.example/2)\n"
        "- 芯片\n  - [丙](https://a.example/3)\n"
    )

    assert [(s.title_text, len(s.stories)) for s in digest.sections] == [("大模型", 2), ("芯片", 1)]


def test_bold_lines_over_text_with_a_source_are_stories() -> None:
    digest = a_digest(
        "**【头条】甲**\n\n正文一。\n\n🔗 [原文链接](https://a.example/1)\n\n"
        "**【要闻】乙**\n\n正文二。\n\n🔗 [原文链接](https://a.example/2)\n\n**点评**\n\n看法。\n"
    )

    assert titles(digest) == ["【头条】甲", "【要闻】乙"]
    assert [list(blocks_text(story.body)) for story in digest.stories] == [["正文一。"], ["正文二。"]]
    assert digest.sections[-1].is_commentary


def test_a_source_in_a_quote_makes_a_heading_a_story() -> None:
    digest = a_digest(
        "## 头条\n\n### 1. 甲\n\n正文。\n\n- 要点\n\n> 来源：[某报](https://a.example/1)\n\n"
        "### 2. 乙\n\n正文。\n\n> 来源：[某台](https://a.example/2)\n"
    )

    assert [(story.number, story.url) for story in digest.stories] == [
        (1, "https://a.example/1"),
        (2, "https://a.example/2"),
    ]
    assert "某报" in "".join(blocks_text(digest.stories[0].body))


def test_bold_words_that_end_a_sentence_are_the_title() -> None:
    digest = a_digest("1. **First thing.** The rest of it. [Read more](https://a.example/1)\n")

    assert titles(digest) == ["First thing."]
    assert list(blocks_text(digest.stories[0].body)) == ["The rest of it."]


def test_numbered_lines_with_a_bare_address_are_stories() -> None:
    digest = a_digest(
        "1、甲\n正文一。\n链接：https://a.example/1\n\n2、乙\n正文二。\n链接：https://a.example/2\n"
    )

    assert [(s.number, s.title_text, s.url) for s in digest.stories] == [
        (1, "甲", "https://a.example/1"),
        (2, "乙", "https://a.example/2"),
    ]


# ---- the real ones ----


@needs_shared
def test_every_story_of_the_real_digests_is_found() -> None:
    counted = {
        path.name[:10]: len(a_digest(path.read_bytes(), file=path.name).stories) for path in SHARED_DIGESTS
    }

    assert counted == {
        "2025-05-07": 14,
        "2025-05-09": 1,
        "2025-05-11": 50,
        "2025-05-12": 29,
        "2025-05-16": 39,
        "2025-05-17": 26,
        "2025-05-21": 30,
        "2025-08-25": 19,
        "2025-11-13": 5,
    }
