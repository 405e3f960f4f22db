"""The archive's pages: what everybody may read, and what nobody finds there."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from PIL import Image
from sqlalchemy import select

from newsletter.digests.reader import read
from newsletter.editions import archive
from newsletter.editions.archive import Key
from newsletter.editions.edition import Edition
from newsletter.editions.pictures import Picture
from newsletter.editions.states import Kind, State
from tests.support import DAY, SEVEN, SLUG, new_edition
from tests.web.support import BASE, PAPER, House

ATOM = "{http://www.w3.org/2005/Atom}"
RUNS = re.compile(r"<(script|iframe|svg)\b|<[^>]*\s(on\w+|style)=|(href|src)=.?(javascript|data):")
HOSTILE = """## 1. [标题 <img src=x onerror=alert(1)>](javascript:alert(1))

<script>alert(1)</script><iframe src="https://evil.example"></iframe><p onclick="alert(1)" style="x">文</p>

[坏链接](javascript:alert(1)) <a href="data:text/html,x">y</a> <svg onload=alert(1)>
"""


def a_source(body: str, *, title: str = "今日速递", front: str = "") -> str:
    return f"---\ntitle: {title}\ndate: {DAY}\n{front}---\n\n{body}\n"


def put(
    house: House,
    body: str = "## 1. [英伟达芯片](https://example.com/1)\n\n正文。",
    *,
    day: date = DAY,
    title: str = "今日速递",
    front: str = "",
    pictures: tuple[Picture, ...] = (),
) -> None:
    source = a_source(body, title=title, front=front)
    digest = read(source.encode(), file="d.md", newsletter_name=PAPER.name, tz=PAPER.schedule.tz)
    with house.writing() as session:
        archive.add(session, SLUG, Key(day), digest, pictures, published_at=SEVEN, now=SEVEN)


def send(house: House, state: State) -> None:
    edition = new_edition()
    edition.state, edition.frozen_at = state, SEVEN
    edition.digest_source = a_source("## 1. [头条](https://example.com/1)\n\n内容。")
    with house.writing() as session:
        session.add(edition)


@pytest.mark.parametrize("state", [State.SENDING, State.FINISHED])
def test_what_went_out_can_be_read(house: House, state: State) -> None:
    send(house, state)

    page = house.client.get(f"/{SLUG}/archive/{DAY}")
    assert page.status_code == 200
    assert "头条" in page.text
    assert page.text.count("<h1") == 1
    assert f'href="/{SLUG}/archive/{DAY}"' in house.client.get(f"/{SLUG}/archive").text


@pytest.mark.parametrize("state", [State.HELD, State.MISSING])
def test_what_did_not_go_out_is_not_there(house: House, state: State) -> None:
    send(house, state)

    assert house.client.get(f"/{SLUG}/archive/{DAY}").status_code == 404
    assert str(DAY) not in house.client.get(f"/{SLUG}/archive").text
    assert str(DAY) not in house.client.get(f"/{SLUG}/feed.xml").text
    assert str(DAY) not in house.client.get("/sitemap.xml").text


@pytest.mark.parametrize(
    "path",
    [
        "/nobody/archive",
        "/nobody/feed.xml",
        "/nobody/archive/search",
        f"/robots/archive/{DAY}",
        f"/{SLUG}/archive/2026-13-01",
        f"/{SLUG}/archive/{DAY}-daily-1",
        f"/{SLUG}/archive/{DAY}/image/1.png",
        f"/{SLUG}/archive?before=x",
    ],
)
def test_other_addresses_lead_nowhere(house: House, path: str) -> None:
    put(house)

    assert house.client.get(path).status_code == 404


def test_nothing_can_be_posted(house: House) -> None:
    put(house)

    assert house.client.post(f"/{SLUG}/archive/{DAY}").status_code == 405


def test_listmonk_cve_2026_21483_an_editors_script_does_not_run_for_a_visitor(house: House) -> None:
    put(house, HOSTILE, title="""'"><script>alert(1)</script>'""")

    for path in (f"/{SLUG}/archive/{DAY}", f"/{SLUG}/archive", f"/{SLUG}/archive/search?q=script"):
        page = house.client.get(path)
        assert page.status_code == 200
        assert "script-src" not in page.headers["content-security-policy"]
        assert not re.search(
            r"<(script|iframe|svg)\b|<[^>]*\s(on\w+|style)=|(href|src)=.?(javascript|data):", page.text
        )
    feed = house.client.get(f"/{SLUG}/feed.xml")
    (content,) = ElementTree.fromstring(feed.content).iter(f"{ATOM}content")
    assert not RUNS.search(content.text or "")


def test_a_query_is_shown_as_text(house: House) -> None:
    page = house.client.get(f"/{SLUG}/archive/search", params={"q": '"><script>alert(1)</script>'})

    assert page.status_code == 200
    assert "<script" not in page.text
    assert page.headers["x-robots-tag"] == "noindex"


def test_two_characters_are_enough_to_search_for(house: House) -> None:
    put(house)
    put(house, "## 1. [别的](https://example.com/2)\n\n无。", day=DAY - timedelta(days=1))

    page = house.client.get(f"/{SLUG}/archive/search", params={"q": "芯片"})

    assert "<mark>芯片</mark>" in page.text
    assert f"/archive/{DAY}" in page.text
    assert "2026-11-22" not in page.text
    assert "没有找到" in house.client.get(f"/{SLUG}/archive/search", params={"q": "量子"}).text


def test_long_lists_have_another_page_and_pages_their_neighbours(house: House) -> None:
    for back in range(22):
        put(house, day=DAY - timedelta(days=back), title=f"第 {back} 期")

    first = house.client.get(f"/{SLUG}/archive")
    onward = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert onward
    second = house.client.get(onward[1])
    middle = house.client.get(f"/{SLUG}/archive/2026-11-20").text

    assert (first.text.count("<li>"), second.text.count("<li>")) == (20, 2)
    assert '<link rel="prev" href="/ai_daily/archive/2026-11-19">' in middle
    assert '<link rel="next" href="/ai_daily/archive/2026-11-21">' in middle


def test_labels_are_seen_and_can_be_read_by_programs(house: House) -> None:
    put(house, front="ai_generated: true\nsponsored: true\n")
    put(house, day=DAY - timedelta(days=1))

    page = house.client.get(f"/{SLUG}/archive/{DAY}").text
    plain = house.client.get(f"/{SLUG}/archive/2026-11-22").text

    assert '<meta name="ai-generated" content="true">' in page
    assert "AI 生成合成内容" in page
    assert "广告" in page
    assert "ai-generated" not in plain
    assert "广告" not in plain


def test_no_reader_is_on_a_page(house: House) -> None:
    house.reader("li.lei@qq.com")
    send(house, State.FINISHED)

    for path in (f"/{SLUG}/archive", f"/{SLUG}/archive/{DAY}", f"/{SLUG}/feed.xml", "/sitemap.xml"):
        text = house.client.get(path).text
        assert "li.lei" not in text
        assert not re.search(r"/(leave|manage|confirm|data|undo)/", text)


def test_pictures_are_served_to_everybody(house: House) -> None:
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    picture = Picture(src="a.png", suffix="png", content=written.getvalue())
    put(house, "## 1. [图](https://example.com/1)\n\n![一张图](a.png)", pictures=(picture,))

    page = house.client.get(f"/{SLUG}/archive/{DAY}")
    address = f"/{SLUG}/archive/{DAY}/image/1.png"
    served = house.client.get(address)

    assert f'src="{address}"' in page.text
    assert "img-src 'self';" in page.headers["content-security-policy"]
    assert (served.headers["content-type"], served.content) == ("image/png", written.getvalue())
    assert served.headers["cross-origin-resource-policy"] == "cross-origin"
    assert house.client.get(address.replace("png", "jpg")).status_code == 404
    assert f"{BASE}{address}" in house.client.get(f"/{SLUG}/feed.xml").text


def test_the_feed_and_the_sitemap_name_every_edition(house: House) -> None:
    put(house, title="甲 & 乙")
    feed = house.client.get(f"/{SLUG}/feed.xml")
    root = ElementTree.fromstring(feed.content)
    sitemap = house.client.get("/sitemap.xml")

    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert [title.text for title in root.iter(f"{ATOM}title")] == [PAPER.name, "甲 & 乙"]
    assert root.findtext(f"{ATOM}entry/{ATOM}id") == f"{BASE}/{SLUG}/archive/{DAY}"
    assert f"<loc>{BASE}/{SLUG}/archive/{DAY}</loc>" in sitemap.text


@pytest.mark.parametrize("path", ["archive", f"archive/{DAY}", "archive/search?q=芯片", "feed.xml"])
def test_every_page_answers_head_and_speaks_english(house: House, path: str) -> None:
    put(house)

    assert house.client.head(f"/{SLUG}/{path}").status_code == 200
    page = house.client.get(f"/{SLUG}/{path}", headers={"accept-language": "en"})
    if path != "feed.xml":
        assert '<html lang="en"' in page.text
        assert 'lang="zh-CN"' in page.text or "<mark>" in page.text


def test_a_corrected_edition_says_so_on_its_page_and_in_the_feed(house: House) -> None:
    send(house, State.FINISHED)
    assert house.client.get(f"/{SLUG}/archive/{DAY}").status_code == 200
    later = SEVEN + timedelta(hours=3)
    link = f"{BASE}/{SLUG}/archive/{DAY}"
    correction = new_edition()
    correction.kind, correction.state, correction.frozen_at = Kind.CORRECTION, State.FINISHED, later
    correction.digest_source = (
        f'---\ntitle: "更正：今日速递"\n---\n\n是**七百**公里 <script>alert(1)</script>。\n\n[看]({link})\n'
    )
    with house.writing() as session:
        original = session.scalars(select(Edition)).one()
        correction.corrects_id = original.id
        session.add(correction)
        archive.touch(session, original, now=later)

    page = house.client.get(f"/{SLUG}/archive/{DAY}").text
    feed = ElementTree.fromstring(house.client.get(f"/{SLUG}/feed.xml").content)

    note = page[page.index('<aside class="corrected">') : page.index("</aside>")]
    assert "2026年11月23日更正" in note
    assert "<strong>七百</strong>" in note
    assert "script" not in note
    assert link not in note
    entries = {entry.findtext(f"{ATOM}id"): entry for entry in feed.findall(f"{ATOM}entry")}
    assert entries[link].findtext(f"{ATOM}updated") == "2026-11-23T02:00:00Z"
    assert "七百" in (entries[link].findtext(f"{ATOM}content") or "")
    assert house.client.get(f"/{SLUG}/archive/{DAY}-correction-1").status_code == 200
