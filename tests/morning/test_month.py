"""A month of mornings: exactly the right editions, each reader at most once, every alarm once."""

from pathlib import Path

import pytest

from tests.month.script import month
from tests.month.world import world

SEED = 2  # `make month` takes another one each time, and prints it


@pytest.mark.parametrize(
    ("database_url", "replicas", "days"),
    [("sqlite", 1, slice(2, 18)), ("postgres", 3, slice(0, 30))],
    indirect=["database_url"],
)
def test_a_month_brings_exactly_the_right_editions(
    database_url: str, replicas: int, days: slice, tmp_path: Path
) -> None:
    print(f"seed {SEED}")
    with world(database_url, tmp_path / "digests", seed=SEED, replicas=replicas) as here:
        lines = here.live(list(month())[days])
        mails = here.alarm_mails

    assert [(str(line.day.day), line.faults) for line in lines if line.faults] == []
    assert mails
    assert max(mails.values()) == 1
    assert replicas == 1 or sum(line.kills for line in lines) > 20
