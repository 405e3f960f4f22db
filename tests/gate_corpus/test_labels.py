"""The corpus is worth measuring with: large, split, and labelled with places that exist."""

from __future__ import annotations

import pytest

from tests.gate_corpus.faults import WARNING_SUFFICES
from tests.gate_corpus.labels import FOLDER, Part, corpus
from tests.gate_corpus.links import links_of

EVERYTHING = [labelled for part in Part for labelled in corpus(part)]


@pytest.mark.parametrize("part", Part)
def test_every_file_is_labelled_once(part: Part) -> None:
    folder = FOLDER / part
    files = {str(path.relative_to(folder)) for path in folder.rglob("*.md")} - {"README.md"}

    labels = [labelled.file for labelled in corpus(part)]

    assert sorted(labels) == sorted(files)


def test_the_good_ones_are_the_larger_half_and_a_third_is_held_out() -> None:
    good = [labelled for labelled in EVERYTHING if labelled.is_good]

    assert len(EVERYTHING) >= 66
    assert len(good) >= 38
    assert len(good) > len(EVERYTHING) / 2
    assert 0.3 <= len(corpus(Part.HELD_OUT)) / len(EVERYTHING) <= 0.36
    assert len({labelled.shape for labelled in good}) >= 6


def test_what_is_held_says_why() -> None:
    assert [labelled.file for labelled in EVERYTHING if labelled.is_good == bool(labelled.faults)] == []


def test_what_is_held_has_a_fault_that_holds() -> None:
    warned = [
        labelled.file
        for labelled in EVERYTHING
        if labelled.faults and all(fault.kind in WARNING_SUFFICES for fault in labelled.faults)
    ]

    assert warned == []


def test_every_labelled_line_is_in_its_file_and_holds_something() -> None:
    wrong = [
        f"{labelled.file}: {fault.kind} at {fault.line}"
        for labelled in EVERYTHING
        for fault in labelled.faults
        if fault.line and not labelled.markdown.split("\n")[fault.line - 1].strip()
    ]

    assert wrong == []


def test_no_story_is_in_both_parts() -> None:
    tuning, held_out = (
        {url for labelled in corpus(part) for url in links_of(labelled.markdown)} for part in Part
    )

    assert tuning & held_out == set()


def test_what_was_sent_before_is_fourteen_editions_or_none() -> None:
    assert {len(labelled.recent_counts) for labelled in EVERYTHING} == {0, 14}
