"""What the gate finds and what it holds for nothing, over the labelled corpus.

Of what is held out only numbers and classes are printed: whoever tunes the checks must not read it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from tests.bench import measured
from tests.gate_corpus.labels import Part, corpus
from tests.gate_corpus.measuring import FalseHold, Trial, false_holds, recall_by_class, trials

MOST_SHOWN = 60
_shown: set[str] = set()


@measured("≥ 0.98")
def gate_recall() -> float:
    """The share of faults found, of the class that it finds worst."""
    return _recall("everything", [trial for part in Part for trial in trials(part)])


@measured("≤ 0.02")
def gate_false_holds() -> float:
    """The share of good digests that would be held."""
    return _share("everything", [held for part in Part for held in false_holds(part)], Part)


@measured("≥ 0.98")
def gate_recall_held_out() -> float:
    """The same over what nobody has tuned on."""
    return _recall("held out", trials(Part.HELD_OUT))


@measured("≤ 0.02")
def gate_false_holds_held_out() -> float:
    """The same over what nobody has tuned on."""
    return _share("held out", false_holds(Part.HELD_OUT), [Part.HELD_OUT])


def _recall(name: str, tried: Iterable[Trial]) -> float:
    tried = list(tried)
    shares = recall_by_class(tried)
    if _first(f"recall {name}"):
        sizes = Counter(trial.kind for trial in tried)
        print(f"\nfaults put before the gate, {name}: {len(tried)} of {len(sizes)} classes, the worst first")
        for kind, share in shares.items():
            if share < 1:
                print(f"  {kind:<22}{share:>7.1%} of {sizes[kind]}")
        _print_missed(trial for trial in tried if not trial.is_found and trial.part is Part.TUNING)
    return min(shares.values())


def _print_missed(missed: Iterable[Trial]) -> None:
    """Print each wording once, with one of the places that it was missed in."""
    places: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in missed:
        places[trial.kind, trial.words].append(trial)
    for (kind, words), trials_of in list(places.items())[:MOST_SHOWN]:
        one = trials_of[0]
        seed = "by hand" if one.seed is None else f"seed {one.seed}"
        said = f"; said {', '.join(one.instead)}" if one.instead else ""
        print(f"  missed {len(trials_of)} × {kind}: {words[:60]} (tuning/{one.file}, {seed}{said})")
    if len(places) > MOST_SHOWN:
        print(f"  and {len(places) - MOST_SHOWN} more")


def _share(name: str, held: Iterable[FalseHold], parts: Iterable[Part]) -> float:
    held = list(held)
    good = sum(labelled.is_good for part in parts for labelled in corpus(part))
    if _first(f"false holds {name}"):
        print(f"\ngood digests held, {name}: {len(held)} of {good}")
        print(f"  by {dict(Counter(check for one in held for check in one.checks))}")
        for one in held:
            if one.part is Part.TUNING:
                print(f"  held tuning/{one.file} by {', '.join(one.checks)}")
    return len(held) / good


def _first(subject: str) -> bool:
    """Say whether this has not been printed: each measurement is taken three times."""
    is_first = subject not in _shown
    _shown.add(subject)
    return is_first
