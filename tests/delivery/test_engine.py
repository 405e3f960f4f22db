"""The setting chooses the engine, and an error says what is missing."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from newsletter.delivery.cluster import ProcrastinateEngine
from newsletter.delivery.engine import EngineUnavailable, ThreadsEngine, engine_for
from newsletter.errors import ConfigError

POSTGRES = "postgresql://someone:s3cret@127.0.0.1:9/nowhere"


def test_the_setting_chooses_the_engine() -> None:
    assert isinstance(engine_for("procrastinate", POSTGRES), ProcrastinateEngine)
    assert isinstance(engine_for("threads", POSTGRES), ThreadsEngine)
    with pytest.raises(ConfigError, match=r"sending\.engine"):
        engine_for("procrastinate", "sqlite:///newsletter.db")


def test_the_threads_engine_carries_nothing_and_ends_when_told() -> None:
    engine, stopping = engine_for("threads", "sqlite:///newsletter.db"), threading.Event()
    stopping.set()

    engine.install()
    engine.run(lambda batch_id: pytest.fail(f"worked {batch_id}"), concurrency=1, stopping=stopping)

    assert engine.sweep() == 0


def test_without_the_extra_the_error_names_it() -> None:
    program = (
        "import sys; sys.modules['procrastinate'] = None\n"
        "from newsletter.delivery.engine import engine_for\n"
        "engine_for('threads', sys.argv[1])\n"
        "try: engine_for('procrastinate', sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )

    said = subprocess.run(
        [sys.executable, "-c", program, POSTGRES], check=True, capture_output=True, text=True
    ).stdout

    assert said.startswith("ConfigError sending.engine")
    assert "newsletter[cluster]" in said


def test_a_password_is_not_shown_when_the_database_cannot_be_reached() -> None:
    engine = ProcrastinateEngine(POSTGRES, patience=timedelta(seconds=1))

    with pytest.raises(EngineUnavailable) as caught:
        engine.sweep()

    assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r} {engine!r}"
