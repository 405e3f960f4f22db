"""What a sender decides with buttons, and what nobody else may."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from newsletter.delivery.states import State as Copy
from newsletter.delivery.tables import Notice
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from newsletter.people import audit
from tests.support import DAY, SLUG
from tests.web.desk.support import HOME, PAGE, TEXT, editor, prepare, put, sender
from tests.web.support import House

AT_HALF_PAST_SEVEN = timedelta(minutes=91)


def row(house: House, kind: Kind = Kind.DAILY) -> Edition:
    with house.app.database.readers() as session:
        return session.scalars(select(Edition).where(Edition.day == DAY, Edition.kind == kind)).one()


def go_on(house: House, by: timedelta) -> None:
    """Let time pass, and the clockwork do what is due."""
    house.clock.forward(by)
    unattended = house.app.unattended(SLUG)
    unattended.begin()
    house.app.courier().send_due()


def test_an_edition_that_is_held_goes_out_once_it_is_approved_with_a_reason(house: House) -> None:
    put(house, TEXT.replace("七十亿", "{{ count }}"))
    prepare(house)
    client = sender(house)
    seen = re.search(r'name="seen" value="(\w+)"', client.get(PAGE).text)
    assert seen

    bare = client.post(f"{PAGE}/approve", data={"seen": seen[1]})
    assert row(house).state is State.HELD
    assert "say why" in client.get(bare.headers["location"]).text
    client.post(f"{PAGE}/approve", data={"seen": seen[1], "because": "就是这样写的"})
    go_on(house, AT_HALF_PAST_SEVEN)

    assert row(house).state is State.FINISHED


def test_what_is_approved_is_the_text_that_was_seen_however_new_it_is(house: House) -> None:
    put(house, TEXT.replace("七十亿", "{{ count }}"))
    prepare(house)
    mended = TEXT.replace("七十亿", "{{ size }}")
    editor(house).post(f"{PAGE}/text", data={"text": mended, "after": "0", "act": "save"})
    client = sender(house)
    seen = re.search(r'name="seen" value="(\w+)"', client.get(PAGE).text)
    assert seen

    client.post(f"{PAGE}/approve", data={"seen": seen[1], "because": "原文如此"})
    go_on(house, AT_HALF_PAST_SEVEN)

    assert row(house).state is State.FINISHED
    assert "{{ size }}" in (row(house).digest_source or "")


def test_an_approval_of_another_text_than_was_seen_is_refused(house: House) -> None:
    put(house, TEXT.replace("七十亿", "{{ count }}"))
    prepare(house)

    sender(house).post(f"{PAGE}/approve", data={"seen": "0" * 64, "because": "x"})

    assert row(house).state is State.HELD


def test_whoever_may_pause_holds_an_edition_and_it_waits(house: House) -> None:
    editor(house).post(f"{PAGE}/hold", data={"because": "等一个回复"})

    go_on(house, AT_HALF_PAST_SEVEN)

    assert row(house).state is State.HELD
    assert "等一个回复" in sender(house).get(HOME).text


def test_an_hour_is_moved_for_one_day(house: House) -> None:
    client = sender(house)

    client.post(f"{PAGE}/move", data={"at": "08:15"})
    go_on(house, AT_HALF_PAST_SEVEN)

    assert row(house).state is State.READY
    assert "08:15" in client.get(HOME).text
    go_on(house, timedelta(minutes=45))
    assert row(house).state is State.FINISHED


def test_sending_now_takes_the_typed_number_and_can_be_undone_for_a_minute(house: House) -> None:
    client = sender(house)
    assert ">3<" in client.get(f"{PAGE}/send").text

    client.post(f"{PAGE}/send", data={"owed": "4"})
    assert row(house).begin_at is None
    client.post(f"{PAGE}/send", data={"owed": "3"})
    assert "可以撤销" in client.get(PAGE).text
    client.post(f"{PAGE}/undo")
    go_on(house, timedelta(minutes=2))
    assert row(house).state is State.READY

    client.post(f"{PAGE}/send", data={"owed": "3"})
    go_on(house, timedelta(seconds=61))
    assert row(house).state is State.FINISHED


def begun(house: House, *, hand_over: bool = True) -> None:
    house.clock.forward(AT_HALF_PAST_SEVEN)
    house.app.unattended(SLUG).begin()
    if hand_over:
        house.app.courier().send_due()


def test_an_edition_on_its_way_is_paused_revised_and_let_go_on(house: House) -> None:
    begun(house, hand_over=False)
    client = sender(house)

    client.post(f"{PAGE}/pause", data={"because": "数字错了"})
    assert "数字错了" in client.get(HOME).text
    mended = TEXT.replace("七十亿", "八十亿")
    client.post(f"{PAGE}/revise", data={"text": mended, "act": "look"})
    assert "<mark>八</mark>" in client.get(f"{PAGE}/revise").text
    client.post(f"{PAGE}/revise", data={"text": mended, "act": "save"})
    client.post(f"{PAGE}/resume")
    house.app.courier().send_due()

    assert (row(house).state, row(house).revision) == (State.FINISHED, 2)
    assert "八十亿" in client.get(f"{PAGE}/email").text


def test_what_went_out_is_shown_as_it_went_out(house: House) -> None:
    begun(house)
    paper = house.app.settings.newsletters[SLUG]
    renamed = paper.model_copy(update={"name": "改了名字的早报"})
    papers = {**house.app.settings.newsletters, SLUG: renamed}
    house.app.settings = house.app.settings.model_copy(update={"newsletters": papers})

    email = sender(house).get(f"{PAGE}/email").text

    assert "全球AI新闻速递" in email
    assert "改了名字" not in email


def test_an_edition_is_ended_for_good(house: House) -> None:
    begun(house, hand_over=False)

    sender(house).post(f"{PAGE}/cancel", data={"because": "发错了"})

    assert row(house).state is State.CANCELLED


def test_a_correction_goes_to_those_who_have_it_once_their_number_is_typed(house: House) -> None:
    begun(house)
    client = sender(house)
    text = "第二条新闻的参数应为八十亿。"

    client.post(f"{PAGE}/correct", data={"text": text, "act": "look"})
    looked = client.get(f"{PAGE}/correct").text
    client.post(f"{PAGE}/correct", data={"text": text, "act": "send", "owed": "2"})
    assert house.app.database
    with house.app.database.readers() as session:
        assert session.scalars(select(Edition).where(Edition.kind == Kind.CORRECTION)).all() == []
    sent = client.post(f"{PAGE}/correct", data={"text": text, "act": "send", "owed": "3"})

    assert "更正：" in looked
    assert row(house, Kind.CORRECTION).corrects_id == row(house).id
    assert client.get(sent.headers["location"]).status_code == 200


def test_what_is_decided_is_written_down_with_who_did_it(house: House) -> None:
    editor(house).post(f"{PAGE}/hold", data={"because": "等"})

    with house.app.database.readers() as session:
        told = [(one.what, one.by, one.about) for one in audit.latest(session, limit=20)]
    assert ("edition.hold", "lin", str(DAY)) in told


def test_a_live_card_tells_a_screen_reader_only_what_changed(house: House) -> None:
    begun(house, hand_over=False)
    client = sender(house)
    hx = {"hx-request": "true", "hx-target": "last"}
    now = client.get(f"{HOME}?phase={DAY}%20sending", headers=hx).text

    house.app.courier().send_due()
    then = client.get(f"{HOME}?phase={DAY}%20sending", headers=hx).text

    assert 'id="last"' in now
    assert 'role="status"' not in now
    assert 'hx-get="' in now
    assert 'role="status"' in then
    assert "已发完" in then
    assert 'hx-get="' not in then  # nothing more is to come


def test_a_test_mail_says_what_became_of_it_though_nothing_was_sent(house: House) -> None:
    client = sender(house)

    answer = client.post(f"{PAGE}/test", data={"to": "a@example.com"})

    with house.app.database.readers() as session:
        assert session.scalars(select(Notice.state)).all() == [Copy.WAITING]
    assert 'hx-trigger="every 2s"' in client.get(answer.headers["location"]).text
