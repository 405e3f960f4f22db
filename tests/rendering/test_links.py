"""Which links may stand in an email, and that no two targets share a name."""

import pytest

from newsletter.rendering.links import LinkNames, host_of, safe_url, unlink_unsafe
from tests.rendering import reading_back, support


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ("https://example.com/a?b=1&c=2#d", "https://example.com/a?b=1&c=2#d"),
        ("http://example.com", "http://example.com"),
        (" https://example.com/ ", "https://example.com/"),
        ("HTTPS://Example.COM/Path", "https://example.com/Path"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        (
            "https://zh.example.org/wiki/人工智能",
            "https://zh.example.org/wiki/%E4%BA%BA%E5%B7%A5%E6%99%BA%E8%83%BD",
        ),
        ("https://例子.测试/", "https://xn--fsqu00a.xn--0zwm56d/"),
        ("https://example.com/already%20quoted", "https://example.com/already%20quoted"),
        ("mailto:editors@example.com?subject=hi", "mailto:editors@example.com?subject=hi"),
    ],
)
def test_an_absolute_address_stands_in_ascii(written: str, stands: str) -> None:
    assert safe_url(written) == stands


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "#",
        "空",
        "(空)",
        "/news/1",
        "news/1",
        "//example.com/x",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.com/",
        "https:",
        "https://",
        "https:///path",
        "https://localhost/",
        "https://user:secret@example.com/",
        "https://bank.example@evil.example/",
        "https://example.com/a b",
        'https://example.com/"onclick="x',
        "https://example.com/<script>",
        "https://exa mple.com/",
        "https://example.com:port/",
        "https://[::1/",
        "https://example..com/",
        "mailto:nobody",
        "[新闻链接]",
    ],
)
def test_anything_else_does_not(written: str) -> None:
    assert safe_url(written) is None


def test_a_host_is_named_without_its_www() -> None:
    assert host_of("https://www.example.com:8443/x") == "example.com"
    assert host_of("mailto:editors@example.com") == "example.com"


def named(*fragments: str, **reserved: str) -> list[tuple[str, str]]:
    names = LinkNames(fragments, reserved=reserved, with_host=lambda host: f"（{host}）")
    return [link for fragment in fragments for link in reading_back.read(names.write(fragment)).links]


def test_one_name_for_one_target_is_left_alone() -> None:
    same = '<a href="https://a.example/1">原文链接</a>'

    assert named(same, same) == [("原文链接", "https://a.example/1")] * 2


def test_links_with_one_name_and_several_targets_say_their_hosts() -> None:
    assert named(
        '<a href="https://a.example/1">原文链接</a>', '<a href="https://b.example/1">原文链接</a>'
    ) == [
        ("原文链接（a.example）", "https://a.example/1"),
        ("原文链接（b.example）", "https://b.example/1"),
    ]


def test_and_a_number_when_the_host_is_the_same_too() -> None:
    links = named(*(f'<a href="https://a.example/{n}">来源</a>' for n in (1, 2, 3)))

    assert [name for name, _ in links] == ["来源（a.example）", "来源（a.example 2）", "来源（a.example 3）"]


def test_blanks_and_case_do_not_tell_names_apart() -> None:
    links = named('<a href="https://a.example/">Read  more</a>', '<a href="https://b.example/">read more</a>')

    assert [name for name, _ in links] == ["Read more（a.example）", "read more（b.example）"]


def test_a_new_name_never_meets_one_that_was_there() -> None:
    links = named(
        '<a href="https://a.example/1">来源</a><a href="https://b.example/1">来源</a>',
        '<a href="https://c.example/1">来源（a.example）</a>',
    )

    assert len({name for name, _ in links}) == 3


def test_a_link_without_words_is_named_after_its_host() -> None:
    assert named('<a href="https://a.example/1"></a>') == [("a.example", "https://a.example/1")]


def test_the_words_of_a_picture_are_the_name_of_its_link() -> None:
    picture = '<img src="https://i.example/p.png" alt="图片">'

    links = named(f'<a href="https://a.example/">{picture}</a><a href="https://b.example/">{picture}</a>')

    assert [name for name, _ in links] == ["图片（a.example）", "图片（b.example）"]


def test_a_name_of_ours_stays_ours() -> None:
    links = named('<a href="https://evil.example/">退订</a>', 退订="https://news.example.com/leave")

    assert links == [("退订（evil.example）", "https://evil.example/")]


def test_a_link_that_lost_its_target_is_only_text() -> None:
    assert unlink_unsafe('<p>读<a style="color:red">这<b>里</b></a>。</p>') == "<p>读这<b>里</b>。</p>"


def test_no_two_targets_of_an_email_share_a_name() -> None:
    for digest in (support.numbered(), support.sections_of_briefs(), support.kitchen_sink()):
        targets: dict[str, set[str]] = {}
        for name, target in reading_back.read(support.filled(support.render(digest)).html).links:
            targets.setdefault(name.casefold(), set()).add(target)

        assert [name for name, found in targets.items() if len(found) > 1 or not name] == []


def test_two_stories_with_one_title_are_told_apart() -> None:
    digest = support.a_digest(
        support.a_story("苹果发布 FastVLM", "https://arxiv.example/1", "一。"),
        support.a_story("苹果发布 FastVLM", "https://code.example/2", "二。"),
    )

    names = [name for name, _ in reading_back.read(support.filled(support.render(digest)).html).links]

    assert "苹果发布 FastVLM（arxiv.example）" in names
    assert "苹果发布 FastVLM（code.example）" in names
