"""The SMTP sink keeps the very bytes, and fails as it is told."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

import pytest

from newsletter.testing.certificate import loopback_tls
from newsletter.testing.smtp_sink import SmtpSink, Step

SENDER = "news@example.com"
READER = "reader@example.com"


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


def client_of(sink: SmtpSink) -> smtplib.SMTP:
    client = smtplib.SMTP(sink.host, sink.port, local_hostname="test.invalid", timeout=20)
    client.ehlo()
    return client


def test_the_very_bytes_are_kept(sink: SmtpSink) -> None:
    content = b"Subject: a\r\n\r\n.a line with a dot\r\n..and two\r\n\r\n"

    with client_of(sink) as client:
        client.sendmail(SENDER, READER, content)

    message = sink.messages[0]
    assert (message.sender, message.recipient, message.content) == (SENDER, READER, content)
    assert sink.bytes == len(content)


@pytest.mark.parametrize("content", [b"x" * 999 + b"\r\n", b"a\nb\r\n"])
def test_what_is_no_internet_message_is_refused(sink: SmtpSink, content: bytes) -> None:
    with client_of(sink) as client:
        client.mail(SENDER)
        client.rcpt(READER)
        assert client.docmd("DATA")[0] == 354
        client.send(content + b".\r\n")
        assert client.getreply()[0] in (500, 550)

    assert sink.messages == []


def test_an_order_may_be_for_a_few_times(sink: SmtpSink) -> None:
    sink.answer(READER, Step.RCPT, "450 later", times=2)

    with client_of(sink) as client:
        codes = []
        for _ in range(3):
            client.mail(SENDER)
            codes.append(client.rcpt(READER)[0])
            client.rset()

    assert codes == [450, 450, 250]


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_connection_lost_after_the_dot_keeps_the_message_or_not(sink: SmtpSink, is_kept: bool) -> None:
    sink.hang_up(READER, Step.DOT, is_kept=is_kept)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        client_of(sink).sendmail(SENDER, READER, b"Subject: a\r\n\r\n")

    assert len(sink.messages) == int(is_kept)


def test_a_login_is_asked_for_behind_tls() -> None:
    with SmtpSink(tls=loopback_tls().server, login=("daily", "secret")) as sink, client_of(sink) as client:
        assert client.mail(SENDER)[0] == 530
        client.starttls(context=loopback_tls().client)
        client.ehlo()
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("daily", "guess")

        client.login("daily", "secret")

        client.sendmail(SENDER, READER, b"Subject: a\r\n\r\n")
        assert len(sink.messages) == 1


def test_ten_thousand_messages_need_no_memory() -> None:
    with SmtpSink(keeps_content=False) as sink, client_of(sink) as client:
        client.sendmail(SENDER, READER, b"Subject: a\r\n\r\n")

    assert sink.messages[0].content == b""
    assert sink.bytes == len(b"Subject: a\r\n\r\n")


def test_the_port_can_be_closed_and_opened_again(sink: SmtpSink) -> None:
    sink.refuse_connections()
    with pytest.raises(ConnectionRefusedError):
        client_of(sink)

    sink.listen()

    with client_of(sink) as client:
        assert client.noop()[0] == 250
