"""DKIM signatures, as two verifiers that are not ours read them: dkimpy and OpenDKIM."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.transports import dkim
from newsletter.transports.dkim import Key, Signer
from newsletter.transports.mime import Prepared
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_connection import Server
from tests.transports.support import LONG, NOW, a_copy, a_mailing, copies, outcomes_of, unhurried
from tests.transports.verifiers import dkimpy_verifies, needs_dkimpy, needs_opendkim, opendkim_verifies

DOMAIN = "news.example.com"  # of the sender of a_mailing


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> list[Key]:
    """An RSA key, and an Ed25519 key beside it."""
    folder = tmp_path_factory.mktemp("keys")
    return [
        dkim.create(folder / "rsa.pem", domain=DOMAIN, selector="r2026"),
        dkim.create(folder / "ed.pem", domain=DOMAIN, selector="e2026", algorithm="ed25519"),
    ]


def signed(keys: Sequence[Key], number: int = 1, **values: str) -> bytes:
    """Return copy ``number`` with a signature by each key."""
    mailing = a_mailing()
    pieces = Prepared(mailing).pieces(a_copy(number, **values), NOW)
    return Signer(keys, mailing.sender.address).sign(pieces, NOW) + b"".join(pieces)


def records(keys: Sequence[Key]) -> dict[str, str]:
    return {key.name: key.record for key in keys}


def covered(message: bytes) -> list[str]:
    """Return the names of h=, in lower case, of the first signature."""
    found = re.search(rb"h=([^;]+);", message)
    assert found
    return re.sub(r"\s", "", found[1].decode()).lower().split(":")


# --- what verifiers say --------------------------------------------------------


@needs_dkimpy
def test_dkimpy_verifies_every_signature(keys: list[Key]) -> None:
    message = signed(keys)

    assert dkimpy_verifies(message, records(keys)) == [True, True]


@needs_opendkim
def test_opendkim_verifies(keys: list[Key], tmp_path: Path) -> None:
    # OpenDKIM of Debian 12 knows no Ed25519.
    good, bad = signed(keys[:1]), signed(keys[:1]).replace(b"/leave/1-", b"/leave/2-")

    assert "verification (s=r2026" in opendkim_verifies(good, records(keys), tmp_path)
    assert "succeeded" in opendkim_verifies(good, records(keys), tmp_path)
    assert "succeeded" not in opendkim_verifies(bad, records(keys), tmp_path)


@needs_dkimpy
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"/leave/1-", b"/leave/2-"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: x"),
        (b"reader1@", b"reader2@"),
        (b"Date: Sun", b"Date: Mon"),
        (b"Subject: ", b"Subject: Re "),
        (b"\r\n\r\n--=", b"\r\n\r\nx\r\n--="),
        (b"From: ", b"From: other@example.com\r\nFrom: "),
        (b"Subject: ", b"Subject: another\r\nSubject: "),
        (b"Reply-To: ", b"Reply-To: other@example.com\r\nReply-To: "),
        (b"List-Unsubscribe: ", b"List-Unsubscribe: <https://example.net/>\r\nList-Unsubscribe: "),
        (b"To: ", b"Cc: other@example.com\r\nTo: "),
    ],
)
def test_nothing_that_matters_can_be_changed_or_added(keys: list[Key], before: bytes, after: bytes) -> None:
    message = signed(keys)
    assert before in message

    tampered = message.replace(before, after, 1)

    assert dkimpy_verifies(tampered, records(keys)) == [False, False]


@needs_dkimpy
def test_a_relay_may_fold_headers_anew_and_add_its_own(keys: list[Key]) -> None:
    message = signed(keys)

    relayed = b"Received: by relay.example.com\r\n" + message.replace(
        b">,\r\n <mailto:", b">,  \r\n\t<mailto:"
    )

    assert relayed.count(b"\r\n\t<mailto:") == 1
    assert dkimpy_verifies(relayed, records(keys)) == [True, True]


@needs_dkimpy
def test_what_the_smtp_transport_sends_verifies(keys: list[Key]) -> None:
    with SmtpSink() as sink:
        server = Server(host=sink.host, port=sink.port, security="none")
        transport = SmtpTransport([server], timeout=LONG, dkim=keys, clock=lambda: NOW)

        outcomes_of(transport.send(a_mailing(), copies(3), call_id="c1"))

        transport.close()
    assert len(sink.messages) == 3
    assert [dkimpy_verifies(one.content, records(keys)) for one in sink.messages] == [[True, True]] * 3


# --- what is covered, and by whom ------------------------------------------------


def test_every_header_is_covered_and_those_that_act_are_oversigned(keys: list[Key]) -> None:
    message = signed(keys)
    own = covered(message)
    there = [
        line.partition(b":")[0].decode().lower()
        for line in message[message.index(b"\r\nFrom: ") + 2 :].partition(b"\r\n\r\n")[0].split(b"\r\n")
        if line[:1] not in b" \t"
    ]

    assert set(there) <= set(own)
    for name in ("from", "to", "subject", "date", "reply-to", "list-unsubscribe", "list-unsubscribe-post"):
        assert own.count(name) == 2, name


@pytest.mark.parametrize(
    ("domain", "is_signed"),
    [
        ("news.example.com", True),
        ("NEWS.example.com", True),
        ("example.com", True),  # aligned, in DMARC's relaxed sense
        ("ews.example.com", False),
        ("example.net", False),
        ("deep.news.example.com", False),
    ],
)
def test_only_the_senders_domain_signs(keys: list[Key], domain: str, is_signed: bool) -> None:
    key = replace(keys[0], domain=domain)

    assert bool(Signer([key], "news@news.example.com")) is is_signed


def test_the_exact_domain_goes_before_the_one_above(keys: list[Key]) -> None:
    above = replace(keys[1], domain="example.com")
    signer = Signer([above, keys[0]], "news@news.example.com")

    header = signer.sign(Prepared(a_mailing()).pieces(a_copy(), NOW), NOW)

    assert header.count(b"DKIM-Signature:") == 1
    assert b"d=news.example.com;" in header


def test_no_key_means_no_signature() -> None:
    assert not Signer([], "news@news.example.com")


@unhurried
@given(length=st.integers(1, 600), selector=st.from_regex(r"\A[a-z0-9]{1,60}\Z"))
def test_a_signature_is_folded_and_says_when(keys: list[Key], length: int, selector: str) -> None:
    key = replace(keys[0], selector=selector, sign=lambda _: b"s" * length)
    pieces = Prepared(a_mailing()).pieces(a_copy(), NOW)

    header = Signer([key], "news@news.example.com").sign(pieces, NOW + timedelta(seconds=1))

    lines = header.split(b"\r\n")
    assert max(map(len, lines)) <= 100
    assert all(line[:1] == b" " for line in lines[1:-1])
    assert f"t={int(NOW.timestamp()) + 1};".encode() in header


# --- key files ---------------------------------------------------------------------


def test_a_key_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "var" / "n1.pem"
    made = dkim.create(path, domain=DOMAIN, selector="n1", algorithm="ed25519")

    with pytest.raises(ConfigError, match="never overwritten"):
        dkim.create(path, domain=DOMAIN, selector="n1")

    assert path.stat().st_mode & 0o777 == 0o600
    assert dkim.load(path, domain=DOMAIN, selector="n1").record == made.record


def test_a_key_is_never_printed(keys: list[Key]) -> None:
    assert "sign" not in repr(keys[0])
    assert "PRIVATE" not in repr(keys[0])


def write(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_bad_key_file_names_the_setting_and_the_remedy(tmp_path: Path) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    bad = {
        r"newsletter dkim new": tmp_path / "missing.pem",
        r"chmod 600": write(tmp_path / "open.pem", b"", 0o644),
        r"not a private key": write(tmp_path / "text.pem", b"hello"),
        r"1024 bits": write(tmp_path / "short.pem", short),
    }

    for remedy, path in bad.items():
        with pytest.raises(ConfigError, match=rf"^transport\.smtp\.dkim\.key: .*{remedy}"):
            dkim.load(path, domain=DOMAIN, selector="s")
