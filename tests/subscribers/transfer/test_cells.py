"""What stands in a cell, however the other system writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from subscribers.transfer.cells import ip_address, moment, structure, tags, truth
from subscribers.transfer.rows import Unsaid

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01 12:00:00",  # Mailchimp
        "2024-05-01T12:00:00.000Z",  # Ghost, Substack
        "2024-05-01T12:00:00+00:00",
        "2024-05-01T20:00:00+08:00",
        "2024-05-01 12:00:00 +0000 UTC",  # listmonk: as Go prints a time
        "2024-05-01 20:00:00.000001 +0800 CST",
        "2024-05-01 12:00:00.123456789 +0000 UTC m=+0.000012",
        "1714564800",  # SendGrid
        "1714564800000",
        "2024/05/01 12:00:00",
        "2024/5/1 12:00",  # Excel in China
        " 2024-05-01 12:00 ",
    ],
)
def test_a_time_is_understood(text: str) -> None:
    found = moment(text)

    assert found
    assert found.replace(microsecond=0) == NOON


def test_a_day_is_its_first_moment() -> None:
    for text in ("2024-05-01", "2024/5/1", "2024年5月1日"):
        assert moment(text) == datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "0001-01-01 00:00:00 +0000 UTC",
        "9999-12-31T23:59:59-23:59",
        "12",
        "99999999999999",
        "２０２４",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert moment(text) is None


@given(st.text(max_size=40) | st.from_regex(r"[0-9:+TZ./ -]{1,40}"))
def test_no_text_is_too_odd_for_a_cell(text: str) -> None:
    moment(text)
    truth(text)
    ip_address(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("vip", ("vip",)),
        ("vip, gold,,vip", ("vip", "gold")),
        ('"Lorem Editors","A, B"', ("Lorem Editors", "A, B")),
        ('["a", "b"]', ("a", "b")),
        ("['a', 'b']", ("a", "b")),
        ("人工智能,早报", ("人工智能", "早报")),
    ],
)
def test_tags_are_a_list_in_any_writing(text: str, found: tuple[str, ...]) -> None:
    assert tags(text) == found


@pytest.mark.parametrize(
    "text", ["x" * 101, ",".join(f"t{n}" for n in range(101)), "[1", "[__import__('os')]"]
)
def test_tags_without_measure_or_sense_are_refused(text: str) -> None:
    with pytest.raises(Unsaid):
        tags(text)


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[]",
        "nonsense",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\u0000"}',
        '{"a": "\\ud800"}',
        "{" * 9_999,
    ],
)
def test_json_that_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(Unsaid):
        structure(text, dict, column="attributes")


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.integers() | st.none())
)
@example({"\\u0000": None})  # six letters, not the character
def test_json_is_read_as_it_stands(value: dict[str, Any]) -> None:
    import json

    assert structure(json.dumps(value), dict, column="attributes") == value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 2001:DB8::1 ", "2001:db8::1"),
        ("203.0.113.999", None),
        ("1.2.3", None),
        ("unknown", None),
        ("", None),
    ],
)
def test_an_ip_address_is_one_or_none(text: str, found: str | None) -> None:
    assert ip_address(text) == found
