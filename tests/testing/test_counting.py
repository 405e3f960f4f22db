"""The counting stub loses no copy, sees each that comes twice, and still says no to what is wrong."""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import timedelta

import pytest

from newsletter.testing import faults
from newsletter.testing.counting import CountingSendGrid
from newsletter.testing.sendgrid_process import SendGridProcess
from newsletter.transports.base import Misconfigured, TransportError, Verdict
from newsletter.transports.sendgrid import SendGridTransport
from tests.transports.support import a_copy, a_mailing, copies


def send(stub: CountingSendGrid, count: int, *, call_id: str = "c1", key: str = "") -> set[Verdict]:
    with closing(SendGridTransport(key or stub.key, host=stub.url)) as transport:
        return {one.verdict for one in transport.send(a_mailing(), copies(count), call_id=call_id)}


@pytest.mark.parametrize("check_every", [1, 100])
def test_every_copy_is_counted_once(check_every: int) -> None:
    with CountingSendGrid(check_every=check_every) as stub:
        assert send(stub, 1200) == {Verdict.ACCEPTED}

        counts = stub.counts()

    assert (counts["copies"], counts["refs_twice"], counts["addresses_twice"]) == (1200, 0, 0)
    assert (counts["requests"], counts["checked"]) == (2, 2 if check_every == 1 else 1)


def test_a_copy_that_comes_twice_is_seen() -> None:
    with CountingSendGrid() as stub, closing(SendGridTransport(stub.key, host=stub.url)) as transport:
        list(transport.send(a_mailing(), copies(300), call_id="c1"))
        again = [a_copy(7), a_copy(1000, to="reader8@example.com"), a_copy(1001)]
        list(transport.send(a_mailing(), again, call_id="c2"))

        counts = stub.counts()

    assert (counts["copies"], counts["refs_twice"], counts["addresses_twice"]) == (303, 1, 2)


def test_only_what_is_kept_is_counted() -> None:
    with CountingSendGrid() as stub:
        stub.script(faults.BROKEN, faults.BROKEN.kept(), faults.UNAVAILABLE, None)
        for number in range(4):
            with suppress(TransportError):
                send(stub, 10, call_id=f"c{number}")

        assert stub.copies == 20
        stub.forget()
        assert stub.counts()["requests"] == stub.copies == 0


def test_keys_and_bodies_are_still_refused() -> None:
    with CountingSendGrid() as stub:
        with pytest.raises(Misconfigured):
            send(stub, 5, key="SG.unknown")
        stub.refused = {"reader3@example.com"}

        assert send(stub, 5) == {Verdict.ACCEPTED, Verdict.REFUSED}
        assert stub.copies == 4


def test_what_goes_wrong_by_chance_goes_wrong_again_with_the_same_seed() -> None:
    seen = []
    for _ in range(2):
        with CountingSendGrid() as stub:
            stub.go_wrong(0.5, [faults.BROKEN, faults.UNAVAILABLE], seed=7)
            seen.append([stub.fault_for("POST", "/v3/mail/send") for _ in range(40)])

    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 3


def test_a_stub_of_its_own_counts_in_its_own_time() -> None:
    with SendGridProcess(check_every=2) as stub:
        transport = SendGridTransport(stub.key, host=stub.url, timeout=timedelta(seconds=20))
        with closing(transport):
            for number in range(3):
                list(transport.send(a_mailing(), copies(100), call_id=f"c{number}"))

        counts = stub.counts()

    assert (counts["copies"], counts["refs_twice"], counts["checked"]) == (300, 200, 2)
    assert counts["cpu_s"] > 0
