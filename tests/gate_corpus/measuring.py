"""How the gate does over the corpus: what it finds of each class, and what it holds for nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from newsletter.editions.gate import Finding, Severity
from tests.gate_corpus.context import context_of
from tests.gate_corpus.faults import WARNING_SUFFICES, FaultClass
from tests.gate_corpus.injectors import INJECTORS, inject
from tests.gate_corpus.judging import holds, verdict
from tests.gate_corpus.labels import Labelled, Part, corpus

# The same fault in other words and places. Of the rest, one of a kind in each digest is enough.
SEEDS = 3
_VARIED = frozenset(
    {
        FaultClass.WRONG_DAY,
        FaultClass.CHATTER,
        FaultClass.PLACEHOLDER,
        FaultClass.LITERAL_MARKDOWN,
        FaultClass.ANNOUNCED_COUNT,
        FaultClass.BAD_SCHEME,
        FaultClass.NO_HOST,
        FaultClass.PLACEHOLDER_HOST,
        FaultClass.DUPLICATE_STORY,
        FaultClass.UNSAFE_HTML,
        FaultClass.MISSING_ADVERT_LABEL,
        FaultClass.MISSING_AI_LABEL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One fault put before the gate. ``seed`` is None for a fault that was written by hand."""

    kind: FaultClass
    part: Part
    file: str
    seed: int | None
    lines: tuple[int, ...]
    words: str  # on the first of its lines
    is_found: bool
    instead: tuple[str, ...] = ()  # what the gate said, when it did not find the fault


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseHold:
    """A good digest that would be held."""

    part: Part
    file: str
    checks: tuple[str, ...]


@cache
def trials(part: Part) -> tuple[Trial, ...]:
    """Put every labelled and injected fault of ``part`` before the gate."""
    return (*labelled_trials(part), *_injected_trials(part))


@cache
def labelled_trials(part: Part) -> tuple[Trial, ...]:
    """Put every fault written by hand before the gate."""
    return tuple(
        _trial(fault.kind, labelled, labelled.markdown, None, (fault.line,) if fault.line else (), found)
        for labelled in corpus(part)
        if not labelled.is_good
        for found in [_findings(labelled)]
        for fault in labelled.faults
    )


@cache
def false_holds(part: Part) -> tuple[FalseHold, ...]:
    """Return the good digests that the gate would hold."""
    return tuple(
        FalseHold(part=part, file=labelled.file, checks=tuple(sorted({f.check for f in held})))
        for labelled in corpus(part)
        if labelled.is_good and (held := holds(_findings(labelled)))
    )


def recall_by_class(tried: Iterable[Trial]) -> Mapping[FaultClass, float]:
    """Return the share that was found of each class, worst first."""
    by_class: dict[FaultClass, list[bool]] = defaultdict(list)
    for trial in tried:
        by_class[trial.kind].append(trial.is_found)
    shares = {kind: sum(found) / len(found) for kind, found in by_class.items()}
    return dict(sorted(shares.items(), key=lambda share: share[1]))


def _injected_trials(part: Part) -> Iterator[Trial]:
    for kind in INJECTORS:
        for labelled in corpus(part):
            for seed in range(SEEDS if kind in _VARIED else 1):
                injected = inject(kind, labelled, seed) if labelled.is_good else None
                if injected is None:
                    continue
                already = {_said(finding) for finding in _findings(labelled)}
                found = [
                    finding
                    for finding in verdict(injected.markdown, injected.context, file=labelled.file)
                    if _said(finding) not in already
                ]
                yield _trial(kind, labelled, injected.markdown, seed, injected.lines, found)


def _trial(
    kind: FaultClass,
    labelled: Labelled,
    markdown: str,
    seed: int | None,
    lines: tuple[int, ...],
    findings: Sequence[Finding],
) -> Trial:
    """Say whether a finding is grave enough and names the place, or no place at all."""
    is_found = any(
        (finding.severity is Severity.HOLD or kind in WARNING_SUFFICES)
        and (not lines or finding.line is None or finding.line in lines)
        for finding in findings
    )
    instead = () if is_found else tuple(f"{f.check} ({f.severity}) at {f.line}" for f in findings)
    return Trial(
        kind=kind,
        part=labelled.part,
        file=labelled.file,
        seed=seed,
        lines=lines,
        words=markdown.split("\n")[lines[0] - 1].strip() if lines else "",
        is_found=is_found,
        instead=instead,
    )


def _said(finding: Finding) -> tuple[str, str]:
    return finding.check, finding.message_en


@cache
def _findings(labelled: Labelled) -> list[Finding]:
    return verdict(labelled.markdown, context_of(labelled), file=labelled.file)
