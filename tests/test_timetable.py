"""The timetable: the right days, the right moments, one edition for a date however the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from newsletter import holidays
from newsletter.config import ScheduleSettings
from newsletter.timetable import Reason, Timetable

SHANGHAI = ZoneInfo("Asia/Shanghai")


def timetable(**settings: object) -> Timetable:
    return Timetable(ScheduleSettings.model_validate(settings))


def test_the_moments_of_an_ordinary_day() -> None:
    moments = timetable().moments(date(2026, 11, 26))

    local = [
        at.astimezone(SHANGHAI).strftime("%d %H:%M")
        for at in (moments.prepare_at, moments.send_at, moments.latest, moments.deliver_until)
    ]
    assert local == ["26 07:00", "26 07:30", "26 11:00", "26 22:00"]


def test_the_hour_that_came_last_is_due_and_the_next_is_not() -> None:
    table = timetable()
    seven_thirty = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)

    before = table.due(seven_thirty - timedelta(seconds=1))
    at = table.due(seven_thirty)

    assert before.day == date(2026, 11, 25)
    assert at.day == date(2026, 11, 26)
    assert table.next(seven_thirty).day == date(2026, 11, 27)


def test_days_skips_and_reasons() -> None:
    table = timetable(days=["mon", "tue", "wed", "thu", "fri"], skip=["2026-11-27"])

    days = list(islice(table.days(datetime(2026, 11, 25, 12, tzinfo=UTC)), 5))

    assert [(day.day.day, day.goes, day.reason) for day in days] == [
        (26, True, None),
        (27, False, Reason.SKIP),
        (28, False, Reason.DAYS),
        (29, False, Reason.DAYS),
        (30, True, None),
    ]


def test_chinese_holidays_and_the_days_that_make_up_for_them() -> None:
    table = timetable(holidays="china", days=["mon", "tue", "wed", "thu", "fri"])

    national_day = table.decide(date(2026, 10, 1))
    made_up = table.decide(date(2026, 10, 10))  # a Saturday that people work on

    assert (national_day.goes, national_day.name_zh) == (False, "国庆节")
    assert (made_up.goes, made_up.reason) == (True, Reason.WORKDAY)


def test_a_day_behind_the_tables_is_not_guessed() -> None:
    table = timetable(holidays="china")

    behind = table.decide(holidays.known_until() + timedelta(days=1))

    assert (behind.goes, behind.is_known) == (True, False)
    assert table.decide(holidays.known_until()).is_known


@pytest.mark.parametrize(
    ("zone", "at", "day", "expected"),
    [
        # 01:30 comes twice, 02:30 never: the first one counts, and the next that is.
        ("America/New_York", time(1, 30), date(2026, 11, 1), "2026-11-01T05:30:00+00:00"),
        ("America/New_York", time(2, 30), date(2026, 3, 8), "2026-03-08T07:30:00+00:00"),
        # Midnight itself does not exist on this day.
        ("America/Sao_Paulo", time(0, 0), date(2018, 11, 4), "2018-11-04T03:00:00+00:00"),
        ("Australia/Lord_Howe", time(1, 45), date(2026, 4, 5), "2026-04-04T14:45:00+00:00"),
    ],
)
def test_clocks_that_change(zone: str, at: time, day: date, expected: str) -> None:
    table = timetable(zone=zone, send_at=at)

    assert table.moments(day).send_at.isoformat() == expected


@given(
    zone=st.sampled_from(
        ["Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia"]
    ),
    at=st.times(max_value=time(21, 59)).map(lambda at: at.replace(microsecond=0)),
    start=st.dates(date(2024, 1, 1), date(2027, 12, 1)),
)
def test_every_date_has_one_hour_and_they_come_in_order(zone: str, at: time, start: date) -> None:
    table = timetable(zone=zone, send_at=at)
    days = [start + timedelta(days=n) for n in range(10)]

    moments = [table.moments(day) for day in days]

    assert [one.send_at for one in moments] == sorted({one.send_at for one in moments})
    for one in moments:
        assert one.send_at.astimezone(table.schedule.tz).date() == one.day
        assert table.due(one.send_at).day == one.day
        assert one.prepare_at < one.send_at < one.deliver_until


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"latest": "07:00"}, "latest"),
        ({"latest": "23:00"}, "latest"),
        ({"send_at": "23:00"}, "deliver_until"),
        ({"days": []}, "days"),
        ({"days": ["monday"]}, "days"),
        ({"when_late": "later"}, "when_late"),
    ],
)
def test_a_schedule_that_cannot_be_names_the_setting(settings: dict[str, object], names: str) -> None:
    with pytest.raises(ValidationError, match=names):
        timetable(**settings)
