"""Over the labelled digests that checks are tuned on: nothing good is held, and no fault goes out.

What is held out, and faults that are put into good digests, is for ``make bench ONLY=gate_``.
"""

from __future__ import annotations

from tests.gate_corpus.labels import Part
from tests.gate_corpus.measuring import false_holds, labelled_trials


def test_no_good_digest_is_held() -> None:
    assert false_holds(Part.TUNING) == ()


def test_every_fault_written_by_hand_is_found_at_its_place() -> None:
    missed = [trial for trial in labelled_trials(Part.TUNING) if not trial.is_found]

    assert missed == []
