"""The memory transport: does as it is told, and keeps what it was given."""

from __future__ import annotations

import pytest

from newsletter.transports.base import Misconfigured, Unavailable, Verdict
from newsletter.transports.memory import MemoryTransport
from tests.transports.support import a_mailing, copies


def test_orders_decide_what_becomes_of_a_copy() -> None:
    transport = MemoryTransport(
        {"r1": Verdict.REFUSED, "r2": Verdict.DEFERRED, "r3": Verdict.IN_DOUBT, "r4": Verdict.ACCEPTED}
    )

    verdicts = [one.verdict for one in transport.send(a_mailing(), copies(5), call_id="c1")]

    assert verdicts == ["refused", "deferred", "in_doubt", "accepted", "accepted"]
    assert [kept.copy.ref for kept in transport.kept] == ["r3", "r4", "r5"]
    assert {kept.call_id for kept in transport.kept} == {"c1"}


@pytest.mark.parametrize("error", [Unavailable("closed"), Misconfigured("no key")])
def test_an_error_stops_the_call_where_it_was_ordered(error: Exception) -> None:
    transport = MemoryTransport({"r3": error})  # type: ignore[dict-item]  # both are TransportErrors

    outcomes = []
    with pytest.raises(type(error)):
        outcomes.extend(transport.send(a_mailing(), copies(5), call_id="c1"))

    assert [kept.copy.ref for kept in transport.kept] == ["r1", "r2"]


def test_a_list_of_orders_is_for_one_attempt_each() -> None:
    transport = MemoryTransport({"r1": [Verdict.DEFERRED, Unavailable("closed"), Verdict.ACCEPTED]})

    assert [one.verdict for one in transport.send(a_mailing(), copies(1), call_id="c1")] == ["deferred"]
    with pytest.raises(Unavailable):
        list(transport.send(a_mailing(), copies(1), call_id="c2"))
    assert [one.verdict for one in transport.send(a_mailing(), copies(1), call_id="c3")] == ["accepted"]
    assert [one.verdict for one in transport.send(a_mailing(), copies(1), call_id="c4")] == ["accepted"]


def test_what_is_kept_can_be_read() -> None:
    transport = MemoryTransport()

    list(transport.send(a_mailing(), copies(1), call_id="c1"))

    assert transport.kept[0].filled == a_mailing().fill(copies(1)[0])
