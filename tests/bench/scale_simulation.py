"""Ten and a hundred million readers, on paper: ``python -m tests.bench.scale_simulation``.

Batches of 1,000 copies go through what they need: a ledger, one core, their host's network card and
their lane's leave, each a queue of its own. Nothing is sent and nothing is random. The figures below
say where they come from; docs/scale.md quotes the table that this prints.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from newsletter.delivery.forecast import LaneWork, forecast
from newsletter.delivery.pacing import Limits
from newsletter.lanes import Lane

BATCH = 1000  # copies
COPY_BYTES = 42_000  # measured: the sample email as it goes over the wire
COPY_CPU_S = 345e-6  # derived: 5,800 messages a second on 2 cores, the sink's work included
DKIM_CPU_S = 335e-6  # measured: one RSA-2048 signature of `cryptography`
LEDGER_ROWS_PER_S = 79_000  # measured: claim, intent and outcome, PostgreSQL on 2 cores
FREEZE_S_PER_READER = 2.2e-6  # measured: 10 million rows in 21.8 s

# Assumed: the mailboxes of a Chinese audience.
SHARES = {
    Lane.QQ: 0.45,
    Lane.NETEASE: 0.25,
    Lane.OTHER: 0.12,
    Lane.GMAIL: 0.08,
    Lane.OUTLOOK: 0.06,
    Lane.SINA: 0.02,
    Lane.ALIYUN: 0.02,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is tried."""

    name: str
    readers: int
    hosts: int
    cores: int  # of each host
    gbit: float  # of each host's network card
    ledgers: int = 1
    per_minute: Mapping[Lane, float] = field(default_factory=dict)  # assumed: what the lanes take


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it. Shares are of the time between the first and the last copy."""

    first_copy: float  # seconds after the hour
    last_copy: float
    ledger: float
    cpu: float
    network: float
    slowest_lane: float


class _Step(Enum):
    """What a worker does next."""

    LOOK = "look"  # for a batch whose lane is free
    CLAIM = "claim"
    RECORD = "record"

    def __lt__(self, other: _Step) -> bool:
        return self.value < other.value


class _Queue:
    """Something that serves one after the other."""

    def __init__(self) -> None:
        self.free_at = 0.0
        self.busy = 0.0

    def serve(self, at: float, seconds: float) -> float:
        """Return when a piece of work that comes at ``at`` is done."""
        self.free_at = max(self.free_at, at) + seconds
        self.busy += seconds
        return self.free_at


def run(scenario: Scenario) -> Result:
    """Let every batch through."""
    frozen = scenario.readers / scenario.ledgers * FREEZE_S_PER_READER
    ledgers = [_Queue() for _ in range(scenario.ledgers)]
    cards = [_Queue() for _ in range(scenario.hosts)]
    lanes = {lane: _Queue() for lane in SHARES}
    left = {lane: round(scenario.readers * share / BATCH) for lane, share in SHARES.items()}
    pace = {
        lane: Limits(per_minute=scenario.per_minute.get(lane)).time_for(BATCH).total_seconds()
        for lane in left
    }
    wire = COPY_BYTES * 8 * BATCH / (scenario.gbit * 1e9)
    record = BATCH / LEDGER_ROWS_PER_S / 2  # half before the hand-over, half after it
    core = BATCH * (COPY_CPU_S + DKIM_CPU_S)
    todo: list[tuple[float, int, _Step]] = [
        (frozen, number, _Step.LOOK) for number in range(scenario.hosts * scenario.cores)
    ]
    first, last, taken = frozen + record + COPY_CPU_S + DKIM_CPU_S, frozen, 0
    while todo:
        now, number, step = heapq.heappop(todo)
        ledger = ledgers[number % scenario.ledgers]
        if step is _Step.LOOK and any(left.values()):
            # The lane that is free first; it is left to this batch until the batch's time is over.
            lane = min((lane for lane in left if left[lane]), key=lambda lane: lanes[lane].free_at)
            begin = max(now, lanes[lane].free_at)
            lanes[lane].serve(begin, pace[lane])
            left[lane] -= 1
            taken += 1
            heapq.heappush(todo, (begin, number, _Step.CLAIM))
        elif step is _Step.CLAIM:
            claimed = ledger.serve(now, record)
            sent = max(claimed + core, cards[number % scenario.hosts].serve(claimed, wire))
            heapq.heappush(todo, (sent, number, _Step.RECORD))
        elif step is _Step.RECORD:
            last = ledger.serve(now, record)
            heapq.heappush(todo, (last, number, _Step.LOOK))
    span = last - frozen
    return Result(
        first_copy=first,
        last_copy=last,
        ledger=max(ledger.busy for ledger in ledgers) / span,
        cpu=taken * core / (scenario.hosts * scenario.cores) / span,
        network=max(card.busy for card in cards) / span,
        slowest_lane=max(lane.busy for lane in lanes.values()) / span,
    )


def floor(scenario: Scenario) -> float:
    """Return the seconds that ``forecast`` says the lanes' limits cost at least."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    work = {
        lane: LaneWork(
            waiting=round(scenario.readers * share), limits=Limits(per_minute=scenario.per_minute.get(lane))
        )
        for lane, share in SHARES.items()
    }
    told = forecast(work, per_second=None, now=now, until=now + timedelta(days=9), zone=UTC).overall_floor
    return (told.finishes_at - now).total_seconds() if told.finishes_at else float("nan")


MILLION = 1_000_000
TAKEN = {Lane.QQ: 30_000.0, Lane.NETEASE: 30_000.0, Lane.GMAIL: 60_000.0, Lane.OUTLOOK: 30_000.0}
SCENARIOS = (
    Scenario(name="1 M, 1 host × 2, 1 Gbit/s", readers=MILLION, hosts=1, cores=2, gbit=1),
    Scenario(name="10 M, 1 host × 8, 1 Gbit/s", readers=10 * MILLION, hosts=1, cores=8, gbit=1),
    Scenario(name="10 M, 4 hosts × 8, 10 Gbit/s", readers=10 * MILLION, hosts=4, cores=8, gbit=10),
    Scenario(
        name="10 M, the same, lanes as assumed",
        readers=10 * MILLION,
        hosts=4,
        cores=8,
        gbit=10,
        per_minute=TAKEN,
    ),
    Scenario(name="100 M, 16 hosts × 8, 10 Gbit/s", readers=100 * MILLION, hosts=16, cores=8, gbit=10),
    Scenario(name="100 M, the same, 8 ledgers", readers=100 * MILLION, hosts=16, cores=8, gbit=10, ledgers=8),
    Scenario(
        name="100 M, lanes take 5 × as much",
        readers=100 * MILLION,
        hosts=16,
        cores=8,
        gbit=10,
        ledgers=8,
        per_minute={lane: 5 * rate for lane, rate in TAKEN.items()},
    ),
)


def main() -> None:
    """Print the table."""
    print(f"{'scenario':<36}{'first':>8}{'last':>9}{'floor':>9}   ledger   cpu  network  slowest lane")
    for scenario in SCENARIOS:
        result = run(scenario)
        print(
            f"{scenario.name:<36}{_span(result.first_copy):>8}{_span(result.last_copy):>9}"
            f"{_span(floor(scenario)):>9}"
            f"{result.ledger:>9.0%}{result.cpu:>6.0%}{result.network:>9.0%}{result.slowest_lane:>14.0%}"
        )


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
