"""The catalogs: every language says everything, and dates read as people write them."""

import string
from datetime import date

import pytest

from newsletter import language
from newsletter.errors import ConfigError

DAY = date(2026, 11, 23)


def fields(pattern: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


def test_every_language_has_every_text_with_the_same_places_to_fill() -> None:
    reference = language.catalog("zh-CN")

    for tag in language.tags():
        other = language.catalog(tag)
        assert other.texts.keys() == reference.texts.keys()
        for key in reference.texts.keys() - {"date.long", "date.short"}:
            assert fields(other.texts[key]) == fields(reference.texts[key]), key


def test_every_language_has_seven_weekdays_and_twelve_months() -> None:
    for tag in language.tags():
        words = language.catalog(tag)
        assert (len(words.weekdays), len(words.months)) == (7, 12)
        assert words.direction in {"ltr", "rtl"}


@pytest.mark.parametrize(
    ("tag", "long", "short", "weekday"),
    [
        ("zh-CN", "2026年11月23日", "11月23日", "星期一"),
        ("en", "November 23, 2026", "November 23", "Monday"),
    ],
)
def test_dates_read_as_people_write_them(tag: str, long: str, short: str, weekday: str) -> None:
    words = language.catalog(tag)

    assert (words.long_date(DAY), words.short_date(DAY), words.weekday(DAY)) == (long, short, weekday)


def test_a_text_that_counts_knows_one_from_many() -> None:
    words = language.catalog("en")

    assert words.say("email.stories", count=1) == "1 story"
    assert words.say("email.stories", count=2) == "2 stories"


def test_a_key_that_does_not_exist_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(KeyError):
        language.catalog("en").say("email.nonsense")


def test_an_unknown_language_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="en, zh-CN"):
        language.catalog("tlh")
