"""A fetch brings the whole answer within its time and size, or an error that says which it was."""

from __future__ import annotations

import gzip
import socket
import time
import zlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from ipaddress import ip_network

import pytest

from newsletter.app import App
from newsletter.config import Settings
from newsletter.errors import ConfigError
from newsletter.fetching import FetchError, FetchFailed, FetchRefused, Reason
from newsletter.testing.certificate import loopback_tls
from tests.fetching.server import Server, answer, redirect
from tests.fetching.test_refusals import inside

SOON = timedelta(seconds=0.15)


def url(server: Server, path: str = "/") -> str:
    return f"{'https' if server.tls else 'http'}://localhost:{server.port}{path}"


def test_an_answer_comes_with_status_headers_and_body() -> None:
    with Server(answer("你好".encode(), "404 Not Found", ETag='"1"', Vary="a")) as server:
        fetched = inside(server).get(url(server, "/a?b=c"), headers={"If-None-Match": '"0"'})

    assert (fetched.status, fetched.body.decode(), fetched.headers["etag"]) == (404, "你好", '"1"')
    assert fetched.url == url(server, "/a?b=c")
    first, *headers = server.requests[0].split("\r\n")
    assert first == "GET /a?b=c HTTP/1.1"
    assert f"Host: localhost:{server.port}" in headers
    assert 'If-None-Match: "0"' in headers


def test_a_post_carries_its_body() -> None:
    with Server(answer()) as server:
        inside(server).post(url(server), body=b'{"text": 1}', headers={"Content-Type": "application/json"})

    assert server.requests[0].startswith("POST / HTTP/1.1\r\n")
    assert server.requests[0].endswith(
        'Content-Length: 11\r\nContent-Type: application/json\r\n\r\n{"text": 1}'
    )


def test_a_head_has_no_body_and_tells_the_size() -> None:
    with Server(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n") as server:
        fetched = inside(server).head(url(server))

    assert (fetched.body, fetched.headers["content-length"]) == (b"", "999999999")


def test_a_redirect_is_followed_and_takes_no_secret_along() -> None:
    answers = {"/": redirect("http://127.0.0.1:{port}/新?a=b#c"), "/%E6%96%B0?a=b": answer(b"there")}
    with Server(lambda path: [answers[path].replace(b"{port}", str(server.port).encode())]) as server:
        fetched = inside(server).get(
            url(server), headers={"Authorization": "Bearer x", "Accept": "text/html"}
        )

    assert (fetched.body, fetched.url) == (b"there", f"http://127.0.0.1:{server.port}/%E6%96%B0?a=b")
    assert "Authorization" in server.requests[0]
    assert "Authorization" not in server.requests[1]
    assert "Accept: text/html" in server.requests[1]


def test_names_outside_ascii_and_a_last_dot_are_understood() -> None:
    asked: list[str] = []

    def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with Server(answer()) as server:
        fetcher = inside(server, resolve=resolve)
        fetcher.get(f"http://新闻.example.:{server.port}/日报.md")

    assert asked == ["xn--efvy88h.example"]
    assert f"Host: xn--efvy88h.example:{server.port}" in server.requests[0]
    assert server.requests[0].startswith("GET /%E6%97%A5%E6%8A%A5.md HTTP/1.1")


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nabcde",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
        answer(gzip.compress(b"abcde", mtime=0), Content_Encoding="gzip"),
        answer(gzip.compress(b"abc", mtime=0) + gzip.compress(b"de", mtime=0), Content_Encoding="gzip"),
        answer(gzip.compress(b"abcde", mtime=0) + b"\0\0", Content_Encoding="GZIP"),
    ],
)
def test_a_body_is_read_however_it_is_framed(wire: bytes) -> None:
    with Server(lambda _: [wire[n : n + 1] for n in range(len(wire))]) as server:
        assert inside(server).get(url(server)).body == b"abcde"


# --- limits ------------------------------------------------------------------


def drip(server: Server, *beginning: bytes, drop: bytes = b"x") -> Iterator[bytes]:
    yield from beginning
    while not server.over.wait(0.02):
        yield drop


@pytest.mark.parametrize(
    "beginning",
    [
        [b"HTTP/1.1 200 OK\r\nX: "],
        [b"HTTP/1.1 200 OK\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: "],
    ],
)
def test_an_answer_that_only_drips_ends_with_the_deadline(beginning: list[bytes]) -> None:
    with Server(lambda _: drip(server, *beginning)) as server:
        started = time.monotonic()

        with pytest.raises(FetchFailed) as failed:
            inside(server, timeout=SOON).get(url(server))

        assert failed.value.reason is Reason.TIMEOUT
        assert time.monotonic() - started < 3


def test_silence_ends_with_the_deadline() -> None:
    with Server(lambda _: [b""] if server.over.wait() else []) as server:
        with pytest.raises(FetchFailed) as failed:
            inside(server, timeout=SOON).get(url(server))

        assert failed.value.reason is Reason.TIMEOUT


def test_the_deadline_is_one_over_all_redirects() -> None:
    def slowly(_: str) -> Iterator[bytes]:
        server.over.wait(0.1)
        yield redirect("/again")

    with Server(slowly) as server:
        with pytest.raises(FetchFailed) as failed:
            inside(server, timeout=timedelta(seconds=0.25)).get(url(server))

        assert failed.value.reason is Reason.TIMEOUT
        assert server.connections <= 3


def test_a_resolver_that_never_answers_ends_with_the_deadline() -> None:
    with Server(answer()) as server:

        def never(_: str) -> Sequence[str]:
            server.over.wait()
            return []

        with pytest.raises(FetchFailed) as failed:
            inside(server, timeout=SOON, resolve=never).get(url(server))

        assert failed.value.reason is Reason.TIMEOUT


def test_a_handshake_that_never_ends_ends_with_the_deadline() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        port = listener.getsockname()[1]
        fetcher = inside(timeout=SOON, ports=frozenset([port]))

        with pytest.raises(FetchFailed) as failed:
            fetcher.get(f"https://localhost:{port}/")

    assert failed.value.reason is Reason.TIMEOUT


@pytest.mark.parametrize(
    "wire",
    [
        answer(b"a" * 1001),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1001,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 1001 + b"0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1;" + b"x" * 60000 + b"\r\na\r\n" * 9,
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 900) for n in range(90)) + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
        answer(gzip.compress(b"a" * 1001, mtime=0), Content_Encoding="gzip"),
    ],
)
def test_an_answer_that_is_too_large_is_refused(wire: bytes) -> None:
    with Server(wire) as server, pytest.raises(FetchError):
        inside(server, max_bytes=1000).get(url(server))


def test_a_bomb_is_not_unpacked_beyond_the_limit() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()
    with Server(answer(bomb, Content_Encoding="gzip")) as server:
        started = time.process_time()

        with pytest.raises(FetchRefused, match="max_bytes"):
            inside(server, max_bytes=1_000_000).get(url(server))

        assert time.process_time() - started < 1


def test_only_the_first_bytes_of_a_huge_body_are_read_when_no_more_are_wanted() -> None:
    with Server(
        lambda _: drip(server, b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", drop=b"x" * 9)
    ) as server:
        fetched = inside(server, max_bytes=1000).get(url(server), first_bytes=20)

    assert (fetched.status, fetched.body) == (200, b"x" * 20)


# --- what is no answer -------------------------------------------------------


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"hello\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        answer(b"abc", Content_Encoding="br"),
        answer(b"abc", Content_Encoding="gzip"),
        answer(gzip.compress(b"abc" * 100, mtime=0)[:-9], Content_Encoding="gzip"),
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
    ],
)
def test_an_answer_that_is_garbled_or_cut_off_is_an_error(wire: bytes) -> None:
    with Server(wire) as server, pytest.raises(FetchError) as failed:
        inside(server).get(url(server))

    assert "localhost" in str(failed.value)


def test_nobody_listening_is_unreachable() -> None:
    with Server(answer()) as server:
        fetcher, there = inside(server), url(server)

    with pytest.raises(FetchFailed) as failed:
        fetcher.get(there)

    assert failed.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Reason.NO_SUCH_NAME),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), Reason.NAME_UNKNOWN),
    ],
)
def test_a_name_that_does_not_exist_is_told_from_a_dns_that_is_away(error: OSError, reason: Reason) -> None:
    def fail(_: str) -> Sequence[str]:
        raise error

    with pytest.raises(FetchFailed) as failed:
        inside(resolve=fail).get("https://gone.example.com/")

    assert failed.value.reason is reason


def test_the_next_address_of_a_name_is_tried_when_one_is_dead() -> None:
    with Server(answer()) as server:
        fetcher = inside(
            server, resolve=lambda _: ["127.0.0.9", "127.0.0.1"], allow=(ip_network("127.0.0.0/8"),)
        )

        assert fetcher.get(url(server)).status == 200


# --- TLS ---------------------------------------------------------------------


def test_the_certificate_is_checked_against_the_name() -> None:
    tls = loopback_tls()
    with Server(answer(), tls=tls.server) as server:
        fetcher = inside(server, tls=tls.client)

        assert fetcher.get(url(server)).body == b"hello"
        with pytest.raises(FetchFailed) as failed:
            fetcher.get(f"https://another.example:{server.port}/")

    assert failed.value.reason is Reason.TLS


def test_a_certificate_nobody_vouches_for_is_refused() -> None:
    with Server(answer(), tls=loopback_tls().server) as server, pytest.raises(FetchFailed) as failed:
        inside(server).get(url(server))

    assert failed.value.reason is Reason.TLS


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answer(b"proxied")) as proxy, Server(answer(b"direct")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, url(proxy))

        assert inside(server).get(url(server)).body == b"direct"
        assert proxy.connections == 0


# --- the setting -------------------------------------------------------------


def test_the_settings_make_the_fetcher() -> None:
    settings = Settings.model_validate(
        {"fetching": {"allow": ["10.1.0.0/16"], "ports": [80, 443, 8080], "timeout_seconds": 3}}
    )

    fetcher = App(settings).fetcher

    assert (fetcher.allow, fetcher.timeout) == ((ip_network("10.1.0.0/16"),), timedelta(seconds=3))
    assert 8080 in fetcher.ports


def test_a_fetcher_without_time_is_an_error() -> None:
    with pytest.raises(ConfigError, match="timeout_seconds"):
        inside(timeout=timedelta(0))
