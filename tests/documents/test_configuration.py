"""The configuration reference: whole, true, and no key without its words."""

from __future__ import annotations

from tests.documents.configuration import PAGE, page, settings, unknown, words


def test_every_key_of_config_toml_is_a_setting() -> None:
    assert unknown() == []


def test_every_setting_is_told_in_words() -> None:
    said = words()

    assert [
        f"{each.section}.{each.name}" for each in settings() if not said.get((each.section, each.name))
    ] == []


def test_the_page_is_what_the_settings_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"
