"""The metrics we tell, and the text in which Prometheus reads them (exposition format 0.0.4).

``CATALOGUE`` is the whole of it: a metric that is not there cannot be told, and docs and alert rules are
tested against it. Names say their unit; a moment is a Unix time, so that a rule can say how long ago it is.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Kind(StrEnum):
    """What may be done with a metric."""

    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One name, and what it counts."""

    name: str
    help: str
    labels: Sequence[str] = ()
    kind: Kind = Kind.GAUGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value of a metric at this moment."""

    name: str
    value: float
    labels: Mapping[str, str]


_EDITION = ("newsletter", "kind")
CATALOGUE: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(name="newsletter_build_info", help="Always 1; the version is a label.", labels=("version",)),
        Metric(
            name="newsletter_edition_owed_copies",
            help="Copies owed of the newest edition that began.",
            labels=_EDITION,
        ),
        Metric(
            name="newsletter_edition_copies",
            help="Copies of the newest edition that began, by where they stand.",
            labels=(*_EDITION, "state"),
        ),
        Metric(
            name="newsletter_edition_books_balanced",
            help="1 when what is owed and what became of it add up.",
            labels=_EDITION,
        ),
        Metric(
            name="newsletter_edition_state",
            help="1 for the state of the newest edition.",
            labels=(*_EDITION, "state"),
        ),
        Metric(
            name="newsletter_edition_begun_timestamp_seconds",
            help="When the newest edition that began did so.",
            labels=_EDITION,
        ),
        Metric(
            name="newsletter_edition_copies_per_second",
            help="Copies handed over a second in the last minute.",
            labels=(*_EDITION, "lane"),
        ),
        Metric(
            name="newsletter_edition_findings",
            help="What the gate found in the newest edition.",
            labels=(*_EDITION, "severity"),
        ),
        Metric(
            name="newsletter_lane_waiting_copies",
            help="Copies of all open editions that wait in a lane.",
            labels=("lane",),
        ),
        Metric(
            name="newsletter_lane_paused",
            help="1 while the far side wants a lane to wait.",
            labels=("lane",),
        ),
        Metric(name="newsletter_doubt_copies", help="Copies of which nobody knows whether they arrived."),
        Metric(
            name="newsletter_doubt_oldest_timestamp_seconds",
            help="When the oldest copy in doubt was handed over; no sample when there is none.",
        ),
        Metric(
            name="newsletter_last_good_morning_timestamp_seconds",
            help="When a daily edition last ended as it should.",
            labels=("newsletter",),
        ),
        Metric(
            name="newsletter_next_edition_timestamp_seconds",
            help="When the next daily edition is due.",
            labels=("newsletter",),
        ),
        Metric(
            name="newsletter_heartbeat_timestamp_seconds",
            help="When a part of a worker was last alive; clockwork is the tick.",
            labels=("part",),
        ),
        Metric(
            name="newsletter_subscribers",
            help="People on a list.",
            labels=("newsletter", "status"),
        ),
        Metric(name="newsletter_notices_waiting", help="Notices that are due and not handed over."),
        Metric(
            name="newsletter_notices_oldest_timestamp_seconds",
            help="Since when the oldest of them is due; no sample when there is none.",
        ),
        Metric(name="newsletter_webhook_waiting_posts", help="Posts of providers that wait to take effect."),
        Metric(name="newsletter_webhook_lag_seconds", help="How long the oldest of them has waited."),
        Metric(
            name="newsletter_webhook_failed_posts", help="Posts set aside because they could not be read."
        ),
        Metric(name="newsletter_alarms_open", help="Alarms that are not over.", labels=("cause",)),
        Metric(name="newsletter_fence_closed", help="1 while nothing may be sent from this database."),
        Metric(name="newsletter_sending_off", help="1 while all sending is switched off."),
        Metric(
            name="newsletter_backup_timestamp_seconds",
            help="When the newest backup was made; none: no sample.",
        ),
        Metric(name="newsletter_backup_size_bytes", help="How large it is."),
        Metric(name="newsletter_journal_waiting_facts", help="Facts that wait to be written to the journal."),
        Metric(name="newsletter_database_size_bytes", help="How large the database is."),
        Metric(
            name="newsletter_http_request_duration_seconds",
            help="How long answers took, in this process.",
            labels=("route", "status"),
            kind=Kind.HISTOGRAM,
        ),
    )
}


def gauge(name: str, value: float, **labels: str) -> Sample:
    """Return a sample. Raises ``KeyError`` or ``ValueError`` for what is not in the catalogue."""
    if tuple(labels) != tuple(CATALOGUE[name].labels):
        raise ValueError(f"{name} has the labels {', '.join(CATALOGUE[name].labels) or 'none'}")
    return Sample(name=name, value=value, labels=labels)


class Histogram:
    """Counts how long things took. Threads may share it."""

    BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
    MOST_SERIES = 500  # a series more for each route: something is wrong, and memory is not for that

    def __init__(self, name: str) -> None:
        self.metric = CATALOGUE[name]
        self._turn = threading.Lock()
        self._series: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}

    def observe(self, seconds: float, *labels: str) -> None:
        """Count one more."""
        with self._turn:
            if labels not in self._series and len(self._series) >= self.MOST_SERIES:
                labels = ("other",) * len(labels)
            counts, total = self._series.setdefault(labels, ([0] * (len(self.BOUNDS) + 1), [0.0]))
            counts[bisect_left(self.BOUNDS, seconds)] += 1
            total[0] += seconds

    def samples(self) -> Iterator[Sample]:
        """Yield its buckets, sums and counts."""
        with self._turn:
            copied = {labels: (list(counts), total[0]) for labels, (counts, total) in self._series.items()}
        name = self.metric.name
        for labels, (counts, total) in sorted(copied.items()):
            named = dict(zip(self.metric.labels, labels, strict=True))
            running = 0
            for bound, count in zip((*self.BOUNDS, None), counts, strict=True):
                running += count
                edge = "+Inf" if bound is None else f"{bound:g}"
                yield Sample(name=f"{name}_bucket", value=running, labels=named | {"le": edge})
            yield Sample(name=f"{name}_sum", value=total, labels=named)
            yield Sample(name=f"{name}_count", value=running, labels=named)


def text_of(samples: Iterable[Sample]) -> str:
    """Return samples as Prometheus reads them, each metric with its help and kind."""
    by_metric: dict[str, list[Sample]] = {}
    for sample in samples:
        by_metric.setdefault(_metric_of(sample.name), []).append(sample)
    lines: list[str] = []
    for name, metric in CATALOGUE.items():
        if name in by_metric:
            lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind.value}"]
            lines += [_line(sample) for sample in by_metric[name]]
    return "\n".join(lines) + "\n"


def _metric_of(name: str) -> str:
    for ending in ("_bucket", "_sum", "_count"):
        base = name.removesuffix(ending)
        if base != name and base in CATALOGUE and CATALOGUE[base].kind is Kind.HISTOGRAM:
            return base
    return name


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
    # 17 digits, so that a moment does not lose its seconds.
    return (
        f"{sample.name}{{{labels}}} {sample.value:.17g}" if labels else f"{sample.name} {sample.value:.17g}"
    )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
