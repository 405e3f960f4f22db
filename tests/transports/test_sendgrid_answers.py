"""The SendGrid transport and the answers it gets: what each means for all copies of a request."""

from __future__ import annotations

from collections import Counter
from contextlib import closing, suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.mailing import Copy
from newsletter.testing import faults
from newsletter.testing.faults import Fault
from newsletter.testing.stub_sendgrid import Account, StubSendGrid
from newsletter.transports import patience
from newsletter.transports.base import Misconfigured, Outcome, TransportError, Unavailable, Verdict
from newsletter.transports.sendgrid import SendGridTransport
from tests.support import HandClock
from tests.transports.conftest import KEY
from tests.transports.support import LONG, NOW, SHORT, a_mailing, copies


def send(transport: SendGridTransport, count: int = 5, call_id: str = "c1") -> dict[str, Outcome]:
    outcomes = list(transport.send(a_mailing(), copies(count), call_id=call_id))
    assert len(outcomes) == count
    return {outcome.ref: outcome for outcome in outcomes}


def verdicts(outcomes: dict[str, Outcome]) -> set[Verdict]:
    return {outcome.verdict for outcome in outcomes.values()}


# --- what an answer means for all of them --------------------------------------

IN_DOUBT = [
    faults.WITHOUT_ID,
    faults.HALF_STATUS,
    faults.HALF_BODY,
    faults.BAD_STATUS_LINE,
    faults.TIMEOUT_AFTER_ACCEPT,
    faults.TIMEOUT_BEFORE_ACCEPT,
    faults.RESET_AFTER_ACCEPT,
    faults.CLOSE_AFTER_ACCEPT,
    faults.OK_PAGE,
    faults.BROKEN,
    faults.BROKEN.kept(),
    faults.BAD_GATEWAY,
    faults.BAD_GATEWAY.kept(),
    faults.GATEWAY_TIMEOUT,
    faults.GATEWAY_TIMEOUT.kept(),
    faults.GATEWAY_UNAVAILABLE,  # a proxy's own page, perhaps after the request was passed on
    faults.GATEWAY_UNAVAILABLE.kept(),
]


@pytest.mark.parametrize("fault", IN_DOUBT, ids=lambda fault: fault.name)
def test_whatever_may_have_been_accepted_is_in_doubt(stub: StubSendGrid, fault: Fault) -> None:
    # Only some of them are waited for.
    timeout = SHORT if fault.name.startswith("timeout") else LONG
    transport = SendGridTransport(KEY, host=stub.url, timeout=timeout)
    stub.script(fault)

    outcomes = send(transport)
    transport.close()

    assert verdicts(outcomes) == {Verdict.IN_DOUBT}
    assert all(outcome.reply for outcome in outcomes.values())
    assert len(stub.messages) == (5 if fault.is_kept else 0)
    assert len(stub.exchanges) == 1  # and nothing was tried again


@pytest.mark.parametrize(
    "fault",
    [
        faults.UNAVAILABLE,
        faults.answers(faults.html(503, **{"Retry-After": "30"})),
        faults.rate_limited(),
        faults.RESET_BEFORE_BODY,
    ],
    ids=lambda fault: fault.name,
)
def test_what_was_surely_not_accepted_may_be_tried_again(stub: StubSendGrid, fault: Fault) -> None:
    transport = SendGridTransport(KEY, host=stub.url)
    stub.script(fault)
    # So large that a reset comes while it is still being sent.
    mailing = a_mailing(paragraphs=60_000) if fault is faults.RESET_BEFORE_BODY else a_mailing()

    with pytest.raises(Unavailable):
        list(transport.send(mailing, copies(5), call_id="c1"))
    transport.close()

    assert stub.messages == []


def test_nobody_there_is_unavailable(stub: StubSendGrid) -> None:
    clock = HandClock(NOW)
    stub.refuse_connections()

    with closing(SendGridTransport(KEY, host=stub.url, clock=clock)) as transport:
        with pytest.raises(Unavailable, match="not reached") as unavailable:
            send(transport)
        stub.listen()
        assert unavailable.value.retry_after
        clock.forward(unavailable.value.retry_after)

        assert verdicts(send(transport)) == {Verdict.ACCEPTED}


@pytest.mark.parametrize(
    "fault", [faults.rate_limited(), faults.UNAVAILABLE, faults.BROKEN], ids=lambda fault: fault.name
)
def test_while_one_waits_nobody_asks(stub: StubSendGrid, fault: Fault) -> None:
    clock = HandClock(NOW)
    stub.script(fault)
    waits: list[timedelta] = []

    with closing(SendGridTransport(KEY, host=stub.url, clock=clock)) as transport:
        with suppress(Unavailable):
            send(transport, call_id="c1")
        for call_id in ("c2", "c3"):
            with pytest.raises(Unavailable) as unavailable:
                send(transport, call_id=call_id)
            waits.append(unavailable.value.retry_after or timedelta(0))

        assert len(stub.exchanges) == 1
        assert timedelta(0) < waits[0] == waits[1] <= patience.FIRST
        clock.forward(waits[0])
        assert verdicts(send(transport, call_id="c4")) == {Verdict.ACCEPTED}


def test_each_trouble_in_a_row_costs_longer_and_a_success_forgives(stub: StubSendGrid) -> None:
    clock = HandClock(NOW)
    waits: list[timedelta] = []
    stub.script(*[faults.rate_limited()] * 12, None, faults.rate_limited())

    with closing(SendGridTransport(KEY, host=stub.url, clock=clock)) as transport:
        for number in range(14):
            try:
                send(transport, call_id=f"c{number}")
            except Unavailable as unavailable:
                waits.append(unavailable.retry_after or timedelta(0))
                clock.forward(waits[-1])

    assert patience.FIRST / 2 <= waits[0] <= patience.FIRST
    assert waits[4] > 4 * waits[0]
    assert all(patience.LONGEST / 2 <= wait <= patience.LONGEST for wait in waits[9:12])
    assert len(set(waits[9:12])) == 3  # no two workers come back at the same moment
    assert waits[12] <= patience.FIRST


def test_a_far_side_that_drips_does_not_hold_us_beyond_the_deadline(stub: StubSendGrid) -> None:
    transport = SendGridTransport(KEY, host=stub.url, timeout=SHORT)
    stub.script(
        faults.drips(0.02)
    )  # each byte comes well within a timeout, all of them after several seconds

    assert verdicts(send(transport)) == {Verdict.IN_DOUBT}
    transport.close()


def test_a_redirect_is_not_followed_with_the_key(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    stub.script(faults.REDIRECT)

    with pytest.raises(Misconfigured, match=r"transport\.sendgrid\.host"):
        send(sendgrid)

    assert len(stub.exchanges) == 1


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry_After": "90"}, timedelta(seconds=90)),
        ({"Retry_After": "Sun, 22 Nov 2026 23:31:00 GMT"}, timedelta(minutes=1)),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "99999999999999"}, None),
        ({"X_RateLimit_Reset": str(int(NOW.timestamp()) + 45)}, timedelta(seconds=45)),
        ({"X_RateLimit_Reset": str(int(NOW.timestamp()) - 45)}, None),
        ({"X_RateLimit_Reset": str(int(NOW.timestamp() * 1000))}, None),
        ({"X_RateLimit_Reset": "often"}, None),
    ],
)
def test_a_wait_is_believed_when_it_can_be(
    stub: StubSendGrid, sendgrid: SendGridTransport, headers: dict[str, str], wait: timedelta | None
) -> None:
    stub.script(faults.rate_limited(**headers))

    with pytest.raises(Unavailable) as unavailable:
        send(sendgrid)

    retry_after = unavailable.value.retry_after
    assert retry_after
    assert retry_after == wait or (wait is None and patience.FIRST / 2 <= retry_after <= patience.FIRST)


@pytest.mark.parametrize("account", [Account.OUT_OF_CREDITS, Account.BANNED])
def test_an_account_that_may_not_send_is_a_matter_for_a_person(
    stub: StubSendGrid, sendgrid: SendGridTransport, account: Account
) -> None:
    stub.account = account

    words = "used up its plan.*credits" if account is Account.OUT_OF_CREDITS else "make a new one"
    with pytest.raises(Misconfigured, match=words):
        send(sendgrid)


def test_a_wrong_key_is_a_matter_for_a_person_and_not_shown(stub: StubSendGrid) -> None:
    transport = SendGridTransport("SG.wrong", host=stub.url)

    with pytest.raises(Misconfigured, match="401") as refused:
        send(transport)
    transport.close()

    assert "SG.wrong" not in str(refused.value)


def test_a_sender_who_is_not_verified_is_a_matter_for_a_person(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    stub.domains = ["other.example"]

    with pytest.raises(Misconfigured, match=r"verify sender\.address.*verified Sender Identity"):
        send(sendgrid)


# --- any script of faults ------------------------------------------------------

ANY = st.sampled_from(
    [
        None,
        None,
        *(fault for fault in IN_DOUBT if not fault.name.startswith("timeout")),
        faults.UNAVAILABLE,
        faults.rate_limited(),
        faults.IDLE_CLOSE,
        faults.answers(faults.errors(400, (None, "Bad Request"))),
        faults.REDIRECT,
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(ANY, max_size=8), bad=st.sets(st.integers(1, 6), max_size=2), cryptic=st.booleans())
def test_no_script_of_faults_sends_twice_or_loses_a_copy(
    stub: StubSendGrid, script: list[Fault | None], bad: set[int], cryptic: bool
) -> None:
    stub.forget()
    stub.refused = {f"reader{number}@example.com" for number in bad}
    stub.is_cryptic = cryptic
    stub.script(*script)
    clock = HandClock(NOW)
    transport = SendGridTransport(KEY, host=stub.url, clock=clock)
    waiting: list[Copy] = copies(6)
    ended: dict[str, Outcome] = {}

    for attempt in range(20):  # as a sender would: what has no outcome is tried again
        try:
            for outcome in transport.send(a_mailing(), waiting, call_id=f"c{attempt}"):
                assert outcome.ref not in ended
                ended[outcome.ref] = outcome
        except TransportError:
            clock.forward(timedelta(hours=1))
        waiting = [copy for copy in waiting if copy.ref not in ended]
        if not waiting:
            break
    transport.close()

    assert waiting == []
    received = Counter(message.address for message in stub.messages)
    assert all(count == 1 for count in received.values())
    for copy in copies(6):
        verdict = ended[copy.ref].verdict
        if verdict is Verdict.ACCEPTED:
            assert received[copy.address] == 1
        if verdict is Verdict.REFUSED:
            assert received[copy.address] == 0
