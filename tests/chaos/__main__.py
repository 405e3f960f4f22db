"""``python -m tests.chaos [--short] [--seed N] [--only NAME] [--kills N]``: run, count, print the table."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.chaos.places import Servers
from tests.chaos.run import Result, Run, named
from tests.chaos.scenarios import SCENARIOS, Scenario

HEAD = (
    f"{'scenario':<26}{'readers':>8}{'kills':>6}{'accepted':>9}{'in doubt (bound)':>18}"
    f"{'twice':>6}{'lost':>5}{'seconds':>8}"
)


def main() -> None:
    """Run what was asked for; exit 1 when a promise was broken."""
    options = _options()
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's: what it was told to do wrong
    seed = options.seed or str(random.randrange(10**6))  # repeatable, no secret
    chosen = [one for one in SCENARIOS if options.only in one.name]
    if options.short and not options.only:
        chosen = [one for one in chosen if one.short_kills]
    if not chosen:
        sys.exit(f"no scenario is called {options.only!r}; there are {', '.join(o.name for o in SCENARIOS)}")
    print(f"seed {seed} (again with --seed {seed})\n\n{HEAD}", flush=True)
    started = time.monotonic()
    # PostgreSQL runs as a user of its own when we are root, who must get in.
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        Path(folder).chmod(0o755)
        servers = Servers(Path(folder) / "postgres")
        try:
            results = [_run(scenario, options, seed, Path(folder), servers) for scenario in chosen]
        finally:
            servers.remove()
    _end(results, seconds=time.monotonic() - started, seed=seed)


def _run(
    scenario: Scenario, options: argparse.Namespace, seed: str, folder: Path, servers: Servers
) -> Result:
    if options.kills is not None:
        scenario = replace(scenario, kills=options.kills, short_kills=options.kills)
    with named(scenario, seed):
        run = Run(
            scenario,
            seed=seed,
            short=options.short,
            folder=folder,
            servers=servers,
            is_sabotaged=options.sabotage,
        )
        result = run.run()
    verdict = result.verdict
    doubt = f"{verdict.in_doubt:,} ({verdict.doubt_bound:,})"
    print(
        f"{scenario.name:<26}{result.readers:>8,}{result.kills:>6}{verdict.accepted:>9,}{doubt:>18}"
        f"{verdict.twice:>6}{verdict.lost:>5}{result.seconds:>8.1f}",
        flush=True,
    )
    if options.verbose or verdict.violations:
        print(
            f"    {', '.join(f'{count} {what}' for what, count in result.blows.items())};"
            f" doubt ≤ {result.bound}"
        )
    for violation in verdict.violations:
        print(f"    BROKEN: {violation}", flush=True)
    if verdict.violations:
        print(result.log.read_text(errors="replace")[-options.log_bytes :], file=sys.stderr)
    return result


def _end(results: list[Result], *, seconds: float, seed: str) -> None:
    kills = sum(result.kills for result in results)
    broken = [result.scenario.name for result in results if result.verdict.violations]
    print(f"\n{kills} kills in {seconds:.0f} s")
    if broken:
        sys.exit(f"promises were broken in {', '.join(broken)}; again with --seed {seed} --only NAME")
    print("nobody got two, nobody is lost, the books balance")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="about 20 kills, in 90 seconds")
    parser.add_argument("--seed", default="", help="repeats who dies when, and what the far side does wrong")
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    parser.add_argument("--kills", type=int, help="so many in each scenario, instead of its own number")
    parser.add_argument("--sabotage", action="store_true", help="break the promise: must end badly")
    parser.add_argument("--verbose", action="store_true", help="say what was done, and how doubt is bounded")
    parser.add_argument(
        "--log-bytes", type=int, default=4_000, help="of the workers' log, when it went wrong"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
