"""A preview shows what will go out, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.database import Database
from newsletter.desk.addresses import Standing
from newsletter.desk.persona import Persona
from newsletter.editions.gate import ProbeResult, Reach
from newsletter.morning import probed
from newsletter.transports.memory import MemoryTransport
from subscribers import Base
from tests.desk.support import LI, SIX, TEXT, a_desk, in_the_folder
from tests.support import DAY, SLUG, HandClock, readers
from tests.test_morning import HALF_PAST_SEVEN, people

BROKEN = TEXT.replace("参数只有七十亿。", "参数只有 {{ count }} 亿。\n\n   ![图](http://x.example/a.png)")


def test_a_preview_is_the_very_email_that_goes_out(database: Database, folder: Path) -> None:
    people(database, readers(1))
    in_the_folder(folder)
    shown = a_desk(database, folder).previewer.look(TEXT, day=DAY, persona=LI, now=SIX)
    morning = a_desk(database, folder, clock=HandClock(HALF_PAST_SEVEN)).morning

    morning.send(DAY)

    transport = morning.courier.senders[SLUG].transport
    assert isinstance(transport, MemoryTransport)
    assert shown.email
    assert shown.email.mailing == transport.kept[0].mailing
    assert not shown.held


def test_a_finding_names_its_line(database: Database, folder: Path) -> None:
    shown = a_desk(database, folder).previewer.look(BROKEN, day=DAY, persona=LI, now=SIX)

    line = BROKEN.split("\n").index("   参数只有 {{ count }} 亿。") + 1
    assert shown.held
    assert shown.by_line[line] == "hold"
    assert ("leftover-template", line) in {(each["check"], each["line"]) for each in shown.findings}


def test_a_text_that_cannot_be_read_says_where(database: Database, folder: Path) -> None:
    shown = a_desk(database, folder).previewer.look("---\ntitle: [\n---\n", day=DAY, persona=LI, now=SIX)

    assert shown.email is None
    assert shown.held
    assert shown.findings[0]["check"] == "unreadable"


def test_a_persona_reads_in_their_language_under_their_address(database: Database, folder: Path) -> None:
    english = Persona(language="en", address="ann@example.com")

    shown = a_desk(database, folder).previewer.look(TEXT, day=DAY, persona=english, now=SIX)

    assert shown.email
    assert "Unsubscribe" in shown.email.html
    assert "ann@example.com" in shown.email.html
    assert "/leave/test" in shown.email.html
    assert shown.email.head.startswith("From: ")
    assert "\nList-Unsubscribe: <" in shown.email.head


def test_the_size_says_how_near_the_clip_is(database: Database, folder: Path) -> None:
    long = TEXT.replace("参数只有七十亿。", "参数只有七十亿。" * 4000)

    short = a_desk(database, folder).previewer.look(TEXT, day=DAY, persona=LI, now=SIX)
    shown = a_desk(database, folder).previewer.look(long, day=DAY, persona=LI, now=SIX)

    assert short.email
    assert shown.email
    assert short.email.size.percent < 40
    assert shown.email.size.percent >= 95
    assert shown.email.size.html_bytes == len(shown.email.html.encode())


def test_links_show_what_is_known_of_their_far_ends(database: Database, folder: Path) -> None:
    first = f"https://news.site.example/{DAY}/one"
    probed.remember(
        database, {first: ProbeResult(reach=Reach.DEAD, status=404, detail="status 404")}, now=SIX
    )
    text = TEXT.replace("续航", "[详情](javascript:x) 续航")

    shown = a_desk(database, folder).previewer.look(text, day=DAY, persona=LI, now=SIX)

    known = {each.url: each for each in shown.addresses}
    assert (known[first].standing, known[first].detail) == (Standing.DEAD, "status 404")
    assert text.split("\n")[known[first].line - 1].startswith("1. [造车")
    assert known["javascript:x"].standing is Standing.UNUSABLE
    assert known[f"https://news.site.example/{DAY}/two"].standing is Standing.UNKNOWN


def test_the_inbox_row_is_cut_as_a_phone_cuts_it(database: Database, folder: Path) -> None:
    text = TEXT.replace("title:", 'subject: "这是一个很长很长很长很长很长很长很长很长很长很长的主题"\ntitle:')

    shown = a_desk(database, folder).previewer.look(text, day=DAY, persona=LI, now=SIX)

    assert shown.email
    assert shown.email.row.is_subject_cut
    assert shown.email.row.subject == "这是一个很长很长很长很长很长很长很长很…"


def test_looking_writes_nothing(database: Database, folder: Path) -> None:
    def everything() -> dict[str, list[tuple[object, ...]]]:
        with database.readers() as session:
            return {
                name: [tuple(row) for row in session.execute(select(table))]
                for name, table in Base.metadata.tables.items()
            }

    before = everything()

    a_desk(database, folder).previewer.look(BROKEN, day=DAY, persona=LI, now=SIX)

    assert everything() == before


@pytest.mark.parametrize(
    "text", ["", "\0", "# x", "---", "1. [a](b)\n" * 50, "\ud800", "<script>alert(1)</script>"]
)
def test_no_text_breaks_a_preview(database: Database, folder: Path, text: str) -> None:
    a_desk(database, folder).previewer.look(text, day=DAY, persona=LI, now=SIX)
