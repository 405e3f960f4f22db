"""The units: what systemd itself says of them, and their own commands run for real."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.deploy.commands import COMMANDS
from tests.tools import ROOT, needs_systemd

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
# "Exposure" of 10 is a unit without any of this; below 2 systemd calls it "OK" and better.
MOST_EXPOSED = 1.7


def setting(unit: Path, name: str) -> str:
    """Return the value of one line of a unit."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.M)[-1]


def installed(unit: Path, folder: Path) -> Path:
    """Return the unit as it would lie on a machine where the program and the user are there."""
    program = folder / "newsletter"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    text = unit.read_text(encoding="utf-8").replace("/opt/newsletter/bin/newsletter", str(program))
    there = folder / unit.name
    there.write_text(text, encoding="utf-8")
    return there


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_nothing_to_say(unit: Path, tmp_path: Path) -> None:
    there = installed(unit, tmp_path)

    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(there)], capture_output=True, text=True, check=False
    )

    # Units of the machine itself may be odd; only ours is asked about.
    assert [line for line in said.stderr.splitlines() if unit.stem.rstrip("@") in line] == []


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_little_is_open_to_a_unit(unit: Path, tmp_path: Path) -> None:
    there = installed(unit, tmp_path)

    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED * 10:.0f}", str(there)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_EMOJI": "0"},
    )

    assert said.returncode == 0, said.stdout[-300:] + said.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_a_command_there_is_and_waits_for_its_end(unit: Path) -> None:
    _, _, command = setting(unit, "ExecStart").partition("/opt/newsletter/bin/newsletter ")

    assert command in COMMANDS
    assert int(setting(unit, "TimeoutStopSec")) > 70  # sending.shutdown_grace_seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str, *, seconds: float = 30) -> bool:
    """Say whether somebody answers with 200 in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.1)
    return False


def beats(database: Path, *, seconds: float = 30) -> bool:
    """Say whether a worker's heart beats in time."""
    until = time.monotonic() + seconds
    with closing(sqlite3.connect(database, timeout=30)) as opened:
        while time.monotonic() < until:
            if opened.execute("SELECT count(*) FROM heartbeat").fetchone()[0]:
                return True
            time.sleep(0.1)
    return False


def test_the_commands_of_the_units_run_and_end_when_they_are_told(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "newsletter"]
    port = free_port()
    env = {
        "PATH": "/usr/bin:/bin",
        "NEWSLETTER_CONFIG": str(tmp_path / "config.toml"),
        "NEWSLETTER_WEB__PORT": str(port),
        "LANG": "C.UTF-8",
    }
    subprocess.run([*program, "init", str(tmp_path)], check=True, capture_output=True, env=env, cwd=tmp_path)

    for unit in UNITS:
        _, _, command = setting(unit, "ExecStart").partition("newsletter ")
        running = subprocess.Popen([*program, command], env=env, cwd=tmp_path, umask=0o077)
        try:
            if command != "worker":
                assert answers(f"http://127.0.0.1:{port}/healthz"), f"{unit.name} serves nothing"
            else:
                assert beats(tmp_path / "var" / "newsletter.db"), f"{unit.name} shows no life"
            running.send_signal(signal.SIGTERM)
            assert running.wait(30) == 0, f"{unit.name} did not end well"
        finally:
            running.kill()
            running.wait()
