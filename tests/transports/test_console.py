"""The console transport: readable, harmless, and quiet about a reader who has gone."""

from __future__ import annotations

import io

import pytest

from newsletter.mailing import Template
from newsletter.transports.base import Unavailable
from newsletter.transports.console import ConsoleTransport
from tests.transports.support import a_copy, a_mailing


def test_a_person_can_read_it() -> None:
    stream = io.StringIO()

    list(ConsoleTransport(stream).send(a_mailing(paragraphs=1), [a_copy()], call_id="c1"))

    printed = stream.getvalue()
    assert "From:    全球AI新闻速递 <news@news.example.com>\n" in printed
    assert "To:      reader1@example.com\n" in printed
    assert f"Subject: {a_mailing().subject}\n" in printed
    assert f"退订：{a_copy().values['leave_url']}\n" in printed
    assert "<" not in printed.partition("\n\n")[2]  # no HTML


def test_it_prints_where_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    list(ConsoleTransport().send(a_mailing(), [a_copy()], call_id="c1"))

    assert "reader1@example.com" in capsys.readouterr().out


def test_a_digest_cannot_command_the_terminal() -> None:
    stream = io.StringIO()
    mailing = a_mailing(text=Template(("\x1b[2J\x1b]0;owned\x07\x9b31m新闻\n",)))

    list(ConsoleTransport(stream).send(mailing, [a_copy()], call_id="c1"))

    assert not {"\x1b", "\x07", "\x9b"} & set(stream.getvalue())
    assert "新闻\n" in stream.getvalue()


def test_a_stream_that_nobody_reads_is_unavailable() -> None:
    stream = io.StringIO()
    stream.close()

    with pytest.raises(Unavailable, match="console"):
        list(ConsoleTransport(stream).send(a_mailing(), [a_copy()], call_id="c1"))
