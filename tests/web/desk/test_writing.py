"""An editor's day at the desk: look, change, compare, leave out, try."""

from __future__ import annotations

import re

from newsletter.mailing import Mailing
from newsletter.people.rights import Role
from tests.support import DAY, SLUG
from tests.web.desk.support import HOME, PAGE, TEXT, editor, put
from tests.web.people.support import browser_of
from tests.web.support import House

HX = {"hx-request": "true", "hx-target": "shown"}
MENDED = TEXT.replace("七十亿", "八十亿")


def test_home_says_what_comes_when_and_how_it_stands(house: House) -> None:
    page = editor(house).get(HOME).text

    assert "造车新品牌发布首款轿车" in page
    assert "准备就绪" in page
    assert "07:30" in page
    assert "1 小时 30 分后" in page


def test_a_text_is_shown_with_what_is_said_of_its_lines(house: House) -> None:
    put(house, TEXT.replace("参数只有七十亿", "参数只有 {{ count }}"))

    page = editor(house).get(PAGE).text

    line = re.search(r'<li id="line-(\d+)" class="hold"><span class="text">[^<]*\{\{ count \}\}', page)
    assert line
    assert "个问题，不会自动发出" in page


def test_typing_shows_the_email_and_keeps_the_draft(house: House) -> None:
    client = editor(house)

    shown = client.post(f"{PAGE}/preview", data={"text": MENDED, "after": "0", "sequence": "5"}, headers=HX)
    frame = client.get(f"{PAGE}/email?of=draft&at=5")
    again = client.get(f"{PAGE}?edit=yes").text

    assert shown.status_code == 200
    assert 'data-sequence="5"' in shown.text
    assert "<html" not in shown.text
    assert "八十亿" in frame.text
    assert "八十亿" in again
    assert "七十亿" in client.get(f"{PAGE}/email").text


def test_an_older_answer_replaces_nothing_newer(house: House) -> None:
    client = editor(house)
    client.post(f"{PAGE}/preview", data={"text": MENDED, "after": "0", "sequence": "9"}, headers=HX)

    late = client.post(f"{PAGE}/preview", data={"text": TEXT, "after": "0", "sequence": "8"}, headers=HX)

    assert 'data-sequence="8"' in late.text  # so that the page throws it away
    assert "八十亿" in client.get(f"{PAGE}?edit=yes").text


def test_a_preview_without_scripts_leads_back_to_the_page(house: House) -> None:
    client = editor(house)

    answer = client.post(f"{PAGE}/preview", data={"text": MENDED, "after": "0"})

    assert answer.status_code == 303
    assert "八十亿" in client.get(answer.headers["location"].partition("#")[0]).text


def test_drafts_of_two_people_of_one_name_are_apart(house: House) -> None:
    client = editor(house)
    client.post(f"{PAGE}/preview", data={"text": MENDED, "after": "0"})

    other = browser_of(house, "lin2", (SLUG, Role.EDITOR))

    assert "八十亿" not in other.get(f"{PAGE}?edit=yes").text


def test_saving_makes_a_revision_that_is_named_and_compared(house: House) -> None:
    client = editor(house)

    saved = client.post(f"{PAGE}/text", data={"text": MENDED, "after": "0", "act": "save"})
    page = client.get(saved.headers["location"]).text
    compared = client.get(f"{PAGE}/compare").text

    assert saved.status_code == 303
    assert "已保存为第 1 版" in page
    assert "lin" in page
    assert "<mark>七</mark>" in compared
    assert "<mark>八</mark>" in compared


def test_an_uploaded_file_is_a_text_like_any_other(house: House) -> None:
    client = editor(house)

    saved = client.post(
        f"{PAGE}/text",
        data={"text": "", "after": "0", "act": "save"},
        files={"file": ("2026.md", MENDED.encode())},
    )

    assert "第 1 版" in client.get(saved.headers["location"]).text
    assert "八十亿" in client.get(f"{PAGE}/email").text


def test_nobody_saves_over_somebody_else(house: House) -> None:
    first = editor(house)
    second = browser_of(house, "wu", (SLUG, Role.EDITOR))
    first.post(f"{PAGE}/text", data={"text": MENDED, "after": "0", "act": "save"})

    refused = second.post(
        f"{PAGE}/text", data={"text": TEXT.replace("七十亿", "九十亿"), "after": "0", "act": "save"}
    )
    page = second.get(refused.headers["location"]).text

    assert "lin has revised this day meanwhile" in page
    assert "九十亿" in page  # and what was typed is still there


def test_a_changed_source_is_shown_beside_the_revision_and_somebody_chooses(house: House) -> None:
    client = editor(house)
    client.post(f"{PAGE}/text", data={"text": MENDED, "after": "0", "act": "save"})
    put(house, TEXT.replace("七十亿", "九十亿"))

    contested = client.get(PAGE).text
    compared = client.get(f"{PAGE}/compare?left=1&right=source").text
    chosen = client.post(f"{PAGE}/choose", data={"choice": "revision", "after": "1"})

    assert "来源又变了" in contested
    assert "<mark>九</mark>" in compared
    assert "来源又变了" not in client.get(chosen.headers["location"]).text
    assert "八十亿" in client.get(f"{PAGE}/email").text


def test_stories_go_and_come_back(house: House) -> None:
    client = editor(house)

    client.post(f"{PAGE}/stories", data={"place": "1", "after": "0"})
    without = client.get(f"{PAGE}/email").text
    client.post(f"{PAGE}/stories", data={"place": ["0", "1"], "after": "1"})

    assert "造车新品牌" not in without
    assert "造车新品牌" in client.get(f"{PAGE}/email").text


def test_a_test_reaches_the_addresses_and_tells_what_became_of_each(house: House) -> None:
    client = editor(house)

    sent = client.post(
        f"{PAGE}/test",
        data={"to": "lin@example.com", "more": "b@example.com", "reader": "en", "marked": "yes"},
    )
    house.app.notice_sender().send_due()
    page = client.get(sent.headers["location"]).text

    mail = house.mails("test")[0]
    assert Mailing.from_bytes(mail.mailing).subject.startswith("【测试】")
    assert Mailing.from_bytes(mail.mailing).language == "en"
    assert page.count("badge-good") == 2
    assert "b@example.com" in client.get(PAGE).text


def test_editions_are_listed_by_day_kind_and_state(house: House) -> None:
    client = editor(house)

    assert str(DAY) in client.get(f"{HOME}/editions").text
    assert str(DAY) in client.get(f"{HOME}/editions?state=waiting").text
    assert f"editions/{DAY}" not in client.get(f"{HOME}/editions?kind=weekly").text
    assert f"editions/{DAY}" not in client.get(f"{HOME}/editions?before={DAY}.0").text


def test_a_day_that_never_was_and_a_name_that_is_none_are_not_there(house: House) -> None:
    client = editor(house)

    for name in ("2020-01-01", "2026-13-01", f"{DAY}-weekly-1", "x", f"{DAY}-daily-1"):
        assert client.get(f"{HOME}/editions/{name}").status_code == 404, name


def test_an_empty_day_can_be_written(house: House) -> None:
    client, tomorrow = editor(house), f"{HOME}/editions/2026-11-24"

    assert "这一天还没有稿子" in client.get(tomorrow).text
    text = TEXT.replace(str(DAY), "2026-11-24")
    client.post(f"{tomorrow}/text", data={"text": text, "after": "0", "act": "save"})

    assert "造车新品牌" in client.get(f"{tomorrow}/email").text
