"""An alarm is told once, told again when it changes or when the moment matters, and taken back."""

from __future__ import annotations

import threading
from datetime import timedelta

from newsletter.alarms import Cause
from newsletter.config.alarms import AlarmSettings
from tests.alarms.support import HOLD, OTHER, House
from tests.support import DAY

FIRST = ["zhang", "#desk"]


def test_the_same_thing_is_told_once(either_house: House) -> None:
    first = either_house.sound(Cause.HELD, HOLD)
    second = either_house.sound(Cause.HELD, HOLD)

    assert (first, second) == (True, False)
    assert either_house.told() == FIRST


def test_three_replicas_that_see_it_at_once_tell_people_once(either_house: House) -> None:
    together, answers = threading.Barrier(3), []

    def notice() -> None:
        together.wait()
        answers.append(either_house.sound(Cause.SILENT))

    threads = [threading.Thread(target=notice) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(answers) == [False, False, True]
    assert either_house.told() == FIRST


def test_three_replicas_that_escalate_at_once_tell_the_next_person_once(either_house: House) -> None:
    either_house.sound()
    either_house.clock.forward(timedelta(minutes=10))
    together = threading.Barrier(3)

    def look() -> None:
        together.wait()
        either_house.pass_minutes(0)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert either_house.since(1) == ["li"]


def test_a_rolled_back_alarm_told_nobody(house: House) -> None:
    with house.database.sessions() as session:
        house.alarms.sound(session, Cause.HELD, newsletter="ai_daily", day=DAY, now=house.clock())
        session.rollback()

    assert house.told() == []


def test_other_findings_are_told_as_a_change_and_escalate_no_faster(house: House) -> None:
    house.sound(Cause.HELD, HOLD)
    due = house.alarm().next_level_at
    house.clock.forward(timedelta(minutes=3))

    changed = house.sound(Cause.HELD, HOLD, OTHER)

    assert changed
    assert house.since(1) == ["zhang"]
    assert house.mail().subject == "【仍需处理】11月23日的日报被拦下：2 处问题"
    assert house.alarm().next_level_at == due


def test_the_verdict_is_told_again_once_for_each_moment(either_house: House) -> None:
    either_house.sound(Cause.HELD, HOLD)

    heard = [either_house.sound(Cause.HELD, HOLD, again=moment) for moment in ("T-30", "T-30", "T", "T")]

    assert heard == [True, False, True, False]
    assert either_house.since(0) == ["zhang"] * 3


def test_whoever_hears_it_first_at_a_moment_does_not_hear_it_twice_for_it(house: House) -> None:
    heard = [house.sound(Cause.HELD, HOLD, again="T-30"), house.sound(Cause.HELD, HOLD, again="T-30")]

    assert heard == [True, False]


def test_a_moment_asks_anew_whoever_had_it(house: House) -> None:
    house.sound(Cause.HELD, HOLD)
    house.acknowledge()
    house.clock.forward(timedelta(hours=9))

    house.sound(Cause.HELD, HOLD, again="T-30")
    escalated = house.pass_minutes(10)

    assert escalated == 1
    assert house.since(1) == ["zhang", "li"]


def test_a_change_leaves_it_with_whoever_has_it(house: House) -> None:
    house.sound(Cause.HELD, HOLD)
    house.acknowledge()

    house.sound(Cause.HELD, OTHER)
    escalated = house.pass_minutes(60)

    assert escalated == 0
    assert house.since(1) == ["zhang"]
    assert "张三 已经接手" in house.mail().text.fill({})


def test_the_all_clear_goes_to_exactly_those_who_were_told(either_house: House) -> None:
    either_house.sound(Cause.HELD, HOLD)
    either_house.pass_minutes(10)
    before = len(either_house.notices())

    cleared = either_house.clear()
    again = either_house.clear()

    assert (cleared, again) == (1, 0)
    assert either_house.since(before) == ["zhang", "li"]
    assert [hook.target for hook in either_house.hooks()] == ["desk", "desk"]
    assert [either_house.mail(n).subject for n in (before, -1)] == [
        "【已解除】11月23日的日报被拦下：1 处问题",
        "[RESOLVED] November 23: edition held, 1 problem",
    ]


def test_only_the_named_causes_are_cleared(house: House) -> None:
    house.sound(Cause.HELD)
    house.sound(Cause.SOURCE)

    cleared = house.clear(causes=[Cause.SOURCE])

    assert cleared == 1
    assert house.alarm(1).cleared_at is None
    assert house.alarm(2).cleared_at == house.clock()


def test_what_comes_back_after_an_all_clear_is_told_from_the_first_person_on(house: House) -> None:
    house.sound(Cause.HELD, HOLD)
    house.pass_minutes(10)
    house.clear()
    before = len(house.notices())

    back = house.sound(Cause.HELD, HOLD)
    house.clear()

    assert back
    assert house.since(before) == ["zhang", "zhang"]


def test_nothing_escalates_after_the_all_clear(house: House) -> None:
    house.sound()
    house.clear()

    assert house.pass_minutes(60) == 0


def test_without_anyone_to_tell_the_alarm_is_written_all_the_same(house: House) -> None:
    house.settings = AlarmSettings()

    assert house.sound()
    assert house.told() == []
    assert house.alarm().next_level_at is None


def test_alarms_of_the_whole_installation_have_a_sender_too(house: House) -> None:
    assert house.sound(Cause.CLOCK, newsletter="", facts={"off": "47 s"})
    assert "47 s" in house.mail().text.fill({})
