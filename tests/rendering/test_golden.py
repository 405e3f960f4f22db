"""Whole emails, compared with the files in tests/golden."""

import pytest

from tests.rendering import golden


@pytest.mark.parametrize("name", golden.cases())
def test_an_email_is_what_it_was(name: str) -> None:
    for file, content in golden.files(*golden.cases()[name]()).items():
        approved = golden.FOLDER / name / file

        assert content == approved.read_text(encoding="utf-8"), (
            f"{approved} differs; if it should, run python -m tests.rendering.golden and read the diff"
        )
