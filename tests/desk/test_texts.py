"""What an editor puts in the place of a source goes out, and nothing anybody wrote is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.database import Database
from newsletter.desk import draft as drafts
from newsletter.desk.texts import NotEditable, NothingToSave
from newsletter.editions.approval import approve
from newsletter.editions.revision import RevisedMeanwhile
from newsletter.editions.states import State
from newsletter.errors import DigestError
from newsletter.morning.morning import Morning
from newsletter.transports.memory import MemoryTransport
from tests.desk.support import SIX, TEXT, a_desk, in_the_folder
from tests.support import DAY, SLUG, HandClock, readers
from tests.test_morning import HALF_PAST_SEVEN, people

MENDED = TEXT.replace("七十亿", "八十亿")
LATER = TEXT.replace("七十亿", "九十亿")


def at_half_past_seven(database: Database, folder: Path) -> Morning:
    return a_desk(database, folder, clock=HandClock(HALF_PAST_SEVEN)).morning


def text_that_went_out(morning: Morning) -> str:
    transport = morning.courier.senders[SLUG].transport
    assert isinstance(transport, MemoryTransport)
    return transport.kept[0].filled.text if transport.kept else ""


def test_the_source_is_the_text_until_somebody_revises_it(database: Database, folder: Path) -> None:
    in_the_folder(folder)

    opened = a_desk(database, folder).texts.open(DAY)

    assert (opened.text, opened.number, opened.is_contested) == (TEXT, 0, False)


def test_a_revision_goes_out_in_the_place_of_its_source(both: Database, folder: Path) -> None:
    people(both, readers(1))
    in_the_folder(folder)
    a_desk(both, folder).texts.replace(DAY, MENDED, author="张三", after=0)

    morning = at_half_past_seven(both, folder)
    report = morning.send(DAY)

    assert report.state is State.FINISHED
    assert "八十亿" in text_that_went_out(morning)


def test_a_revision_needs_no_source(database: Database, folder: Path) -> None:
    people(database, readers(1))
    a_desk(database, folder).texts.replace(DAY, MENDED, author="张三", after=0)

    assert at_half_past_seven(database, folder).send(DAY).state is State.FINISHED


def test_a_source_that_changes_afterwards_holds_the_edition_until_somebody_chooses(
    database: Database, folder: Path
) -> None:
    people(database, readers(1))
    in_the_folder(folder)
    desk = a_desk(database, folder)
    desk.texts.replace(DAY, MENDED, author="张三", after=0)
    in_the_folder(folder, LATER)

    held = at_half_past_seven(database, folder).send(DAY)

    assert held.state is State.HELD
    assert held.findings[0]["check"] == "source-changed"
    assert desk.texts.open(DAY).is_contested
    desk.texts.keep(DAY, author="李四", after=1)
    assert not desk.texts.open(DAY).is_contested
    morning = at_half_past_seven(database, folder)
    assert morning.send(DAY).state is State.FINISHED
    assert "八十亿" in text_that_went_out(morning)


def test_whoever_chooses_the_source_gets_what_it_says_from_then_on(database: Database, folder: Path) -> None:
    people(database, readers(1))
    in_the_folder(folder)
    desk = a_desk(database, folder)
    desk.texts.replace(DAY, MENDED, author="张三", after=0)
    desk.texts.use_source(DAY, author="李四", after=1)
    in_the_folder(folder, LATER)

    morning = at_half_past_seven(database, folder)

    assert morning.send(DAY).state is State.FINISHED
    assert "九十亿" in text_that_went_out(morning)


def test_a_source_that_vanishes_takes_no_revision_with_it(database: Database, folder: Path) -> None:
    people(database, readers(1))
    file = in_the_folder(folder)
    a_desk(database, folder).texts.replace(DAY, MENDED, author="张三", after=0)
    file.unlink()

    assert at_half_past_seven(database, folder).send(DAY).state is State.FINISHED


def test_a_source_that_was_broken_afterwards_is_somebody_at_work(database: Database, folder: Path) -> None:
    people(database, readers(1))
    in_the_folder(folder)
    a_desk(database, folder).texts.replace(DAY, MENDED, author="张三", after=0)
    in_the_folder(folder, "---\ntitle: [\n---\n")

    assert at_half_past_seven(database, folder).send(DAY).state is State.HELD


def test_an_approval_of_one_pair_of_texts_is_none_of_another(database: Database, folder: Path) -> None:
    people(database, readers(1))
    in_the_folder(folder)
    a_desk(database, folder).texts.replace(DAY, MENDED, author="张三", after=0)
    in_the_folder(folder, LATER)
    morning = at_half_past_seven(database, folder)
    morning.send(DAY)
    with database.sessions.begin() as session:
        row = morning.existing(DAY)
        assert row
        approve(session, row, by="王五", because="改的是错字", now=HALF_PAST_SEVEN)
    in_the_folder(folder, LATER + "\n再改。\n")

    assert morning.send(DAY).state is State.HELD
    in_the_folder(folder, LATER)
    assert morning.send(DAY).state is State.FINISHED


def test_stories_that_are_left_out_can_come_back(database: Database, folder: Path) -> None:
    people(database, readers(1))
    in_the_folder(folder)
    desk = a_desk(database, folder)

    desk.texts.leave_out(DAY, [0], author="张三", after=0)
    left = desk.texts.open(DAY)

    assert [story.title for story in desk.texts.stories(left)] == [
        "造车新品牌发布首款轿车",
        "开源模型登上榜首",
    ]
    assert "造车新品牌" not in desk.texts.going_out(left)
    assert "1. [开源模型登上榜首]" in desk.texts.going_out(left)
    morning = at_half_past_seven(database, folder)
    assert morning.beginning.look(DAY).proof
    desk.texts.leave_out(DAY, [], author="张三", after=1)
    assert "造车新品牌" in desk.texts.going_out(desk.texts.open(DAY))


def test_not_every_story_can_go(database: Database, folder: Path) -> None:
    in_the_folder(folder)

    with pytest.raises(NothingToSave):
        a_desk(database, folder).texts.leave_out(DAY, [0, 1], author="张三", after=0)


def test_nobody_writes_over_a_revision_they_have_not_seen(both: Database, folder: Path) -> None:
    in_the_folder(folder)
    texts = a_desk(both, folder).texts
    texts.replace(DAY, MENDED, author="张三", after=0)

    with pytest.raises(RevisedMeanwhile, match="张三"):
        texts.replace(DAY, LATER, author="李四", after=0)

    assert texts.open(DAY).text == MENDED


def test_a_text_that_cannot_be_read_is_not_saved(database: Database, folder: Path) -> None:
    texts = a_desk(database, folder).texts

    with pytest.raises(DigestError):
        texts.replace(DAY, "---\ntitle: [\n---\n\n正文\n", author="张三", after=0)

    assert texts.open(DAY).number == 0


def test_the_desk_is_closed_once_the_edition_has_begun(database: Database, folder: Path) -> None:
    people(database, readers(1))
    in_the_folder(folder)
    at_half_past_seven(database, folder).send(DAY)
    texts = a_desk(database, folder).texts

    with pytest.raises(NotEditable):
        texts.replace(DAY, MENDED, author="张三", after=0)

    assert not texts.open(DAY).is_editable
    assert "七十亿" in texts.open(DAY).text


def test_an_older_revision_comes_back_as_the_newest(database: Database, folder: Path) -> None:
    in_the_folder(folder)
    texts = a_desk(database, folder).texts
    texts.replace(DAY, MENDED, author="张三", after=0)
    texts.replace(DAY, LATER, author="李四", after=1)

    texts.go_back(DAY, 1, author="张三", after=2)

    opened = texts.open(DAY)
    assert (opened.text, opened.number) == (MENDED, 3)
    assert [(one.number, one.author) for one in opened.history] == [(3, "张三"), (2, "李四"), (1, "张三")]


def test_a_text_that_went_out_before_does_not_go_out_again(database: Database, folder: Path) -> None:
    people(database, readers(1))
    in_the_folder(folder)
    at_half_past_seven(database, folder).send(DAY)
    tomorrow = DAY.replace(day=DAY.day + 1)
    desk = a_desk(database, folder, clock=HandClock(HALF_PAST_SEVEN.replace(day=23)))
    desk.texts.replace(tomorrow, TEXT, author="张三", after=0)

    assert desk.morning.send(tomorrow).state is State.MISSING


def test_what_was_typed_is_kept_and_an_older_window_does_not_undo_it(both: Database, folder: Path) -> None:
    def keep(text: str, sequence: int) -> bool:
        with both.sessions.begin() as session:
            return drafts.keep(session, SLUG, DAY, "张三", text=text, sequence=sequence, after=0, now=SIX)

    assert keep("新的", 7)
    assert not keep("旧的", 6)

    texts = a_desk(both, folder).texts
    draft = texts.open(DAY, "张三").draft
    assert draft
    assert draft.text == "新的"
    assert texts.open(DAY, "李四").draft is None
    with both.sessions.begin() as session:
        drafts.give_up(session, SLUG, DAY, "张三")
    assert texts.open(DAY, "张三").draft is None
