"""The console's pages, as an admin uses them, without a script."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from newsletter.reports import jobs
from newsletter.reports.states import JobState
from subscribers import Status
from tests.support import SLUG
from tests.web.console.support import HERE, found, work
from tests.web.support import House

PAGES = [
    "/staff/lists",
    f"{HERE}/readers",
    f"{HERE}/readers?status=active&cadence=daily&tag=vip",
    f"{HERE}/readers/61",
    f"{HERE}/readers/66",
    f"{HERE}/segments",
    f"{HERE}/import",
    f"{HERE}/jobs",
    f"{HERE}/suppressions",
    f"{HERE}/suppressions?address=bounces@outlook.com",
    f"{HERE}/deliveries",
    f"{HERE}/deliveries/1",
    f"{HERE}/deliveries/1?state=refused",
    f"{HERE}/deliveries/1?meaning=hard",
    f"{HERE}/deliveries/1?state=in_doubt",
]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_is_there_in_both_languages_and_small(client: TestClient, language: str) -> None:
    for path in PAGES:
        joint = "&" if "?" in path else "?"
        answer = client.get(f"{path}{joint}lang={language}")

        assert answer.status_code == 200, (path, answer.text[:2000])
        assert len(answer.content) <= 50_000, path
        assert answer.headers["content-language"] == language


def test_the_box_finds_a_beginning_a_domain_and_a_number(client: TestClient) -> None:
    assert "li.lei@163.com" in found(client, "?q=LI.")
    assert "waits@163.com" in found(client, "?q=@163.com")
    assert "li.lei@163.com" in found(client, "?q=%2361")
    assert "li.lei@163.com" not in found(client, "?q=lei")
    assert "li.lei@163.com" in found(client, "?q=lei&anywhere=yes")


def test_chips_count_and_filter_together(client: TestClient) -> None:
    everybody, weekly = found(client), found(client, "?status=active&cadence=weekly")

    assert re.search(r"已订阅\s*<span class=\"count\">64</span>", everybody)
    assert "共 66 人" in everybody
    assert "共 1 人" in weekly
    assert "weekly@gmail.com" in weekly


def test_a_page_goes_on_where_the_one_before_ended(client: TestClient) -> None:
    first = found(client)
    older = re.search(r'href="(/staff[^"]+after=[^"]+)"', first)
    assert older
    second = client.get(older[1].replace("&amp;", "&")).text

    ids = [set(re.findall(r"/readers/(\d+)", page)) for page in (first, second)]
    assert len(ids[0]) == 50
    assert len(ids[1]) == 16
    assert not ids[0] & ids[1]


def test_a_segment_with_a_mistake_says_where_it_is_in_both_languages(client: TestClient) -> None:
    chinese = client.get(f"{HERE}/readers?segment=status+%3D+activ")
    english = client.get(f"{HERE}/readers?segment=status+%3D+activ&lang=en")

    assert (chinese.status_code, english.status_code) == (422, 422)
    assert "第 10 个字符" in chinese.text
    assert "Character 10:" in english.text
    assert "pending, active, left" in english.text


def test_only_the_results_are_answered_to_a_search_as_one_types(client: TestClient) -> None:
    answer = client.get(f"{HERE}/readers?q=li", headers={"hx-request": "true", "hx-target": "div#results"})

    assert answer.text.lstrip().startswith('<div id="results">')
    assert "<html" not in answer.text


def test_a_segment_is_saved_used_and_removed(client: TestClient) -> None:
    saved = client.post(f"{HERE}/segments", data={"name": "老用户", "segment": "tag = vip"})
    wrong = client.post(f"{HERE}/segments", data={"name": "x", "segment": "tag ="})

    assert saved.status_code == 303
    assert wrong.status_code == 422
    assert "老用户" in client.get(f"{HERE}/segments").text
    assert "li.lei@163.com" in found(client, "?segment=tag+%3D+vip")
    assert client.post(f"{HERE}/segments/1/remove").status_code == 303
    assert "老用户" not in client.get(f"{HERE}/segments").text.partition("<main")[2].replace("“老用户”", "")


def test_a_verb_takes_a_reason_and_is_in_the_timeline_with_who_did_it(
    client: TestClient, house: House
) -> None:
    page = f"{HERE}/readers/61"

    without = client.post(page, data={"verb": "leave", "because": " "})
    done = client.post(page, data={"verb": "leave", "because": "来信要求"})

    assert without.status_code == 422
    assert done.status_code == 303
    assert house.status(61) is Status.LEFT
    shown = client.get(page).text
    assert "zhang: 来信要求" in shown
    assert "已退订。" in shown  # the notice


def test_a_confirmation_is_sent_again_once_a_day(client: TestClient, house: House) -> None:
    page = f"{HERE}/readers/62"
    for _ in range(2):
        client.post(page, data={"verb": "reconfirm", "because": "没有收到"})

    assert len(house.mails("confirm")) == 1


def test_a_bounce_is_lifted_and_the_person_must_confirm_anew(client: TestClient, house: House) -> None:
    page = f"{HERE}/readers/66"

    answer = client.post(page, data={"verb": "lift", "because": "邮箱恢复了"})

    assert answer.status_code == 303
    assert house.status(66) is Status.PENDING
    assert "退信" not in client.get(page).text.partition("<dl")[0]


def test_whoever_is_forgotten_is_shown_without_their_address(client: TestClient) -> None:
    client.post(f"{HERE}/readers/61", data={"verb": "erase", "because": "本人要求"})

    shown = client.get(f"{HERE}/readers/61").text
    assert "li.lei" not in shown
    assert "（已删除的读者）" in shown


def test_what_is_done_to_all_who_match_is_counted_and_confirmed_by_its_number(
    client: TestClient, house: House
) -> None:
    asked = client.post(
        f"{HERE}/readers/bulk",
        data={"q": "@gmail.com", "verb": "leave", "because": "停止合作"},
    )
    page = asked.headers["location"]
    before = client.get(page).text
    wrong = client.post(f"{page}/approve", data={"number": "2"})
    right = client.post(f"{page}/approve", data={"number": "3"})
    running = client.get(page).text
    work(house)
    after = client.get(page).text

    assert "符合条件的有 3 人" in before
    assert (wrong.status_code, right.status_code) == (422, 303)
    assert "<progress" in running
    assert "完成" in after
    assert house.status(64) is Status.LEFT
    assert "gmail.com" in after  # the segment


def test_a_job_is_stopped(client: TestClient, house: House) -> None:
    page = client.post(f"{HERE}/readers/bulk", data={"verb": "leave", "because": "x"}).headers["location"]

    client.post(f"{page}/stop")

    with house.app.database.readers() as session:
        assert jobs.latest(session, SLUG)[0].state is JobState.STOPPED
    assert client.post(f"{page}/approve", data={"number": "66"}).status_code == 422


def test_a_list_is_uploaded_tried_out_and_taken_in(client: TestClient, house: House) -> None:
    list_ = "email,name\nnew@qq.com,新人\ngone@gmail.com,x\nnonsense,y\n"

    page = client.post(
        f"{HERE}/import", data={"origin": "展会"}, files={"file": ("名单.csv", list_.encode())}
    ).headers["location"]
    work(house)
    tried = client.get(page).text
    begun = client.post(f"{page}/approve", data={"number": "3"})
    work(house)
    errors = client.get(f"{page}/errors.csv")

    assert "new@qq.com" in tried
    assert "保持不投递" in tried
    assert begun.status_code == 303
    assert house.status(house.person("new@qq.com").id) is Status.ACTIVE
    assert house.status(63) is Status.LEFT  # whoever left stays left
    assert "nonsense" in errors.text


def test_a_file_that_is_no_list_is_refused_with_the_reason(client: TestClient) -> None:
    answer = client.post(f"{HERE}/import", data={"origin": "展会"}, files={"file": ("x.pdf", b"%PDF-1.7")})

    assert answer.status_code == 422
    assert "PDF" in answer.text


def test_an_address_is_blocked_on_every_list(client: TestClient) -> None:
    answer = client.post(f"{HERE}/suppressions", data={"what": "@spam.example", "because": "垃圾注册"})

    assert answer.status_code == 303
    assert "整个域名" in client.get(f"{HERE}/suppressions?address=a@spam.example").text


def test_a_class_of_refusals_is_tried_again_and_doubt_is_settled(client: TestClient) -> None:
    page = f"{HERE}/deliveries/1"

    assert "no such user" in client.get(f"{page}?meaning=hard").text
    assert client.post(f"{page}/retry", data={"meaning": "hard"}).status_code == 303
    assert client.post(f"{page}/retry", data={"meaning": "hard"}).status_code == 409
    assert client.post(f"{page}/settle", data={"how": "settle"}).status_code == 422
    assert client.post(f"{page}/settle", data={"how": "settle", "because": "查过日志"}).status_code == 303
    assert client.get(f"{page}?state=in_doubt").text.count("r3@qq.com") == 0


def test_everything_that_is_done_is_in_the_log(client: TestClient) -> None:
    client.post(f"{HERE}/readers/61", data={"verb": "leave", "because": "来信要求"})
    client.get(f"{HERE}/readers.csv?q=li")

    log = client.get("/staff/audit").text
    assert "退订读者" in log
    assert "导出名单" in log
    assert "li.lei" not in log
