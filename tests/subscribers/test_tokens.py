"""A signed link opens one door, for one person, for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import LIFETIMES, Claim, Purpose, TokenKeys, base36
from tests.support import SEVEN, SLUG

KEYS = TokenKeys(current="1", keys={"1": b"one" * 12})


@given(st.integers(min_value=0, max_value=2**63 - 1), st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True))
def test_a_token_says_whom_it_is_about(subscriber_id: int, newsletter: str) -> None:
    token = KEYS.sign(Purpose.LEAVE, newsletter=newsletter, subscriber_id=subscriber_id)

    assert KEYS.verify(Purpose.LEAVE, token) == Claim(newsletter, subscriber_id)


def test_a_token_to_manage_cannot_leave() -> None:
    token = KEYS.sign(Purpose.MANAGE, newsletter="a", subscriber_id=1)

    assert KEYS.verify(Purpose.LEAVE, token) is None


@given(st.data())
def test_a_token_with_any_character_changed_opens_nothing(data: st.DataObject) -> None:
    token = KEYS.sign(Purpose.LEAVE, newsletter="ai_daily", subscriber_id=4711)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda character: character != token[at]))

    assert KEYS.verify(Purpose.LEAVE, token[:at] + other + token[at + 1 :]) is None


@given(st.text())
def test_anything_else_is_refused_without_an_error(text: str) -> None:
    assert KEYS.verify(Purpose.LEAVE, text) is None


def test_an_old_key_still_verifies_after_a_new_one_signs() -> None:
    old = KEYS.sign(Purpose.LEAVE, newsletter="a", subscriber_id=1)
    rotated = TokenKeys(current="2", keys={**KEYS.keys, "2": b"two" * 12})

    assert rotated.verify(Purpose.LEAVE, old) == Claim("a", 1)
    assert rotated.sign(Purpose.LEAVE, newsletter="a", subscriber_id=1) != old


def test_a_token_needs_no_escaping_anywhere() -> None:
    token = KEYS.sign(Purpose.LEAVE, newsletter="ai_daily", subscriber_id=2**63 - 1)

    assert len(token) < 60
    assert token.replace(".", "").replace("_", "").replace("-", "").isalnum()


@pytest.mark.parametrize("purpose", sorted(LIFETIMES))
def test_a_token_that_ends_works_for_its_time_and_no_longer(purpose: Purpose) -> None:
    token = KEYS.sign(purpose, newsletter="a", subscriber_id=1, now=SEVEN)
    end = SEVEN + LIFETIMES[purpose]

    assert KEYS.verify(purpose, token, now=SEVEN) == Claim("a", 1)
    assert KEYS.verify(purpose, token, now=end) == Claim("a", 1)
    assert KEYS.verify(purpose, token, now=end + timedelta(minutes=2)) is None
    assert KEYS.verify(purpose, token, now=SEVEN - timedelta(minutes=2)) is None


def test_a_token_to_leave_never_ends() -> None:
    assert not {Purpose.LEAVE, Purpose.DISOWN, Purpose.MANAGE} & set(LIFETIMES)


def test_a_token_to_disown_says_when_it_was_made_and_never_ends() -> None:
    token = KEYS.sign(Purpose.DISOWN, newsletter="a", subscriber_id=1, now=SEVEN)

    claim = KEYS.verify(Purpose.DISOWN, token, now=SEVEN + timedelta(days=9999))

    assert claim
    assert claim.made_at == SEVEN


def test_a_token_that_ends_cannot_be_made_or_read_without_the_time() -> None:
    with pytest.raises(ValueError, match="needs the time"):
        KEYS.sign(Purpose.CONFIRM, newsletter="a", subscriber_id=1)
    token = KEYS.sign(Purpose.CONFIRM, newsletter="a", subscriber_id=1, now=SEVEN)
    assert KEYS.verify(Purpose.CONFIRM, token) is None


def test_keys_never_show() -> None:
    assert "one" not in repr(KEYS)


def test_a_missing_or_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="no token key"):
        TokenKeys(current="2", keys={"1": b"x" * 32})
    with pytest.raises(ValueError, match="32 bytes"):
        TokenKeys(current="1", keys={"1": b"x"})


@given(subscriber_id=st.integers(0, 2**63), purpose=st.sampled_from([Purpose.LEAVE, Purpose.MANAGE]))
def test_a_series_signs_what_signing_one_by_one_would(subscriber_id: int, purpose: Purpose) -> None:
    signed = KEYS.series(purpose, newsletter=SLUG)

    assert signed(base36(subscriber_id)) == KEYS.sign(purpose, newsletter=SLUG, subscriber_id=subscriber_id)
