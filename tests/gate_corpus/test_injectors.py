"""Every class of fault can be put into most good digests, the same way each time, at a place that exists."""

from __future__ import annotations

import pytest

from tests.gate_corpus.context import context_of
from tests.gate_corpus.faults import FaultClass
from tests.gate_corpus.injectors import INJECTORS, inject
from tests.gate_corpus.labels import Part, corpus

GOOD = [labelled for labelled in corpus(Part.TUNING) if labelled.is_good]


def test_every_class_has_an_injector() -> None:
    assert set(INJECTORS) == set(FaultClass)


@pytest.mark.parametrize("kind", FaultClass)
def test_a_fault_changes_something_and_names_its_place(kind: FaultClass) -> None:
    injected = {labelled.file: (labelled, inject(kind, labelled, 0)) for labelled in GOOD}

    done = [(labelled, fault) for labelled, fault in injected.values() if fault]
    assert len(done) >= len(GOOD) * 0.75
    for labelled, fault in done:
        assert (fault.markdown, fault.context) != (labelled.markdown, context_of(labelled))
        lines = fault.markdown.split("\n")
        assert all(1 <= line <= len(lines) for line in fault.lines)


def test_the_same_seed_gives_the_same_fault() -> None:
    first, again = (inject(FaultClass.CHATTER, GOOD[0], 7) for _ in range(2))

    assert first == again
    assert any(inject(FaultClass.CHATTER, GOOD[0], seed) != first for seed in range(8, 14))
