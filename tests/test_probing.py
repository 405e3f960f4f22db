"""A link is dead only when the far side says so; everything else may be ours and holds nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.database import Database
from newsletter.digests.digest import Digest
from newsletter.digests.reader import read
from newsletter.editions.gate.probe import ProbeResult, Reach
from newsletter.morning.probing import Prober
from tests.digests.support import SHANGHAI
from tests.fetching.server import Server, answer, redirect
from tests.fetching.test_refusals import inside
from tests.support import DAY, HandClock, open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def a_digest(*urls: str, images: Sequence[str] = ()) -> Digest:
    stories = [f"{n}. [第{n}条]({url})\n\n   正文。" for n, url in enumerate(urls, 1)]
    stories[-1:] = [stories[-1] + "".join(f"\n\n   ![图]({url})" for url in images)]
    return read("\n\n".join(stories).encode(), file="x.md", newsletter_name="n", tz=SHANGHAI, default_day=DAY)


def resolve(host: str) -> Sequence[str]:
    if host.startswith("gone"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return ["10.0.0.1"] if host.startswith("inside") else ["127.0.0.1"]


def a_prober(database: Database, server: Server, clock: HandClock | None = None) -> Prober:
    fetcher = inside(server, resolve=resolve)
    return Prober(fetcher=fetcher, database=database, clock=clock or HandClock())


PAGES = {
    "/ok": answer(),
    "/moved": redirect("/ok"),
    "/404": answer(b"", "404 Not Found"),
    "/410": answer(b"", "410 Gone"),
    "/403": answer(b"", "403 Forbidden"),
    "/429": answer(b"", "429 Slow"),
    "/503": answer(b"", "503 Busy"),
    "/loop": redirect("/loop"),
    "/garbled": b"hello\r\n\r\n",
    "/part": answer(b"x", "206 Partial", Content_Range="bytes 0-0/4321", Content_Type="image/png"),
    "/picture": answer(b"x" * 700, Content_Type="image/png"),
}


def test_each_answer_is_read_for_what_it_proves(database: Database) -> None:
    with Server(lambda path: [PAGES[path]]) as server:
        host = f"http://a.example.com:{server.port}"
        gone, hidden = f"http://gone.example.com:{server.port}/", f"http://inside.example.com:{server.port}/"
        digest = a_digest(*(host + path for path in PAGES), gone, hidden, images=[f"{host}/picture#x"])

        found = a_prober(database, server).probe(digest)

    reach = {url.removeprefix(host): result.reach for url, result in found.items()}
    alive, dead, unreachable = Reach.ALIVE, Reach.DEAD, Reach.UNREACHABLE_FROM_HERE
    assert reach == {
        "/ok": alive,
        "/moved": alive,
        "/404": dead,
        "/410": dead,
        "/403": unreachable,
        "/429": unreachable,
        "/503": unreachable,
        "/loop": unreachable,
        "/garbled": unreachable,
        "/part": alive,
        "/picture": alive,
        "/picture#x": alive,
        gone: dead,
        hidden: unreachable,
    }
    assert found[f"{host}/picture"] == ProbeResult(reach=alive, status=200, detail="image/png", bytes=700)


def test_a_server_that_knows_no_head_is_asked_again(database: Database) -> None:
    with Server(
        lambda path: [PAGES["/part"] if server.requests[-1].startswith("GET") else PAGES["/404"]]
    ) as server:
        url = f"http://a.example.com:{server.port}/x"

        found = a_prober(database, server).probe(a_digest(url))

    assert (found[url].reach, found[url].bytes) == (Reach.ALIVE, 4321)
    assert "Range: bytes=0-0" in server.requests[-1]


def test_names_are_not_dead_when_nobody_answers_at_all(database: Database) -> None:
    with Server(answer()) as server:
        urls = [f"http://gone{n}.example.com:{server.port}/" for n in range(3)]

        found = a_prober(database, server).probe(a_digest(*urls))

    assert {result.reach for result in found.values()} == {Reach.UNREACHABLE_FROM_HERE}


def test_at_the_hour_what_was_found_before_counts_for_what_does_not_answer_in_time(
    database: Database,
) -> None:
    clock = HandClock()
    with Server(lambda path: [PAGES[path]]) as server:
        urls = [f"http://a.example.com:{server.port}/{name}" for name in ("404", "ok", "503")]
        prober = a_prober(database, server, clock)
        before = prober.probe(a_digest(*urls))
        clock.forward(timedelta(hours=7))  # all of it is to be asked again

        found = prober.probe(a_digest(*urls, urls[0] + "?new"), within=timedelta(0))
        later = prober.probe(a_digest(*urls), within=timedelta(seconds=5))

    assert {url: found[url] for url in urls} == before
    assert found[urls[0] + "?new"].reach is Reach.NOT_CHECKED
    assert later[urls[0]].reach is Reach.DEAD
    assert len(server.requests) > 4  # they were asked again as soon as there was time


def test_the_next_look_asks_only_what_may_have_changed(database: Database) -> None:
    clock = HandClock()
    with Server(lambda path: [PAGES[path]]) as server:
        host = f"http://a.example.com:{server.port}"
        digest, prober = a_digest(host + "/ok", host + "/404"), a_prober(database, server, clock)
        first = prober.probe(digest)
        clock.forward(timedelta(minutes=1))
        second, after_second = prober.probe(digest), len(server.requests)
        clock.forward(timedelta(minutes=29))
        prober.probe(digest)

    assert first == second
    assert after_second == 3  # HEAD /ok, HEAD and GET /404
    assert [request.split(" ")[1] for request in server.requests[3:]] == ["/404", "/404"]


def test_silent_servers_take_no_more_than_the_time_there_is(database: Database) -> None:
    with Server(lambda _: [b"" for _ in range(server.over.wait())]) as server:
        urls = [f"http://h{n}.example.com:{server.port}/{m}" for n in range(3) for m in range(3)]
        prober = replace(
            a_prober(database, server), total=timedelta(seconds=0.5), each=timedelta(seconds=0.3), most=8
        )
        started = time.monotonic()

        found = prober.probe(a_digest(*urls))

        assert time.monotonic() - started < 3
    assert {result.reach for result in found.values()} == {Reach.UNREACHABLE_FROM_HERE, Reach.NOT_CHECKED}
    assert len(found) == 9
