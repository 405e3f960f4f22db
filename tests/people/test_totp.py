"""The codes of the second factor, against the numbers that RFC 6238 gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.people import totp

SECRET = b"12345678901234567890"  # of RFC 6238, appendix B
NOW = datetime(2026, 11, 23, 7, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    step = totp.step_of(datetime.fromtimestamp(second, UTC))

    assert totp.code(SECRET, step) == code[-6:]


@pytest.mark.parametrize(
    ("seconds", "is_right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_clock_may_differ_by_half_a_minute(seconds: int, is_right: bool) -> None:
    typed = totp.code(SECRET, totp.step_of(NOW + timedelta(seconds=seconds)))

    assert (totp.matching_step(SECRET, typed, now=NOW, after=None) is not None) is is_right


def test_a_code_is_taken_once_and_none_before_it_either() -> None:
    here = totp.step_of(NOW)

    assert totp.matching_step(SECRET, totp.code(SECRET, here), now=NOW, after=here) is None
    assert totp.matching_step(SECRET, totp.code(SECRET, here - 1), now=NOW, after=here) is None
    assert totp.matching_step(SECRET, totp.code(SECRET, here + 1), now=NOW, after=here) == here + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "²²²²²²", "-12345"])
def test_what_is_no_code_is_wrong(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, now=NOW, after=None) is None


def test_an_app_reads_the_address_with_chinese_names() -> None:
    uri = totp.uri(SECRET, issuer="全球AI新闻速递", account="zhang@example.com")

    assert uri.startswith("otpauth://totp/%E5%85%A8")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in uri
    assert uri.isascii()
