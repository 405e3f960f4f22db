"""The SSRF table: every way we know to make a server fetch from inside, and that none of them connects."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, ip_network

import pytest

from newsletter.fetching import Fetcher, FetchError, FetchRefused
from newsletter.fetching.networks import may_connect
from newsletter.testing.certificate import loopback_tls
from tests.fetching.server import Server, answer, redirect

INSIDE = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254
    168.63.129.16 169.254.169.254 169.254.0.23 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1
    192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::169.254.169.254 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
    64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1:: 2001:10::1 2001:db8::1
    2002:7f00:1:: 2002:a9fe:a9fe:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fe80::1%1
    fec0::1 ff02::1 4000::1 ::ffff:10.0.0.1 ::2
""".split()
OUTSIDE = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    169.253.255.255 172.15.255.255 172.32.0.0 192.167.255.255 223.255.255.255 2400:3200::1 2606:4700::1111
    ::ffff:8.8.8.8 64:ff9b::8.8.8.8
""".split()


def nobody(host: str) -> Sequence[str]:
    raise AssertionError(f"{host} was looked up")


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_may_be_connected_to(address: str) -> None:
    assert not may_connect(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_every_address_outside_may(address: str) -> None:
    assert may_connect(address)


def test_whatever_python_calls_private_is_refused() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)

    for _ in range(5000):
        address = IPv4Address(chance.getrandbits(32))
        if not address.is_global or address.is_multicast or address.is_reserved:
            assert not may_connect(str(address)), (seed, address)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("::ffff:10.1.2.3", "10.1.0.0/16"),
        ("fd00:1::5", "fd00:1::/64"),
        ("127.0.0.1", "127.0.0.1/32"),
    ],
)
def test_a_network_that_is_allowed_may_be_connected_to(address: str, network: str) -> None:
    assert may_connect(address, [ip_network(network)])


def test_allowing_one_network_opens_no_other() -> None:
    allow = [ip_network("10.1.0.0/16")]

    assert not any(may_connect(address, allow) for address in INSIDE)


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(address: str) -> None:
    with Server(answer()) as server:
        fetcher = Fetcher(ports=frozenset([server.port]), resolve=lambda _: [address])

        with pytest.raises(FetchRefused, match=r"fetching\.allow"):
            fetcher.get(f"http://feed.example.com:{server.port}/")

        assert server.connections == 0


HOSTS = """
    127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 0177.0.0.1 017700000001 0 0.0.0.0
    127.0.0.1. 127.000.000.001 0x 1.2.3.4.5 256.1.1.1 169.254.169.254 0xa9fea9fe 2852039166
    0251.0376.0251.0376
    １２７.０.０.１ 127。0。0。1 ①②⑦.0.0.1 127%2e0.0.1 %31%32%37.0.0.1 [::1] [::] [::ffff:127.0.0.1]
    [0:0:0:0:0:ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [fe80::1%25lo] [fe80::1%lo] [::1
    [v1.x] [] .. .localhost a..b -a.example a-.example exa$mple.com localhost%00.example.com
    xn--a.xn--zzzzzz99999999999999999
""".split()


@pytest.mark.parametrize("host", [*HOSTS, "a" * 64 + ".example", "a." * 127 + "example", ""])
def test_no_spelling_of_a_host_inside_gets_there(host: str) -> None:
    with Server(answer()) as server:
        # Whatever name slips through a check leads to loopback here, as the system's resolver would have it.
        fetcher = Fetcher(ports=frozenset([server.port]), resolve=lambda _: ["127.0.0.1"])

        with pytest.raises(FetchRefused):
            fetcher.get(f"http://{host}:{server.port}/")

        assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/x",
        "gopher://example.com:80/_x",
        "unix:///var/run/docker.sock",
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/x",
        "javascript:alert(1)",
        "data:text/plain,x",
        "//example.com/x",
        "/etc/passwd",
        "example.com",
        "",
        "http:",
        "http://",
        "http:///x",
        "https://user@example.com/",
        "https://user:pass@example.com/",
        "https://example.com@127.0.0.1/",
        "https://@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com\\.127.0.0.1/",
        "https://example.com/\r\nX-Evil: 1",
        "https://exam\tple.com/",
        "https://example.com/a b",
        " https://example.com/",
        "https://example.com/\0",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://example.com:443:22/",
        "http://example.com:6379/",
        "https://example.com/" + "a" * 5000,
    ],
)
def test_no_other_kind_of_address_is_even_looked_up(url: str) -> None:
    with pytest.raises(FetchRefused):
        Fetcher(resolve=nobody).get(url)


def test_a_refusal_names_the_host_and_never_the_path() -> None:
    fetcher = Fetcher(resolve=lambda _: ["10.0.0.1"])

    with pytest.raises(FetchRefused) as refused:
        fetcher.get("https://hooks.example.com/secret-token?key=abc")

    assert "hooks.example.com" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "abc" not in str(refused.value)


def test_a_name_is_resolved_once_and_connected_to_by_that_number() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    with Server(answer()) as server:
        fetcher = inside(server, resolve=lambda _: answers.pop(0))

        fetcher.get(f"http://feed.example.com:{server.port}/")

        assert len(answers) == 1


def test_of_several_addresses_only_the_allowed_ones_are_connected_to() -> None:
    with Server(answer()) as forbidden:
        fetcher = Fetcher(
            ports=frozenset([forbidden.port]),
            resolve=lambda _: ["127.0.0.1", "192.0.2.1", "127.9.9.9"],
            allow=(ip_network("127.9.9.9/32"),),
        )

        with pytest.raises(FetchError):
            fetcher.get(f"http://feed.example.com:{forbidden.port}/")

        assert forbidden.connections == 0


def test_a_socket_whose_far_end_is_another_than_was_checked_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Server(answer()) as server:
        connect = socket.create_connection
        monkeypatch.setattr(
            socket, "create_connection", lambda address, **more: connect(("127.0.0.1", server.port), **more)
        )
        fetcher = Fetcher(ports=frozenset([server.port]), resolve=lambda _: ["93.184.215.14"])

        with pytest.raises(FetchRefused):
            fetcher.get(f"http://feed.example.com:{server.port}/")

        assert server.requests == []


# --- redirects ---------------------------------------------------------------


def inside(server: Server | None = None, **more: object) -> Fetcher:
    """Return a fetcher that may reach 127.0.0.1 at the server's port, and nothing else."""
    fetcher = Fetcher(
        ports=frozenset([server.port if server else 443]),
        resolve=lambda _: ["127.0.0.1"],
        allow=(ip_network("127.0.0.1/32"),),
        timeout=timedelta(seconds=5),
    )
    return replace(fetcher, **more)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Again", "308 Moved"])
@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.2:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://2130706434:{port}/",
        "http://inside.example:{port}/",
        "//127.0.0.2:{port}/",
        "http://127.0.0.1:22/",
        "http://user@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\@127.0.0.2/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_a_redirect_to_where_we_do_not_go_is_refused(to: str, status: str) -> None:
    with Server(lambda _: [redirect(to.format(port=server.port), status)]) as server:
        names = {"feed.example.com": ["127.0.0.1"], "inside.example": ["169.254.169.254"]}
        fetcher = inside(server, resolve=names.__getitem__)

        with pytest.raises(FetchRefused):
            fetcher.get(f"http://feed.example.com:{server.port}/")

        assert server.connections == 1


def test_each_hop_is_resolved_and_checked_anew() -> None:
    # The same name leads inside the second time: DNS rebinding between two hops.
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    with Server(lambda _: [redirect("/again")]) as server:
        fetcher = inside(server, resolve=lambda _: answers.pop(0))

        with pytest.raises(FetchRefused):
            fetcher.get(f"http://feed.example.com:{server.port}/")

        assert (server.connections, answers) == (1, [])


def test_a_redirect_from_https_to_http_is_refused() -> None:
    tls = loopback_tls()
    with Server(lambda _: [redirect(f"http://localhost:{server.port}/")], tls=tls.server) as server:
        fetcher = inside(server, tls=tls.client)

        with pytest.raises(FetchRefused, match="from https to http"):
            fetcher.get(f"https://localhost:{server.port}/")

        assert server.connections == 1


def test_redirects_in_a_circle_end() -> None:
    with Server(lambda _: [redirect("/again")]) as server:
        with pytest.raises(FetchRefused, match="more than 5 times"):
            inside(server).get(f"http://feed.example.com:{server.port}/")

        assert server.connections == 6


def test_a_post_follows_no_redirect() -> None:
    with Server(redirect("/elsewhere", "307 Again")) as server:
        fetched = inside(server).post(f"http://hook.example.com:{server.port}/", body=b"x")

        assert (fetched.status, server.connections) == (307, 1)


# --- headers -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "1\r\nX-B: 2"),
        ("X-A\r\nX-B", "1"),
        ("X-A", "1\0"),
        ("X A", "1"),
        ("", "1"),
        ("Host", "evil.example"),
        ("Transfer-Encoding", "chunked"),
        ("content-length", "0"),
        ("X-A", "é"),
    ],
)
def test_a_header_that_would_change_the_request_is_refused(name: str, value: str) -> None:
    with pytest.raises(FetchRefused):
        Fetcher(resolve=nobody).post("https://hook.example.com/", body=b"", headers={name: value})
