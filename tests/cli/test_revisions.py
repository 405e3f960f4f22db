"""The text of a day to come, from the command line."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_moments import GOOD, installed, now, write

__all__ = ["installed"]  # the fixture


def test_a_text_is_rewritten_listed_and_given_back(installed: Run, tmp_path: Path) -> None:
    day = f"{now():%Y-%m-%d}"
    write(tmp_path)
    mended = tmp_path / "mended.md"
    mended.write_text(GOOD.format(day=day).replace("七十亿", "八十亿"), encoding="utf-8")

    written = installed("rewrite", str(mended), "--note", "核对")
    listed = json.loads(installed("revisions", "--json").out)
    shown = installed("revisions", "--show", "1").out
    back = installed("choose", "source")

    assert "revision 1 goes out" in written.out
    assert (listed["goes_out"], listed["contested"]) == (1, False)
    assert listed["revisions"][0]["note"] == "核对"
    assert "八十亿" in shown
    assert "the source goes out" in back.out


def test_a_source_that_changed_afterwards_ends_with_three(installed: Run, tmp_path: Path) -> None:
    day = f"{now():%Y-%m-%d}"
    source = tmp_path / "digests" / f"{write(tmp_path)}.md"
    mended = tmp_path / "mended.md"
    mended.write_text(GOOD.format(day=day).replace("七十亿", "八十亿"), encoding="utf-8")
    installed("rewrite", str(mended))
    source.write_text(GOOD.format(day=day).replace("七十亿", "九十亿"), encoding="utf-8")
    settled = time.time() - 60
    os.utime(source, (settled, settled))

    contested = installed("revisions")
    installed("choose", "revision")

    assert contested.code == 3
    assert "the source was changed afterwards" in contested.out
    assert "revision 2 goes out" in installed("revisions").out


@pytest.mark.parametrize(("choice", "code"), [("nothing", 2), ("7", 1), ("revision", 1)])
def test_what_cannot_be_chosen_is_said(installed: Run, choice: str, code: int) -> None:
    ended = installed("choose", choice)

    assert ended.code == code
    assert ended.err
