"""Digests from a URL and from feeds: the same rules as for a folder, and a source that is away says so."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import delete

from newsletter.database import Database
from newsletter.digests.sources import FeedSource, Found, Reason, Source, UrlSource, Wanted
from newsletter.editions.gate import Evidence, examine
from newsletter.fetching.visits import KeptPage, Visits
from tests.digests.support import SHANGHAI
from tests.fetching.server import Server, answer, redirect
from tests.fetching.test_refusals import inside
from tests.support import HandClock, open_database

DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # 07:30 in Shanghai on that day
DIGEST = "---\ntitle: 早报\n---\n\n1. [标题](https://a.example/1)\n\n   正文。\n"
GONE = answer(b"", "404 Not Found")


class Site:
    """A web server with pages that a test may change."""

    def __init__(self, database: Database) -> None:
        self.pages: dict[str, bytes] = {}
        self.clock = HandClock(NOW)
        self.server = Server(lambda path: [self.pages.get(path, GONE)])
        self.visits = Visits(fetcher=inside(self.server), database=database, clock=self.clock)

    def url(self, path: str) -> str:
        return f"http://news.example.com:{self.server.port}{path}"

    @property
    def asked(self) -> list[str]:
        return [request.split(" ")[1] for request in self.server.requests]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('sources') / 'newsletter.db'}")
    yield database
    database.close()


@pytest.fixture
def site(database: Database) -> Iterator[Site]:
    with database.sessions.begin() as session:
        session.execute(delete(KeptPage))
    site = Site(database)
    with site.server:
        yield site


def look(source: Source, **options: object) -> Found:
    wanted: dict[str, object] = {"day": DAY, "now": NOW, "max_age": timedelta(hours=20), **options}
    return source.find(Wanted(tz=SHANGHAI, newsletter_name="早读", **wanted))  # type: ignore[arg-type]  # plain options


def reasons(found: Found) -> list[Reason]:
    return [passed.reason for passed in found.passed_over]


def page(text: str, *, changed: timedelta | None = timedelta(hours=1), **headers: str) -> bytes:
    if changed is not None:
        headers["Last_Modified"] = format_datetime(NOW - changed, usegmt=True)
    return answer(text.encode(), Content_Type="text/markdown", **headers)


# --- a Markdown file at a URL ------------------------------------------------


@pytest.mark.parametrize("template", ["/{date}.md", "/{yyyy}/{mm}/{dd}.md", "/get?day={yyyy}{mm}{dd}"])
def test_the_day_is_in_the_address_and_in_the_newsletters_zone(site: Site, template: str) -> None:
    path = template.format(date="2026-03-02", yyyy="2026", mm="03", dd="02")
    site.pages[path] = page(DIGEST)

    found = look(UrlSource(url=site.url(template), visits=site.visits))

    assert found.chosen
    assert (found.chosen.day, found.chosen.digest.title) == (DAY, "早报")
    assert "?" not in found.chosen.origin
    assert site.asked == [path]


def test_the_digest_of_yesterday_evening_is_found_at_its_address(site: Site) -> None:
    site.pages["/2026-03-01.md"] = page(DIGEST)

    found = look(UrlSource(url=site.url("/{date}.md"), visits=site.visits))

    assert found.chosen
    assert found.chosen.day == date(2026, 3, 1)
    assert reasons(found) == [Reason.ABSENT]


def test_an_address_without_a_day_needs_one_in_the_front_matter(site: Site) -> None:
    source = UrlSource(url=site.url("/latest.md"), visits=site.visits)
    site.pages["/latest.md"] = page(DIGEST)
    undated = look(source)
    site.pages["/latest.md"] = page(DIGEST.replace("title:", "date: 2026-03-02\ntitle:"))
    dated = look(source)
    site.pages["/latest.md"] = page(DIGEST.replace("title:", "date: 2026-02-20\ntitle:"))
    old = look(source)

    assert (undated.chosen, reasons(undated)) == (None, [Reason.UNDATED])
    assert dated.chosen
    assert (old.chosen, reasons(old)) == (None, [Reason.OTHER_DAY])


def test_an_address_that_leads_on_to_the_days_file_takes_its_day(site: Site) -> None:
    site.pages["/latest"] = redirect("/2026-03-02-morning.md")
    site.pages["/2026-03-02-morning.md"] = page(DIGEST)

    found = look(UrlSource(url=site.url("/latest"), visits=site.visits))

    assert found.chosen
    assert found.chosen.day == DAY


@pytest.mark.parametrize(
    ("front", "changed", "reason"),
    [
        ("draft: true", timedelta(hours=1), Reason.DRAFT),
        ("publishDate: 2026-03-02T12:00:00+08:00", timedelta(hours=1), Reason.NOT_YET),
        ("expiryDate: 2026-03-01", timedelta(hours=1), Reason.EXPIRED),
        ("tags: [a]", timedelta(hours=21), Reason.TOO_OLD),
        ("tags: [a]", timedelta(seconds=2), Reason.UNSETTLED),
    ],
)
def test_the_rules_are_those_of_a_folder(site: Site, front: str, changed: timedelta, reason: Reason) -> None:
    site.pages["/2026-03-02.md"] = page(DIGEST.replace("title:", f"{front}\ntitle:"), changed=changed)

    found = look(UrlSource(url=site.url("/{date}.md"), visits=site.visits), yesterday_evening=False)

    assert (found.chosen, reasons(found)) == (None, [reason])


def test_without_a_word_of_its_age_it_is_as_old_as_we_know_it(site: Site) -> None:
    site.pages["/2026-03-02.md"] = page(DIGEST, changed=None)
    source = UrlSource(url=site.url("/{date}.md"), visits=site.visits)

    first = look(source)
    site.clock.forward(timedelta(hours=21))
    later = look(source, now=site.clock(), yesterday_evening=False)

    assert first.chosen
    assert (later.chosen, reasons(later)) == (None, [Reason.TOO_OLD])


def test_what_was_sent_is_not_sent_again_and_the_day_before_is_not_taken_instead(site: Site) -> None:
    site.pages["/2026-03-02.md"] = page(DIGEST)

    found = look(UrlSource(url=site.url("/{date}.md"), visits=site.visits), already_sent=lambda _: True)

    assert found.chosen is None
    assert Reason.SENT in reasons(found)


def away(_: str) -> Sequence[str]:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")


@pytest.mark.parametrize("status", ["500 Oops", "403 No", "302 Found", "401 Who"])
@pytest.mark.parametrize("make", [UrlSource, FeedSource])
def test_a_source_that_answers_badly_is_an_error_that_names_it(
    site: Site, status: str, make: Callable[..., Source]
) -> None:
    site.pages["/x.xml"] = answer(b"", status)

    found = look(make(url=site.url("/x.xml?key=secret"), visits=site.visits))
    site.pages["/x.xml?key=secret"] = answer(b"", status)
    found = look(make(url=site.url("/x.xml?key=secret"), visits=site.visits))

    assert (found.chosen, found.is_unreachable) == (None, True)
    assert "news.example.com" in str(found.errors[0])
    assert "secret" not in str(found.errors[0])


@pytest.mark.parametrize("make", [UrlSource, FeedSource])
def test_a_source_that_is_away_or_inside_is_an_error_and_never_no_digest(
    site: Site, make: Callable[..., Source]
) -> None:
    url = site.url("/latest")
    dark = Visits(fetcher=inside(site.server, resolve=away), database=site.visits.database, clock=site.clock)
    shut = Visits(fetcher=inside(site.server, allow=()), database=site.visits.database, clock=site.clock)

    found = [look(make(url=url, visits=visits)) for visits in (dark, shut, site.visits)]

    assert [one.is_unreachable for one in found] == [True, True, True]
    assert all("source." in str(one.errors[0]) for one in found)


def test_a_web_page_is_no_digest_and_the_error_says_what_to_do(site: Site) -> None:
    site.pages["/2026-03-02.md"] = answer(b"<!DOCTYPE html><p>1. [x](https://a.example)")

    found = look(UrlSource(url=site.url("/{date}.md"), visits=site.visits))

    assert (found.chosen, found.is_unreachable) == (None, False)
    assert "raw" in str(found.errors[0])


def test_a_digest_that_cannot_be_read_is_an_error_with_its_address_and_line(site: Site) -> None:
    site.pages["/2026-03-02.md"] = page("---\ntitle: [\n---\nx")

    found = look(UrlSource(url=site.url("/{date}.md"), visits=site.visits))

    assert str(found.errors[0]).startswith(site.url("/2026-03-02.md:"))


def test_a_second_look_asks_only_whether_anything_changed(site: Site) -> None:
    source = UrlSource(url=site.url("/{date}.md"), visits=site.visits)
    site.pages["/2026-03-02.md"] = page(DIGEST, ETag='"1"')
    first = look(source)
    site.pages["/2026-03-02.md"] = answer(b"", "304 Not Modified")

    second = look(source)

    assert first.chosen
    assert second.chosen
    assert first.chosen.hash == second.chosen.hash
    assert 'If-None-Match: "1"' in site.server.requests[1]
    assert "If-Modified-Since: " in site.server.requests[1]


# --- feeds -------------------------------------------------------------------

STORIES = (
    "<ol><li><a href='https://a.example/{0}1'>题{0}一</a><p>文。</p></li>"
    "<li><a href='/{0}2'>题{0}二</a><p>文。</p></li></ol>"
)


def rss(*items: tuple[str, datetime | str | None, str]) -> bytes:
    """Return an RSS feed of (title, moment, HTML)."""
    parts = []
    for title, moment, html in items:
        text = format_datetime(moment) if isinstance(moment, datetime) else moment
        dated = f"<pubDate>{text}</pubDate>" if text else ""
        parts.append(
            f"<item><title>{title}</title><link>https://blog.example/{title}</link>"
            f"<guid isPermaLink='false'>id-{title}</guid>{dated}"
            f"<description><![CDATA[{html}]]></description></item>"
        )
    text = (
        f"<?xml version='1.0'?><rss version='2.0'><channel><title>t</title>{''.join(parts)}</channel></rss>"
    )
    return answer(text.encode(), Content_Type="application/rss+xml; charset=utf-8")


def hours(ago: float) -> datetime:
    return NOW - timedelta(hours=ago)


def feed(site: Site, content: bytes, entries: str | None = None) -> FeedSource:
    site.pages["/feed"] = content
    return FeedSource(url=site.url("/feed"), visits=site.visits, entries=entries)  # type: ignore[arg-type]  # plain


def test_the_entry_of_the_day_is_its_digest(site: Site) -> None:
    source = feed(site, rss(("新", hours(1), STORIES.format("a")), ("旧", hours(25), STORIES.format("b"))))

    found = look(source)

    assert found.chosen
    assert (found.chosen.key, found.chosen.day) == ("id-新", DAY)
    assert found.chosen.digest.title == "新"
    assert [s.title_text for s in found.chosen.digest.stories] == ["题a一", "题a二"]
    assert [s.url for s in found.chosen.digest.stories] == ["https://a.example/a1", "https://blog.example/a2"]


def test_entries_that_are_single_stories_make_one_digest(site: Site) -> None:
    items = [(f"新闻{n}", hours(n), f"<h2>小题</h2><p>正文{n}。</p>") for n in (1, 2, 3, 30)]

    found = look(feed(site, rss(*items)), since=hours(24))

    assert found.chosen
    assert [s.title_text for s in found.chosen.digest.stories] == ["新闻1", "新闻2", "新闻3"]
    assert found.chosen.digest.stories[0].url == "https://blog.example/%E6%96%B0%E9%97%BB1"
    assert found.chosen.digest.front.extra["entries"] == ["id-新闻1", "id-新闻2", "id-新闻3"]
    assert found.chosen.digest.title == "早读 · 2026-03-02"


def test_an_entry_that_turned_up_late_is_in_the_next_digest_and_none_is_in_two(site: Site) -> None:
    items = [(f"新闻{n}", hours(n), "<p>正文。</p>") for n in (1, 25, 26, 40)]

    found = look(feed(site, rss(*items), "stories"), since=hours(24), used=frozenset(["id-新闻26"]))

    assert found.chosen
    assert [s.title_text for s in found.chosen.digest.stories] == ["新闻1", "新闻25"]


@pytest.mark.parametrize(
    ("items", "stories"),
    [
        ([("a", 1, STORIES.format("a")), ("b", 1.5, STORIES.format("b"))], 2),  # digests, and the newest
        ([("a", 1, "<p>一。</p>"), ("b", 2, "<p>二。</p>")], 2),
        ([("a", 1, "<p>一。</p>" * 60), ("b", 30, "<p>二。</p>" * 60)], 1),  # one a day: an essay
    ],
)
def test_what_an_entry_is_is_found_out(site: Site, items: list[tuple[str, float, str]], stories: int) -> None:
    found = look(feed(site, rss(*((title, hours(ago), html) for title, ago, html in items))))

    assert found.chosen
    assert len(found.chosen.digest.stories) == stories


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (hours(-2), Reason.NOT_YET),
        (NOW - timedelta(seconds=1), Reason.UNSETTLED),
        (hours(21), Reason.TOO_OLD),
    ],
)
def test_an_entry_keeps_the_rules_of_a_folder(site: Site, moment: datetime, reason: Reason) -> None:
    found = look(feed(site, rss(("a", moment, STORIES.format("a")))))

    assert (found.chosen, reasons(found)) == (None, [reason])


def test_a_moment_without_a_zone_is_local_time(site: Site) -> None:
    found = look(feed(site, rss(("a", "2026-03-02 07:00:00", STORIES.format("a")))))

    assert found.chosen
    assert found.chosen.modified_at == datetime(2026, 3, 1, 23, 0, tzinfo=UTC)


def test_entries_without_a_date_are_said_so(site: Site) -> None:
    found = look(feed(site, rss(("a", None, "x"), ("b", None, "y")), "stories"))

    assert (found.chosen, reasons(found)) == (None, [Reason.UNDATED, Reason.ABSENT])


def test_atom_is_read_with_its_content_before_its_summary(site: Site) -> None:
    text = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>urn:1</id>
    <title type="html">早报 &amp;lt;三&amp;gt;</title><link href="/e/1"/>
    <updated>{hours(1).isoformat()}</updated><summary>短</summary>
    <content type="html">{STORIES.format("a").replace("<", "&lt;")}</content></entry></feed>"""

    found = look(feed(site, answer(text.encode(), Content_Type="application/atom+xml")))

    assert found.chosen
    assert (found.chosen.key, found.chosen.digest.title) == ("urn:1", "早报 <三>")
    assert len(found.chosen.digest.stories) == 2


@pytest.mark.parametrize("key", ["content_html", "content_text"])
def test_a_json_feed_is_read(site: Site, key: str) -> None:
    content = STORIES.format("a") if key == "content_html" else DIGEST.partition("---\n\n")[2] * 1
    item = {"id": 7, "title": "早报", "url": "https://blog.example/7", "date_published": hours(1).isoformat()}
    text = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{**item, key: content}]})

    found = look(feed(site, answer(text.encode(), Content_Type="application/feed+json")))

    assert found.chosen
    assert (found.chosen.key, found.chosen.digest.title) == ("7", "早报")
    assert found.chosen.digest.stories


@pytest.mark.parametrize(
    "body", [b"<html><p>hello", b"{}", b'{"items": []}', b"[1", b"", b"\xff\xfe", b"{" * 9000]
)
def test_what_is_no_feed_is_an_error(site: Site, body: bytes) -> None:
    found = look(feed(site, answer(body)))

    assert found.chosen is None
    assert "is no feed" in str(found.errors[0])


@pytest.mark.parametrize("entries", ["digest", "stories"])
def test_an_unsafe_link_of_a_feed_is_held_by_the_gate(site: Site, entries: str) -> None:
    html = "<ol><li><a href='javascript:alert(1)'>标题</a><p>正文。</p></li></ol>"
    source = feed(
        site,
        answer(
            f"<rss version='2.0'><channel><title>t</title><item><title>t</title>"
            f"<link>javascript:alert(1)</link><pubDate>{format_datetime(hours(1))}</pubDate><description><![CDATA[{html}]]></description></item>"
            "</channel></rss>".encode()
        ),
        entries,
    )

    found = look(source)

    assert found.chosen
    findings = examine(Evidence(digest=found.chosen.digest))
    assert "bad-link" in {finding.check for finding in findings if finding.severity == "hold"}


def test_a_feed_that_names_files_of_ours_reads_none(site: Site) -> None:
    text = f"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>
    <rss version="2.0"><channel><title>t</title><item><title>a&x;b</title>
    <pubDate>{format_datetime(hours(1))}</pubDate>
    <description>&x;</description></item></channel></rss>"""

    found = look(feed(site, answer(text.encode()), "stories"))

    assert "root:" not in str(found)
