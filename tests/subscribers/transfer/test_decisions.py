"""The policy of moving in, read case by case."""

from __future__ import annotations

from itertools import product

import pytest

from subscribers import Event, Reason, Standing, Status, next_status
from subscribers.transfer.decisions import Known, decide

EVERYBODY = [
    Known(status=status, erased=erased, suppressed=suppressed)
    for status, erased, suppressed in product([None, *Status], [False, True], [None, *Reason])
]
EVERY_CASE = list(product(EVERYBODY, Standing, [True, False]))


def test_only_somebody_new_of_whom_nothing_speaks_becomes_active() -> None:
    welcomed = {
        (known, standing)
        for known, standing, listed in EVERY_CASE
        if decide(known, standing, listed=listed).enters_as is Status.ACTIVE
    }

    assert welcomed == {(Known(), Standing.ACTIVE)}


def test_a_subscription_that_there_is_only_ever_leaves() -> None:
    for known, standing, listed in EVERY_CASE:
        decision = decide(known, standing, listed=listed)

        assert not (known.status and decision.enters_as)
        assert decision.leaves == (
            standing is Standing.LEFT and known.status in (Status.ACTIVE, Status.PENDING)
        )


def test_whoever_enters_or_leaves_does_so_as_the_file_says() -> None:
    """What is written about them is made before the database is asked."""
    for known, standing, listed in EVERY_CASE:
        decision = decide(known, standing, listed=listed)

        assert decision.enters_as in (None, standing.status)
        assert not decision.leaves or standing.status is Status.LEFT


def test_leaving_is_what_the_table_of_states_allows() -> None:
    assert {next_status(status, Event.LEFT) for status in (Status.ACTIVE, Status.PENDING)} == {Status.LEFT}


def test_an_erased_person_is_never_put_on_a_list() -> None:
    decisions = [
        decide(known, standing, listed=listed) for known, standing, listed in EVERY_CASE if known.erased
    ]

    assert not any(decision.enters_as for decision in decisions)


def test_a_suppression_is_only_added_or_made_a_complaint() -> None:
    for known, standing, listed in EVERY_CASE:
        suppress = decide(known, standing, listed=listed).suppress

        if known.suppressed and suppress:
            assert (suppress, known.suppressed is not Reason.COMPLAINED) == (Reason.COMPLAINED, True)
        assert suppress is None or Standing(suppress) is standing


def test_a_file_that_knows_of_no_list_puts_nobody_on_one() -> None:
    for known, standing in product(EVERYBODY, [Standing.BOUNCED, Standing.COMPLAINED]):
        assert decide(known, standing, listed=False).enters_as is None


@pytest.mark.parametrize(
    ("known", "standing", "after"),
    [
        (Known(), Standing.PENDING, Standing.PENDING),
        (Known(), Standing.BOUNCED, Standing.BOUNCED),
        (Known(status=Status.PENDING), Standing.ACTIVE, Standing.PENDING),
        (Known(status=Status.ACTIVE), Standing.PENDING, Standing.ACTIVE),
        (Known(status=Status.ACTIVE), Standing.BOUNCED, Standing.BOUNCED),
        (Known(status=Status.LEFT), Standing.ACTIVE, Standing.LEFT),
        (Known(status=Status.LEFT), Standing.PENDING, Standing.LEFT),
        (Known(status=Status.ACTIVE, suppressed=Reason.BOUNCED), Standing.ACTIVE, Standing.BOUNCED),
        (Known(suppressed=Reason.BOUNCED), Standing.LEFT, Standing.BOUNCED),
        (Known(suppressed=Reason.BOUNCED), Standing.COMPLAINED, Standing.COMPLAINED),
        (Known(erased=True), Standing.ACTIVE, Standing.LEFT),
    ],
)
def test_where_a_person_stands_afterwards(known: Known, standing: Standing, after: Standing) -> None:
    assert decide(known, standing, listed=True).after is after


def test_of_two_rows_a_later_one_overrules_only_to_keep_somebody_from_being_mailed() -> None:
    overruled = {
        (first.value, later.value) for first, later in product(Standing, Standing) if later.overrules(first)
    }

    assert ("active", "pending") not in overruled
    assert ("active", "left") in overruled
    assert ("left", "bounced") in overruled
    assert ("bounced", "complained") in overruled
    assert not {pair for pair in overruled if pair[1] in ("active", "pending")}
    assert not {pair for pair in overruled if pair[0] == "complained"}
