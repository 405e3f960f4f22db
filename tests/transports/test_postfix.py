"""An edition through a real Postfix: over STARTTLS, logged in, into a mailbox, and read back there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.transports import dkim
from newsletter.transports.base import Misconfigured, Verdict
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_connection import Server
from tests.tools import SPAMASSASSIN, needs_spamassassin
from tests.transports.postfix import Postfix, needs_postfix, postfix
from tests.transports.rspamd import needs_rspamd, rspamd
from tests.transports.support import LONG, NOW, a_mailing, copies, outcomes_of, seen_in_bytes
from tests.transports.verifiers import dkimpy_verifies, needs_dkimpy, needs_opendkim, opendkim_verifies

LOGIN = ("daily", "correct-horse-battery")
READERS = 60

pytestmark = needs_postfix


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    with postfix(LOGIN) as server:
        yield server


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> dkim.Key:
    path = tmp_path_factory.mktemp("keys") / "n1.pem"
    return dkim.create(path, domain="news.example.com", selector="n1")


def transport_to(server: Postfix, key: dkim.Key, *, password: str = LOGIN[1]) -> SmtpTransport:
    at = Server(
        host="127.0.0.1",
        port=server.port,
        security="starttls",
        username=LOGIN[0],
        password=password,
        connections=4,
    )
    return SmtpTransport([at], timeout=LONG, dkim=[key], clock=lambda: NOW, context=server.context)


@pytest.fixture(scope="module")
def mailbox(server: Postfix, key: dkim.Key) -> list[bytes]:
    """What lies in the mailbox after an edition, as it came over the wire."""
    transport = transport_to(server, key)
    outcomes = outcomes_of(transport.send(a_mailing(), copies(READERS), call_id="c1"))
    transport.close()
    assert {one.verdict for one in outcomes} == {Verdict.ACCEPTED}, outcomes
    assert len({one.provider_id for one in outcomes}) == READERS
    delivered = server.delivered(READERS)
    assert len(delivered) == READERS, server.log.read_text()[-2000:]
    return [message.replace(b"\n", b"\r\n") for message in delivered]


def test_everybody_gets_their_copy_whole(mailbox: list[bytes]) -> None:
    seen = {one.to: one for one in map(seen_in_bytes, mailbox)}
    mailing = a_mailing()

    assert len(seen) == len(mailbox) == READERS
    for copy in copies(READERS):
        filled = mailing.fill(copy)
        one = seen[copy.address]
        assert (one.subject, one.text, one.html) == (mailing.subject, filled.text, filled.html)
        wanted = {name.lower(): value for name, value in filled.headers}
        assert wanted.items() <= one.headers.items()


def test_it_came_encrypted_and_logged_in(mailbox: list[bytes], server: Postfix) -> None:
    assert all(b"using TLSv1." in message for message in mailbox)
    assert server.log.read_text().count("sasl_username=daily") == READERS


@needs_dkimpy
@needs_opendkim
def test_its_signature_is_good_where_it_arrives(mailbox: list[bytes], key: dkim.Key, tmp_path: Path) -> None:
    records = {key.name: key.record}

    assert "succeeded" in opendkim_verifies(mailbox[0], records, tmp_path)
    assert [dkimpy_verifies(message, records) for message in mailbox[:3]] == [[True]] * 3


@needs_spamassassin
def test_spamassassin_finds_nothing_in_it(mailbox: list[bytes], capsys: pytest.CaptureFixture[str]) -> None:
    verdict = subprocess.run(
        [str(SPAMASSASSIN), "-L", "-t"], input=mailbox[0], capture_output=True, check=False
    ).stdout.decode(errors="replace")

    score = re.search(r"^X-Spam-Status: .*?score=(-?[\d.]+)", verdict, re.MULTILINE)
    assert score, verdict[:2000]
    with capsys.disabled():
        print(f"\nSpamAssassin: {score[1]}")
    assert float(score[1]) <= 1


@needs_rspamd
def test_rspamd_finds_it_signed_and_welcome(
    mailbox: list[bytes], key: dkim.Key, capsys: pytest.CaptureFixture[str]
) -> None:
    records = {
        key.name: key.record,
        "news.example.com": "v=spf1 ip4:192.0.2.10 -all",
        "_dmarc.example.com": "v=DMARC1; p=none",
        "_dmarc.news.example.com": "v=DMARC1; p=none",
    }
    # As our own server sent it: what Postfix wrote above is about its own loopback.
    message = mailbox[0][mailbox[0].index(b"DKIM-Signature:") :]

    hosts = {"mta.news.example.com": "192.0.2.10", "news.example.com": "192.0.2.10"}

    with rspamd(records, hosts) as running:
        verdict = running.verdict(message, sender="news@news.example.com", recipient="reader1@example.com")

    with capsys.disabled():
        print(f"\nrspamd: {verdict.score:.2f}")
    assert {"R_DKIM_ALLOW", "R_SPF_ALLOW", "DMARC_POLICY_ALLOW"} <= verdict.symbols
    assert verdict.score <= 1


def test_a_wrong_password_is_a_matter_for_a_person(server: Postfix, key: dkim.Key) -> None:
    transport = transport_to(server, key, password="wrong-horse")

    with pytest.raises(Misconfigured, match="535"):
        list(transport.send(a_mailing(), copies(1), call_id="c1"))

    transport.close()
