"""A digest becomes a mailing that is complete, the same every time, and cannot be broken into."""

import json
import subprocess
import sys
from datetime import date
from itertools import pairwise

import pytest

from newsletter.errors import ConfigError
from newsletter.mailing import Copy, HoleKind, Mailing, ValueRefused
from newsletter.rendering.letter import Title
from tests.rendering import reading_back, support
from tests.rendering.support import a_digest, a_story, paragraph, with_front
from tests.tools import ROOT


def test_the_holes_are_typed_by_where_they_stand() -> None:
    mailing = support.render(support.numbered()).mailing

    def kinds(template: object) -> set[tuple[str, HoleKind]]:
        return {(hole.name, hole.kind) for hole in template.holes()}  # type: ignore[attr-defined]

    links = {("leave_url", HoleKind.URL), ("manage_url", HoleKind.URL)}
    assert kinds(mailing.html) == links | {("address", HoleKind.HTML)}
    assert kinds(mailing.text) == links | {("address", HoleKind.TEXT)}
    assert kinds(dict(mailing.headers)["List-Unsubscribe"]) == {("leave_url", HoleKind.URL)}


def test_a_readers_value_cannot_break_out() -> None:
    rendered = support.render(support.numbered())

    copy = support.filled(rendered, address="<script>alert(1)</script>@example.cn")

    assert "<script" not in copy.html
    assert "&lt;script&gt;" in copy.html
    with pytest.raises(ValueRefused):
        support.filled(rendered, leave_url='https://a.example/"><script>')


def test_without_values_the_links_lead_somewhere_sensible() -> None:
    page = reading_back.read(support.render(support.numbered()).mailing.html.fill({}))

    assert dict(page.links)["退订"] == "https://news.example.com/ai_daily"
    assert "你的邮箱" in page.text


def test_the_same_digest_gives_the_same_bytes() -> None:
    first = support.render(support.kitchen_sink()).mailing

    assert first.fingerprint == support.render(support.kitchen_sink()).mailing.fingerprint
    assert Mailing.from_bytes(first.to_bytes()) == first


def test_and_another_process_gives_them_too() -> None:
    program = (
        "import json; from tests.rendering import support;"
        "print(json.dumps(support.render(support.kitchen_sink()).mailing.fingerprint))"
    )

    there = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert json.loads(there.stdout) == support.render(support.kitchen_sink()).mailing.fingerprint


ATTACKS = [
    '"><script>alert(1)</script>',
    "</title></head><body><h1>x</h1>",
    "{{ address }}{% for x in y %}{{ config }}",
    "{{leave_url}} <%= x %> ${y} {# z #}",
    "' onmouseover='alert(1)",
    "\\u{22} \\x22 \ufe0f \u200d \u202e",
    "<!--[if mso]>--> <![endif]-->",
    "holeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax0x",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_an_editor_writes_is_only_text_wherever_it_stands(attack: str) -> None:
    digest = with_front(
        a_digest(a_story(attack, "https://a.example/", attack), title=attack, intro=(paragraph(attack),)),
        title=attack,
        description=attack,
        subject=attack,
        categories=(attack,),
    )
    newsletter = support.NEWSLETTER.model_copy(update={"name": attack, "postal_address": attack})

    rendered = support.render(digest, newsletter)
    copy = support.filled(rendered)

    page = reading_back.read(copy.html)
    assert not page.all("script", "form", "iframe")
    assert len(page.all("h1")) == 1
    assert all(not name.startswith("on") for element in page.elements for name in element.attributes)
    # The preheader, the title, the label, the introduction, the story and the body.
    assert reading_back.squeezed(page.text).count(reading_back.squeezed(attack)) >= 6
    assert copy.text.count(attack.strip()) >= 5
    assert {hole.name for hole in rendered.mailing.holes()} == {"leave_url", "manage_url", "address"}


def test_the_page_says_its_language_on_html_and_on_every_child_of_the_body() -> None:
    for language in ("zh-CN", "en"):
        page = reading_back.read(support.filled(support.render(support.numbered(), language=language)).html)

        marked = [e for e in page.elements if e.tag == "html" or (e.around and e.around[-1] == "body")]
        assert len(marked) == 2
        for element in marked:
            assert (element.attributes["lang"], element.attributes["dir"]) == (language, "ltr")


@pytest.mark.parametrize(
    "shape", [support.numbered, support.sections_of_briefs, support.essay, support.kitchen_sink]
)
def test_there_is_one_h1_and_no_rank_is_skipped(shape: object) -> None:
    page = reading_back.read(support.filled(support.render(shape())).html)  # type: ignore[operator]

    ranks = [int(heading.tag[1]) for heading in page.headings]
    assert ranks[0] == 1
    assert ranks.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(ranks))


def test_every_story_is_a_heading_whose_link_is_its_title() -> None:
    digest = support.sections_of_briefs()

    page = reading_back.read(support.filled(support.render(digest)).html)

    in_headings = [link.text for link in page.all("a") if {"h2", "h3"} & set(link.around)]
    assert in_headings == [story.title_text for story in digest.stories]


def test_a_story_whose_link_may_not_stand_is_shown_unlinked() -> None:
    copy = support.filled(support.render(a_digest(a_story("标题", "(空)", "正文。"))))

    assert "标题" in [heading.text for heading in reading_back.read(copy.html).headings]
    assert "空" not in copy.html
    assert "空" not in copy.text


def test_a_story_without_words_is_named_after_its_host() -> None:
    copy = support.filled(support.render(a_digest(a_story("", "https://www.a.example/1", "正文。"))))

    assert ("a.example", "https://www.a.example/1") in reading_back.read(copy.html).links


@pytest.mark.parametrize(
    ("title", "date_of_it", "text"),
    [
        ("2026.11.23 全球 AI 早报", "2026.11.23", "全球 AI 早报"),
        ("2026年11月23日｜要闻", "2026年11月23日", "要闻"),
        ("11月23日 快讯", "11月23日", "快讯"),
        ("全球 AI 早报 · 2026-11-23", "2026-11-23", "全球 AI 早报"),
        ("3.5 版发布", "", "3.5 版发布"),
        ("2026-11-23", "", "2026-11-23"),
    ],
)
def test_a_date_in_a_title_is_told_from_the_rest(title: str, date_of_it: str, text: str) -> None:
    read = Title.of(a_digest(title=title), name="全球AI早报", day=support.DAY)

    assert (read.date, read.text) == (date_of_it, text)
    assert read.is_name is (text == "全球 AI 早报")


def test_an_essay_says_its_title_once() -> None:
    copy = support.filled(support.render(support.essay()))

    title = support.essay().title
    body = copy.html[copy.html.index("<h1") :]
    assert body.count(title) == 1
    assert copy.text.count(title) == 1


def test_a_title_that_only_repeats_the_name_becomes_the_masthead() -> None:
    page = reading_back.read(support.filled(support.render(support.numbered())).html)

    assert page.all("h1")[0].text == "2026.11.23 全球 AI 早报"
    shown = page.text[page.text.index("在浏览器中阅读") : page.text.index("朋友转给你的")]
    assert shown.count("全球 AI 早报") == 1


def test_any_other_title_stands_under_the_name() -> None:
    digest = a_digest(a_story("一", "https://a.example/", "二"), title="降价潮再起")

    page = reading_back.read(support.filled(support.render(digest)).html)

    assert page.all("h1")[0].text == "降价潮再起"
    assert "全球 AI 早报" in page.text[: page.text.index("降价潮再起", page.text.index("在浏览器中阅读"))]


FOOTER = {
    "zh-CN": ["在浏览器中阅读", "管理订阅", "退订", "朋友转给你的", "因为这个地址订阅了"],
    "en": [
        "Read in your browser",
        "Manage your subscription",
        "Unsubscribe",
        "Did a friend",
        "is subscribed to",
    ],
}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_footer_says_why_and_how_to_leave(language: str) -> None:
    copy = support.filled(support.render(support.numbered(), language=language))

    text = reading_back.read(copy.html).text
    for words_of_it in [
        *FOOTER[language],
        "li.lei@example.cn",
        "上海市示例路 1 号 200030",
        "editors@example.com",
    ]:
        assert words_of_it in text
        assert words_of_it in copy.text
    for target in (
        support.LI_LEI["leave_url"],
        support.LI_LEI["manage_url"],
        "/archive/2026-11-23",
        "/ai_daily",
    ):
        assert target in copy.html
        assert target in copy.text


def test_what_the_law_wants_said_is_said_above_the_news() -> None:
    copy = support.filled(support.render(with_front(support.numbered(), sponsored=True, ai_generated=True)))

    for part in (reading_back.read(copy.html).text, copy.text):
        assert part.index("广告") < part.index("1,400 Failed Runs")
        assert part.index("AI 生成合成内容") < part.index("1,400 Failed Runs")


def test_nothing_of_the_kind_is_said_otherwise() -> None:
    copy = support.filled(support.render(support.numbered()))

    assert "广告" not in copy.html + copy.text
    assert "生成合成" not in copy.html + copy.text


def test_twenty_stories_stay_under_80_kilobytes() -> None:
    rendered = support.render(support.twenty_stories())

    assert rendered.html_bytes < 80_000
    assert rendered.html_bytes == len(rendered.mailing.html.fill({}).encode())


def test_the_longest_story_can_be_named() -> None:
    digest = a_digest(
        a_story("短", "https://a.example/", "短。"), a_story("长", "https://b.example/", "长" * 20_000)
    )

    rendered = support.render(digest)

    assert len(rendered.story_bytes) == 2
    assert rendered.story_bytes[0] < 1000
    assert rendered.story_bytes[1] > 60_000


def test_each_style_block_is_small_enough_for_gmail() -> None:
    html = support.filled(support.render(support.numbered())).html

    sheets = [part.split("</style>")[0] for part in html.split("<style")[1:]]
    ours = [
        sheet
        for sheet in sheets
        if "prefers-color-scheme" in sheet or "[data-ogsc]" in sheet or ":root" in sheet
    ]
    assert len(ours) == 3
    assert all(len(sheet) < 8192 for sheet in sheets)


def test_nothing_is_loaded_from_elsewhere() -> None:
    html = support.filled(support.render(support.numbered())).html

    page = reading_back.read(html)
    assert not page.all("img", "link", "iframe", "video")
    assert "url(" not in html
    assert "@import" not in html


def test_another_kind_of_edition_has_its_own_page() -> None:
    rendered = support.render(support.numbered(), kind="correction", serial=2)

    assert "/archive/2026-11-23-correction-2" in rendered.mailing.html.fill({})
    assert ":correction:" in dict(support.filled(rendered).headers)["Feedback-ID"]


def test_the_day_shown_is_the_day_it_goes_out() -> None:
    newsletter, digest = support.NEWSLETTER, support.numbered()

    rendered = support.renderer().render(
        digest, newsletter, urls=support.URLS, language="zh-CN", day=date(2026, 11, 24), edition="e"
    )

    text = rendered.mailing.text.fill({})
    assert "2026年11月24日 星期二" in text
    assert "2026.11.23" in text


def test_a_language_there_is_not_is_an_error() -> None:
    with pytest.raises(ConfigError, match="there is no language 'tlh'"):
        support.render(support.numbered(), language="tlh")


def test_a_copy_needs_nothing_but_its_values() -> None:
    mailing = support.render(support.numbered()).mailing

    copy = mailing.fill(Copy(ref="r1", address="li.lei@example.cn", values=support.LI_LEI))

    assert copy.html.count(support.LI_LEI["leave_url"]) == 1
    assert "{{" not in copy.html + copy.text
