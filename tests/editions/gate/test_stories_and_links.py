"""Stories are whole, as many as announced, and lead to real sites; a habit of the editors is no fault."""

from __future__ import annotations

import pytest

from newsletter.editions.gate import ProbeResult, Reach
from newsletter.editions.gate.hosts import named_host
from newsletter.editions.gate.sites import is_same_site, same_page, site_of
from tests.editions.gate.support import findings, said


def digest_of(*stories: str) -> str:
    return "".join(f"{n}. {story}\n\n" for n, story in enumerate(stories, 1))


def whole(number: int) -> str:
    return f"[新闻第{number}号的标题](https://a.example/{number})\n\n   第{number}号新闻的正文。"


FIVE = [whole(n) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("story", "check"),
    [
        ("没有链接的标题\n\n   它的正文。", "story-without-link"),
        ("[没有正文的标题](https://a.example/9)", "story-without-text"),
        ("什么都没有的标题", "empty-story"),
        ("[新闻第2号的标题](https://b.example/9)\n\n   另一段正文。", "duplicate-story"),
        (
            "[新闻第2号：换了标题](https://www.a.example/2?utm_source=rss#x)\n\n   第2号新闻的正文。",
            "duplicate-story",
        ),
    ],
)
def test_a_story_that_lacks_what_all_others_have_is_held(story: str, check: str) -> None:
    assert said(digest_of(*FIVE, story), check) == [21]


@pytest.mark.parametrize(
    "text",
    [
        digest_of(*(f"[第{n}条](https://a.example/{n})" for n in range(5))),
        digest_of(*FIVE[:3], "编者的话\n\n   没有链接的一条。", "又一条\n\n   也没有链接。"),
        digest_of(
            "[谷歌发布新模型](https://live.example/day)\n\n   参数更少。",
            "[苹果推出耳机](https://live.example/day)\n\n   续航更长。",
        ),
    ],
)
def test_what_an_editor_always_does_is_no_fault(text: str) -> None:
    assert findings(text) == []


@pytest.mark.parametrize(
    "intro",
    [
        "今天为您精选 12 条 AI 新闻。",
        "以下是最新的十条要闻：",
        "本期共 8 条。",
        "12 条新闻，六分钟读完。",
        "Here are 10 stories.",
        "早间要闻，六条。",
    ],
)
def test_fewer_stories_than_announced_are_held(intro: str) -> None:
    assert said(f"{intro}\n\n{digest_of(*FIVE)}", "fewer-than-announced") == [1]


@pytest.mark.parametrize(
    "intro",
    [
        "今天为您精选 5 条 AI 新闻。",
        "本期共五条。",
        "其中 3 条重点新闻值得细读。",
        "Here are 5 stories.",
        "欧盟公布 10 条使用守则。",
        "“今日 20 条新闻”是竞争对手的口号。",
        "今天有 12 家公司发布了财报。",
        "新规共有 113 条。",
        "新法共 30 条款。",
    ],
)
def test_as_many_as_announced_and_other_numbers_pass(intro: str) -> None:
    assert said(f"{intro}\n\n{digest_of(*FIVE)}", "fewer-than-announced") == []


# ---- links ----


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/musk",
        "https://www.example.com/a",
        "http://news.example.org/1",
        "http://localhost:8000/x",
        "http://127.0.0.1/x",
        "http://192.168.1.5/x",
        "https://your-domain.com/x",
        "https://yoursite.com/news",
        "https://news.invalid/x",
        "https://intranet/x",
        "https://a.example/undefined",
        "https://link.com/1",
        "https://a.example/%7B%7Burl%7D%7D",
    ],
)
def test_a_link_to_a_site_that_cannot_exist_is_held(url: str) -> None:
    assert said(f"1. [标题]({url})\n\n   正文。\n", "placeholder-link") == [1]


@pytest.mark.parametrize(
    ("text", "url", "fits"),
    [
        ("openai.com", "https://openai.com/blog", True),
        ("www.openai.com", "https://help.openai.com", True),
        ("https://openai.com/a", "https://evil.example/a", False),
        ("apple.com", "https://apple.com.evil.net", False),
        ("bbc.co.uk", "https://www.bbc.co.uk/news", True),
        ("bbc.co.uk", "https://evil.co.uk", False),
        ("Node.js", "https://www.ithome.com/1", True),
        ("Character.AI", "https://36kr.com/1", True),
        ("twitter.com", "https://x.com/a", True),
        ("例子.中国", "https://xn--fsqu00a.xn--fiqs8s/1", True),
        ("apple.com", "https://xn--pple-43d.com/", False),
        ("看这里", "https://xn--pple-43d.com/", False),
        ("清华大学", "https://www.tsinghua.edu.cn/", True),
        ("openai.com", "https://link.zhihu.com/?target=https%3A//openai.com", True),
    ],
)
def test_the_text_of_a_link_names_the_site_it_leads_to(text: str, url: str, *, fits: bool) -> None:
    story = f"1. [标题](https://a.example/1)\n\n   见 [{text}]({url})。\n"

    assert said(story, "misleading-link") == ([] if fits else [3])


def test_sites_and_pages_are_compared_as_people_would() -> None:
    assert site_of("a.b.example.com.cn") == "example.com.cn"
    assert is_same_site("youtu.be", "www.youtube.com")
    assert same_page("HTTPS://www.A.example/x/?b=2&utm_source=r&a=1#top") == "a.example/x?a=1&b=2"
    assert same_page("mailto:a@a.example") == ""
    assert named_host("v1.2.3") == named_host("README.md") == named_host("原文链接") == ""


@pytest.mark.parametrize(("dead", "held"), [(0, False), (1, False), (2, True), (3, True)])
def test_one_dead_link_in_three_is_a_mishap_and_more_are_the_digests_own(dead: int, held: bool) -> None:
    urls = [f"https://news.site.example/{n}" for n in range(3)]
    text = "\n\n".join(f"{n}. [第{n}条新闻的标题]({url})\n\n   一句话。" for n, url in enumerate(urls, 1))
    probes = {
        url: ProbeResult(reach=Reach.DEAD if n < dead else Reach.ALIVE, detail="status 404")
        for n, url in enumerate(urls)
    }

    assert bool(said(text, "many-dead-links", probes=probes)) is held


def test_a_dead_link_is_held_and_one_that_cannot_be_reached_from_here_is_not() -> None:
    text = digest_of(*FIVE[:2]) + "\n![图](https://i.example/a.png)\n"
    dead = ProbeResult(reach=Reach.DEAD, status=404)
    probes = {
        "https://a.example/1": ProbeResult(reach=Reach.UNREACHABLE_FROM_HERE, detail="timed out"),
        "https://a.example/2": dead,
        "https://i.example/a.png": ProbeResult(reach=Reach.ALIVE, status=200, bytes=3_000_000),
    }

    assert said(text, "dead-link", probes=probes) == [5]
    assert said(text, "heavy-image", probes=probes) == [10]
    assert said(text, "dead-image", probes={"https://i.example/a.png": dead}) == [10]
    assert said(text, "dead-link") == []


def test_an_image_without_encryption_warns() -> None:
    assert said(f"{digest_of(*FIVE[:1])}\n![图](http://i.example/a.png)\n", "insecure-image") == [6]
