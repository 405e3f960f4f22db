"""Webhooks: posted with the right signature until accepted, then never again, and silent about secrets."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from newsletter.alarms import hooks
from newsletter.alarms.posting import Poster
from newsletter.alarms.robots import masked
from newsletter.alarms.tables import HookState
from newsletter.config.alarms import AlarmSettings
from newsletter.testing.faults import Answer, json_answer
from tests.alarms.robots import SECRET, TOKEN, FarSide, a_fetcher, listening
from tests.alarms.support import HOLD, House
from tests.support import DAY, SLUG

KINDS = ["json", "dingtalk", "wecom", "feishu"]


def a_poster(house: House, url: str, kind: str = "json", *, owner: str = "w1", **webhook: Any) -> Poster:
    """Let alarms go to one webhook, and return what posts to it."""
    wanted = {"name": "desk", "kind": kind, "url": url, "secret": SECRET} | webhook
    house.settings = AlarmSettings.model_validate({"webhooks": [wanted], "ping_url": url})
    return Poster(
        database=house.database,
        webhooks={each.name: each for each in house.settings.webhooks},
        ping_url=house.alarms.ping_url,
        fetcher=a_fetcher(url),
        clock=house.clock,
        owner=owner,
    )


def post_until_quiet(house: House, poster: Poster) -> int:
    """Let time pass until nothing is left to be posted; return how often something was."""
    posted = 0
    for _ in range(20):
        posted += poster.post_due()
        house.clock.forward(timedelta(minutes=10))
    return posted


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_webhook_hears_what_is_wrong_and_where_to_answer(house: House, kind: str) -> None:
    side = FarSide(kind)
    with listening(side) as url:
        poster = a_poster(house, url, kind)
        house.sound(findings=[HOLD])
        poster.post_due()

    (hook,) = house.hooks()
    assert (hook.state, hook.attempts) == (HookState.ACCEPTED, 1)
    said = str(side.taken[0])
    for words in ("【需处理】11月23日的日报被拦下：1 处问题", "第 12 行：链接打不开", "/alarm/"):
        assert words in said


def test_json_holds_everything_and_no_secret(house: House) -> None:
    side = FarSide("json")
    with listening(side) as url:
        poster = a_poster(house, url)
        house.sound(findings=[HOLD], facts={"due": house.clock(), "digest": "2026-11-23.md"})
        house.clear()
        poster.post_due()

    first, last = side.taken
    assert (first["event"], first["cause"], first["newsletter"], first["day"]) == (
        "raised",
        "held",
        SLUG,
        str(DAY),
    )
    assert first["findings"] == [HOLD]
    assert first["facts"] == {"due": house.clock().isoformat(), "digest": "2026-11-23.md"}
    assert (last["event"], last["acknowledge_url"]) == ("cleared", None)
    assert first["id"] != last["id"]
    assert SECRET not in str(side.taken)


@pytest.mark.parametrize(
    "problem",
    [
        Answer(status=500),
        Answer(status=302, headers={"Location": "https://example.com/"}),
        Answer(status=200, body=b"<html>"),
        json_answer(200, {"errcode": 130101, "errmsg": "send too fast"}),
        json_answer(200, {"code": 11232, "msg": "frequency limited"}),
        json_answer(200, {"nothing": "said"}),
    ],
)
def test_what_is_no_acceptance_is_tried_again_and_an_acceptance_never(house: House, problem: Answer) -> None:
    side = FarSide("dingtalk", problems=[problem])
    with listening(side) as url:
        poster = a_poster(house, url, "dingtalk")
        house.sound()
        posted = post_until_quiet(house, poster)

    assert (posted, side.asked, len(side.taken)) == (2, 2, 1)
    assert house.hooks()[0].state is HookState.ACCEPTED


def test_it_is_given_up_at_last_and_says_why_without_a_secret(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    answer = json_answer(200, {"errcode": 300001, "errmsg": f"token {TOKEN} {SECRET} is not exist"})
    side = FarSide("dingtalk", problems=[answer] * 50)
    with listening(side) as url, caplog.at_level(logging.DEBUG):
        poster = a_poster(house, url, "dingtalk")
        house.sound()
        post_until_quiet(house, poster)

    (hook,) = house.hooks()
    assert (hook.state, side.asked) == (HookState.FAILED, hooks.MOST_ATTEMPTS)
    assert hook.reply == "errcode 300001: token *** *** is not exist"
    for secret in (TOKEN, SECRET):
        assert secret not in caplog.text + repr(hook.content) + repr(poster)


def test_nothing_is_posted_inside_unless_it_is_allowed(house: House) -> None:
    with listening(FarSide("json")) as url:
        poster = a_poster(house, url)
        strict = replace(poster, fetcher=replace(poster.fetcher, allow=()))
        house.sound()
        strict.post_due()

    (hook,) = house.hooks()
    assert hook.state is HookState.FAILED
    assert "fetching.allow" in (hook.reply or "")


def test_a_webhook_that_is_no_longer_configured_is_given_up(house: House) -> None:
    with listening(FarSide("json")) as url:
        poster = a_poster(house, url)
        house.sound()
        replace(poster, webhooks={}).post_due()

    assert house.hooks()[0].state is HookState.FAILED


def test_three_workers_post_once(either_house: House) -> None:
    house, side = either_house, FarSide("json")
    with listening(side) as url:
        posters = [a_poster(house, url, owner=f"w{n}") for n in range(3)]
        house.sound()
        together = threading.Barrier(3)

        def post(poster: Poster) -> None:
            together.wait()
            poster.post_due()

        threads = [threading.Thread(target=post, args=(poster,)) for poster in posters]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert (side.asked, house.hooks()[0].attempts) == (1, 1)


def test_what_a_dead_worker_had_taken_is_posted_by_another(house: House) -> None:
    side = FarSide("json")
    with listening(side) as url:
        poster = a_poster(house, url)
        house.sound()
        with house.database.sessions.begin() as session:
            hooks.take(session, owner="dead", now=house.clock(), lease=timedelta(minutes=1))
        before = poster.post_due()
        house.clock.forward(timedelta(minutes=2))
        after = poster.post_due()

    assert (before, after, len(side.taken)) == (0, 1, 1)


def test_a_late_failure_does_not_undo_what_another_worker_had_accepted(house: House) -> None:
    with listening(FarSide("json")) as url:
        poster = a_poster(house, url)
        house.sound()
        with house.database.sessions.begin() as session:
            slow = hooks.take(session, owner="slow", now=house.clock(), lease=timedelta(minutes=1))
        assert slow
        house.clock.forward(timedelta(minutes=2))
        poster.post_due()
        with house.database.sessions.begin() as session:
            hooks.refused(session, slow, reply="timeout", now=house.clock())

    assert house.hooks()[0].state is HookState.ACCEPTED


def test_a_robot_with_a_limit_gets_what_fits_and_always_the_link(house: House) -> None:
    side = FarSide("wecom")
    many = [HOLD | {"line": n, "message": {"zh-CN": f"第{n}个问题，很长很长" * 9}} for n in range(60)]
    with listening(side) as url:
        poster = a_poster(house, url, "wecom")
        house.sound(findings=many)
        poster.post_due()

    content = side.taken[0]["markdown"]["content"]
    assert 3900 < len(content.encode()) <= 4096
    assert content.endswith(")")
    assert "[我来处理](https://news.example.com/alarm/" in content


def test_a_good_morning_is_told_once_a_day(either_house: House) -> None:
    house, side = either_house, FarSide("json")
    with listening(side) as url:
        poster = a_poster(house, url)
        for _ in range(3):
            with house.database.sessions.begin() as session:
                house.alarms.good_morning(session, SLUG, DAY, now=house.clock())
            poster.post_due()

    assert side.taken == [f"/robot/send?access_token={TOKEN}"]
    assert TOKEN not in repr([vars(hook) for hook in house.hooks()])


def test_without_an_address_a_good_morning_is_told_to_nobody(house: House) -> None:
    with house.database.sessions.begin() as session:
        assert not house.alarms.good_morning(session, SLUG, DAY, now=house.clock())

    assert house.hooks() == []


def test_words_of_the_far_side_are_masked() -> None:
    url = "https://example.com/robot/abcdefgh12?access_token=0123456789"

    assert masked(f"cannot POST {url}", url, "") == "cannot POST ***"
    assert masked("no token 0123456789 at /robot/abcdefgh12", url, "") == "no token *** at /robot/***"
