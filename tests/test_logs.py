"""Logs hold no address, whoever writes them, and are forgotten in time."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.config.keeping import LogSettings
from newsletter.logs import OURS, masked, set_up

ADDRESS = "zhang.san+news@mail.example.com"
logger = logging.getLogger("newsletter.test_logs")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in [each for each in root.handlers if each.name == OURS]:
        root.removeHandler(handler)
        handler.close()


def lines(folder: Path) -> list[str]:
    return [line for path in sorted(folder.glob("*.log")) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_address_is_masked_wherever_it_comes_from(tmp_path: Path, form: str) -> None:
    set_up(LogSettings.model_validate({"format": form, "file": tmp_path / "newsletter.log"}))

    logger.warning("refused: %s", f"550 <{ADDRESS}> unknown")
    logger.warning("refused", extra={"reply": f"no mailbox {ADDRESS}"})
    try:
        raise ValueError(f"cannot mail {ADDRESS}")
    except ValueError:
        logger.exception("failed")
    logging.getLogger("some.library").error("to=%s", ADDRESS)

    written = "\n".join(lines(tmp_path))
    assert "zhang.san" not in written
    assert written.count("z***@mail.example.com") >= 4


def test_a_link_of_ours_cannot_be_used_from_a_log() -> None:
    line = masked("GET /ai_daily/leave/1a2b3c4d5e6f7a8b9c0d1e2f?x=1 failed")

    assert line == "GET /ai_daily/leave/***?x=1 failed"


@pytest.mark.parametrize(
    "text", ["7 of 9 @ 50 %", "a@b", "pip install x@1.2", "2026-11-25 newsletter/logs.py", "用户@例子"]
)
def test_what_is_no_address_is_left_alone(text: str) -> None:
    assert masked(text) == text


def test_json_is_one_document_on_a_line_with_the_facts(tmp_path: Path) -> None:
    set_up(LogSettings(format="json", level="info", file=tmp_path / "newsletter.log"))

    logger.info("copy %s\nin two lines", "refused", extra={"ref": "1-2", "message_id": 7})

    (line,) = lines(tmp_path)
    document = json.loads(line)
    assert document["message"] == "copy refused\nin two lines"
    assert (document["level"], document["logger"]) == ("info", logger.name)
    assert (document["ref"], document["message_id"]) == ("1-2", 7)
    assert datetime.fromisoformat(document["at"]).tzinfo is UTC


def test_old_files_go_and_others_stay(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    for age in (0, 6, 7, 8, 400):
        (tmp_path / f"newsletter-{today - timedelta(days=age)}.log").write_text("")
    (tmp_path / "newsletter-2020-01-01.log.kept").write_text("")
    (tmp_path / "other-2020-01-01.log").write_text("")
    set_up(LogSettings(file=tmp_path / "newsletter.log", keep_days=7))

    logger.warning("hello")

    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {
        *(f"newsletter-{today - timedelta(days=age)}.log" for age in (0, 6, 7)),
        "newsletter-2020-01-01.log.kept",
        "other-2020-01-01.log",
    }


def test_the_file_is_private(tmp_path: Path) -> None:
    set_up(LogSettings(file=tmp_path / "logs" / "newsletter.log"))

    logger.warning("hello")

    (path,) = (tmp_path / "logs").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
