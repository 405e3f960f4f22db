"""What every transport must keep, over all of them and their real far sides."""

from __future__ import annotations

import logging
from base64 import b64encode

import pytest

from newsletter.transports.base import Verdict
from tests.transports.conftest import KEY, PASSWORD, Route
from tests.transports.support import a_copy, a_mailing, copies, outcomes_of


def test_every_copy_gets_exactly_one_outcome(route: Route) -> None:
    outcomes = outcomes_of(route.transport.send(a_mailing(), copies(7), call_id="c1"))

    assert sorted(outcome.ref for outcome in outcomes) == [copy.ref for copy in copies(7)]
    assert {outcome.verdict for outcome in outcomes} == {Verdict.ACCEPTED}


def test_every_reader_gets_their_own_copy(route: Route) -> None:
    mailing = a_mailing()

    outcomes_of(route.transport.send(mailing, copies(3), call_id="c1"))

    seen = sorted(route.arrived(), key=lambda one: one.to)
    for one, copy in zip(seen, copies(3), strict=True):
        filled = mailing.fill(copy)
        assert one.to == copy.address
        assert one.sender == ("全球AI新闻速递", "news@news.example.com")
        assert one.subject == mailing.subject
        assert one.text.strip() == filled.text.strip()
        assert one.html in (filled.html, "")  # the console shows text only
        wanted = {name.lower(): value for name, value in filled.headers}
        assert one.headers["list-unsubscribe"] == wanted["list-unsubscribe"]
        assert not one.html or wanted.items() <= one.headers.items()


def test_a_bad_copy_is_refused_and_the_others_go_on(route: Route) -> None:
    bad = [
        a_copy(2, to="two@example.com, three@example.com"),
        a_copy(4, leave_url="https://news.example.com/\r\nBcc: all@example.com"),
        a_copy(6, leave_token="退订"),
        a_copy(8, address="\0"),
    ]
    good = [a_copy(number) for number in (1, 3, 5, 7)]
    mixed = sorted([*bad, *good], key=lambda copy: copy.ref)

    outcomes = {one.ref: one for one in outcomes_of(route.transport.send(a_mailing(), mixed, call_id="c1"))}

    assert {ref for ref, one in outcomes.items() if one.verdict is Verdict.REFUSED} == {c.ref for c in bad}
    assert {ref for ref, one in outcomes.items() if one.verdict is Verdict.ACCEPTED} == {c.ref for c in good}
    assert all(outcomes[copy.ref].reply for copy in bad)
    assert sorted(one.to for one in route.arrived()) == [copy.address for copy in good]


def test_one_reader_whom_the_far_side_refuses_stops_nobody_else(route: Route) -> None:
    if route.refuse is None:
        return  # there is nobody to refuse
    route.refuse("reader3@example.com")

    outcomes = {
        one.ref: one for one in outcomes_of(route.transport.send(a_mailing(), copies(5), call_id="c1"))
    }

    assert outcomes["r3"].verdict is Verdict.REFUSED
    assert outcomes["r3"].reply
    assert {one.verdict for ref, one in outcomes.items() if ref != "r3"} == {Verdict.ACCEPTED}
    assert len(route.arrived()) == 4


def test_no_copies_are_no_work(route: Route) -> None:
    assert outcomes_of(route.transport.send(a_mailing(), [], call_id="c1")) == []
    assert route.arrived() == []


def test_a_transport_works_again_and_also_after_it_was_closed(route: Route) -> None:
    for call_id in ("c1", "c2"):
        outcomes = outcomes_of(route.transport.send(a_mailing(), copies(2), call_id=call_id))
        assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED] * 2

    route.transport.close()
    route.transport.close()

    assert len(outcomes_of(route.transport.send(a_mailing(), copies(2), call_id="c3"))) == 2


def test_a_caller_may_stop_listening(route: Route) -> None:
    outcomes = route.transport.send(a_mailing(), copies(5), call_id="c1")
    first = next(outcome for outcome in outcomes if outcome)
    outcomes.close()  # type: ignore[attr-defined]  # a generator in all of them

    assert first.verdict is Verdict.ACCEPTED
    assert len(outcomes_of(route.transport.send(a_mailing(), copies(1), call_id="c2"))) == 1


def test_nothing_secret_and_nobodys_address_is_logged(route: Route, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="python_http_client.client")

    outcomes_of(route.transport.send(a_mailing(), [*copies(2), a_copy(3, to="bad")], call_id="c1"))

    # aiosmtpd is the far side.
    logged = "\n".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if record.name != "mail.log"
    )
    plain_login = b64encode(f"\0daily\0{PASSWORD}".encode()).decode()
    for secret in (KEY, PASSWORD, plain_login, "reader1@example.com", "/leave/"):
        assert secret not in logged
