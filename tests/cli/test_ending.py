"""A morning that is told to end: what is on its way ends, the rest is left and told."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newsletter.database import connect
from newsletter.delivery import books
from newsletter.delivery.states import State
from newsletter.editions.edition import Edition
from tests.support import DAY
from tests.test_ten_thousand import far_side, install

READERS = 5_000


def start(config: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "newsletter",
        "--config",
        str(config),
        "morning",
        "--day",
        DAY.isoformat(),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_morning_told_to_end_finishes_what_is_on_its_way_and_says_what_is_left(
    told: signal.Signals, tmp_path: Path
) -> None:
    with far_side("smtp", tmp_path) as far:
        config = install(tmp_path, far, READERS)
        process = start(config)
        while process.poll() is None and sum(far.kept().values()) < 100:
            time.sleep(0.01)
        process.send_signal(told)
        out, err = process.communicate(timeout=60)
        arrived = sum(far.kept().values())
        again = start(config)
        out_again, _ = again.communicate(timeout=60)
        kept = far.kept()

    assert process.returncode == 1, err
    assert 100 <= arrived < READERS
    assert f"told to end: {READERS - arrived:,} copies are left, 0 are in doubt" in out
    assert again.returncode == 0, out_again
    assert (len(kept), set(kept.values())) == (READERS, {1})
    database = connect(f"sqlite:///{tmp_path / 'newsletter.db'}")
    with database.readers() as session:
        assert books.of_edition(session, session.get_one(Edition, 1))[State.ACCEPTED] == READERS
    database.close()
