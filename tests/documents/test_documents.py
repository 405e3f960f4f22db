"""What the documents say exists: commands and their options, pages, alarms."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from newsletter.alarms.cause import Cause
from newsletter.cli.main import app
from tests.tools import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "README.zh-CN.md"])
PROGRAM = typer.main.get_group(app)


def commands(page: Path) -> Iterator[str]:
    """Yield what a page tells people to type."""
    text = page.read_text(encoding="utf-8")
    fence = re.compile(r"```(?:sh|console|bash)\n(.*?)```", re.S)
    for block in fence.findall(text):
        for line in block.splitlines():
            if found := re.match(r"(?:\$ )?(?:sudo -u newsletter )?(?:\S*/)?newsletter (\S.*)", line.strip()):
                yield found[1]
    for inline in re.findall(r"`newsletter ([a-z][^`]*)`", fence.sub("", text)):
        yield " ".join(inline.split())


def wrong(typed: str) -> str:
    """Return what is wrong with a command line; empty when there is such a command with such options."""
    words = shlex.split(re.split(r" # | > | \| |&&", typed)[0])
    while words and words[0].startswith("--"):  # the program's own come before the command
        words = words[2:] if words[0] == "--config" else words[1:]
    group: Any = PROGRAM
    while words and hasattr(group, "commands") and not words[0].startswith("-"):
        names = words[0].split("|")
        inner = [group.commands.get(name) for name in names]
        if None in inner:
            return f"no command {words[0]!r}"
        words, group = words[1:], next(filter(None, inner))
    known = {name for each in group.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    asked = [word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    return ", ".join(f"no option {word}" for word in asked if word not in known)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_in_the_documents_exists(page: Path) -> None:
    assert {typed: fault for typed in commands(page) if (fault := wrong(typed))} == {}


def test_the_watch_sees_a_command_that_is_not_there() -> None:
    assert wrong("fly --high") == "no command 'fly'"
    assert wrong("status --hight") == "no option --hight"


def test_the_runbook_knows_every_alarm() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    heads = " ".join(re.findall(r"^### (.*?):", runbook, re.M))
    headed = set(re.findall(r"`([a-z]+)`", heads))

    assert headed == {cause.value for cause in Cause}


def test_every_page_has_its_place_in_the_site() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    placed = {
        page for part in site["nav"] for pages in part.values() for each in pages for page in each.values()
    }

    assert placed == {page.name for page in (ROOT / "docs").glob("*.md")}


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "--quiet",
            "--site-dir",
            str(tmp_path / "site"),
        ],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "site" / "runbook" / "index.html").exists()
