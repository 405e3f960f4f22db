"""The keys: made once, private, and useless in an error message."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter import keys
from newsletter.errors import ConfigError
from subscribers import Purpose, normalise


def test_new_keys_are_private_and_read_back_the_same(tmp_path: Path) -> None:
    path = tmp_path / "var" / "keys.toml"

    made = keys.create(path)
    read = keys.load(path)

    ada = normalise("ada@example.com")
    token = made.tokens.sign(Purpose.LEAVE, newsletter="a", subscriber_id=1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert made.addresses.digest(ada) == read.addresses.digest(ada)
    assert read.tokens.verify(Purpose.LEAVE, token)
    assert made.message_id("e1-s2", "example.com") == read.message_id("e1-s2", "example.com")


def test_two_installations_never_share_a_key(tmp_path: Path) -> None:
    one, other = keys.create(tmp_path / "one"), keys.create(tmp_path / "other")

    assert one.message_id("e1-s2", "example.com") != other.message_id("e1-s2", "example.com")


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    keys.create(path)
    before = path.read_bytes()

    with pytest.raises(ConfigError, match="never overwritten"):
        keys.create(path)

    assert path.read_bytes() == before


def test_keys_that_others_may_read_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    keys.create(path)
    path.chmod(0o644)

    with pytest.raises(ConfigError, match="chmod 600"):
        keys.load(path)


@pytest.mark.parametrize("damage", ["", "tokens = 1", "address_hash = 'c2hvcnQ='", "not toml"])
def test_damaged_keys_are_an_error_without_their_contents(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "keys.toml"
    keys.create(path)
    path.write_text(damage, encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        keys.load(path)

    assert "c2hvcnQ" not in str(refused.value)


def test_missing_keys_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="newsletter init"):
        keys.load(tmp_path / "keys.toml")


def test_keys_do_not_show(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    made = keys.create(path)

    assert repr(made) == "Keys(***)"
