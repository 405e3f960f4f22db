"""Runs the measurements, prints a table with the machine named, and writes ``var/bench.json``."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from pathlib import Path

from tests.bench import (  # importing adds their measurements
    MEASUREMENTS,
    archive,  # noqa: F401
    console,  # noqa: F401
    delivery,  # noqa: F401
    desk,  # noqa: F401
    engine,  # noqa: F401
    feedback,  # noqa: F401
    gate,  # noqa: F401
    ledger,  # noqa: F401
    morning,  # noqa: F401
    rendering,  # noqa: F401
    scale,  # noqa: F401
    sendgrid,  # noqa: F401
    small_machine,  # noqa: F401
    smtp,  # noqa: F401
    smtp_whole,  # noqa: F401
    transfer,  # noqa: F401
    web,  # noqa: F401
)

ROUNDS = 3
RESULTS = Path("var/bench.json")


def machine() -> str:
    """Name what the numbers were measured on."""
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [
            line for line in info.read_text(encoding="utf-8").splitlines() if line.startswith("model name")
        ]
        model = lines[0].partition(":")[2].strip() if lines else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} × {model}, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def main() -> None:
    """Measure what was asked for and keep the rest of the file as it was."""
    only = os.environ.get("ONLY", "")
    chosen = [entry for entry in MEASUREMENTS if only in entry.name]
    if not chosen:
        sys.exit(f"no measurement is called {only!r}; there are {', '.join(e.name for e in MEASUREMENTS)}")
    print(f"machine: {machine()}; median of {ROUNDS}\n")
    print(f"{'measurement':<32}{'median':>12}   {'bound':<10}{'all'}")
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name, measure, bound in chosen:
        taken = [measure() for _ in range(ROUNDS)]
        results[name] = round(statistics.median(taken), 4)
        print(
            f"{name:<32}{results[name]:>12,.4g}   {bound:<10}{', '.join(f'{value:,.4g}' for value in taken)}"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"\nwritten to {RESULTS}")


if __name__ == "__main__":
    main()
