"""What a mailbox shows before a message is opened."""

from dataclasses import replace

import pytest

from newsletter.language import catalog
from newsletter.rendering import TemplateError
from newsletter.rendering.inbox import marked_as_advert
from tests.rendering import support
from tests.rendering.support import a_digest, a_story, paragraph, with_front

NEWS = a_digest(
    a_story(
        "星砚科技开源“砚池-30B”：单卡可跑，长文检索误差减半，训练日志一并公开", "https://a.example/", "一。"
    ),
    a_story("第二条", "https://b.example/", "二。"),
    a_story("第三条", "https://c.example/", "三。"),
)


def subject(digest: object = NEWS, *, pattern: str = "", language: str = "zh-CN") -> str:
    newsletter = support.NEWSLETTER.model_copy(update={"subject": pattern})
    return support.render(digest, newsletter, language=language).mailing.subject  # type: ignore[arg-type]


def test_a_subject_begins_with_the_first_story_and_ends_with_the_day() -> None:
    assert subject() == "星砚科技开源“砚池-30B”：单卡可跑，长文检索误差减半… · 11月23日"
    assert subject(language="en").endswith(" · November 23")


def test_a_sentence_as_a_title_loses_its_full_stop() -> None:
    assert subject(a_digest(a_story("它开源了。", "https://a.example/"))) == "它开源了 · 11月23日"


def test_an_essay_is_announced_by_its_own_title() -> None:
    assert subject(support.essay()) == "全向参考：一张图，多个主角 · 11月23日"


def test_an_essay_without_a_title_of_its_own_is_announced_by_its_first_words() -> None:
    nameless = replace(support.essay(), title="全球 AI 早报 · 2026-11-23")

    assert subject(nameless) == "图像生成领域近期出现了一项名为“全向参考”的新功能 · 11月23日"


def test_a_digest_may_say_its_own_subject() -> None:
    assert subject(with_front(NEWS, subject="就叫 {{ 这个 }}")) == "就叫 {{ 这个 }}"


def test_a_newsletter_may_have_a_pattern() -> None:
    pattern = "{{ name }} {{ weekday }}：{{ cut(story, 9) }}（{{ story_count }} 条）"

    assert subject(pattern=pattern) == "全球 AI 早报 星期一：星砚科技开源“砚…（3 条）"


@pytest.mark.parametrize("pattern", ["{{ nonsense }}", "{% if %}", "{{ name.__class__ }}"])
def test_a_wrong_pattern_names_the_setting(pattern: str) -> None:
    with pytest.raises(TemplateError, match="the newsletter's setting subject"):
        subject(pattern=pattern)


def test_a_subject_is_the_same_for_every_reader() -> None:
    with pytest.raises(TemplateError, match="address differs between readers"):
        subject(pattern="给 {{ address }}")


def test_a_subject_is_never_empty_and_always_one_line() -> None:
    assert subject(pattern="{{ '' }}") == "全球 AI 早报"
    assert subject(with_front(NEWS, subject="一\n二\0")) == "一 二\ufffd"


def test_an_advertisement_is_marked_in_front_and_once() -> None:
    sponsored = with_front(NEWS, sponsored=True)

    assert subject(sponsored).startswith("「广告」星砚科技")
    assert subject(with_front(sponsored, subject="【广告】买一送一")) == "【广告】买一送一"
    assert subject(sponsored, language="en").startswith("[AD] ")
    assert marked_as_advert("[AD] x", catalog("en")) == "[AD] x"


def preheader(digest: object) -> str:
    return support.render(digest).preheader  # type: ignore[arg-type]


def test_the_preheader_is_the_description_else_the_first_sentences() -> None:
    assert preheader(with_front(NEWS, description="今天三条。")) == "今天三条。"
    assert preheader(NEWS) == "今天的主角不是更大的模型。"


def test_else_the_titles_that_the_subject_has_no_room_for() -> None:
    greeting = a_digest(*NEWS.stories, intro=(paragraph("早上好，以下是最新的新闻："),))

    assert preheader(greeting) == "另有：第二条；第三条"


def test_else_the_first_words_of_the_text() -> None:
    assert preheader(a_digest(a_story("标题", None, "正文的第一句。"), intro=())) == "正文的第一句。"
    assert preheader(a_digest(a_story("标题", None), intro=())) == "2026.11.23 全球 AI 早报"


def test_the_preheader_stands_first_in_the_html() -> None:
    html = support.filled(support.render(NEWS)).html

    assert html[html.index("<body") :].index("今天的主角") < html[html.index("<body") :].index(
        "在浏览器中阅读"
    )
