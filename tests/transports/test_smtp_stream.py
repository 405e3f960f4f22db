"""The SMTP transport as a stream: copies one by one, connections that are kept, several servers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from newsletter.lanes import Lane
from newsletter.mailing import Copy
from newsletter.replies import Meaning
from newsletter.testing.certificate import loopback_tls
from newsletter.testing.smtp_sink import SmtpSink, Step
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_connection import Server
from tests.transports.support import a_copy, a_mailing, copies, outcomes_of
from tests.transports.test_smtp import IMPATIENT, R3, SENDER, Opening, send, sink, transport_to, verdicts

__all__ = ["sink", "transport_to"]  # fixtures

BRIEF_SECONDS = 0.2  # more than a round of 50 ms, on a busy machine too


# --- the stream --------------------------------------------------------------


def test_a_copy_is_taken_only_when_a_connection_can_begin_with_it(
    transport_to: Opening, sink: SmtpSink
) -> None:
    sink.fall_silent(a_copy(1).address, Step.DOT)
    taken: list[str] = []

    def watched() -> Iterator[Copy]:
        for copy in copies(50):
            taken.append(copy.ref)
            yield copy

    stream = transport_to(sink, connections=1, patience=IMPATIENT).send(a_mailing(), watched(), call_id="c1")
    first = next(outcome for outcome in stream if outcome)

    # One in doubt, one whose envelope rode along and was put back; nobody else was touched.
    assert (first.ref, first.verdict) == ("r1", Verdict.IN_DOUBT)
    assert taken == ["r1", "r2"]
    stream.close()  # type: ignore[attr-defined]  # a generator


def test_the_caller_hears_from_us_while_a_server_is_silent(transport_to: Opening, sink: SmtpSink) -> None:
    sink.fall_silent(a_copy(1).address, Step.DOT)
    stream = transport_to(sink).send(a_mailing(), copies(1), call_id="c1")

    for _ in range(5):
        started = time.monotonic()
        assert next(stream) is None
        assert time.monotonic() - started < BRIEF_SECONDS + 1

    stream.close()  # type: ignore[attr-defined]  # a generator


def test_copies_that_are_withheld_are_asked_for_again(transport_to: Opening, sink: SmtpSink) -> None:
    def reluctant() -> Iterator[Copy | None]:
        for copy in copies(4):
            yield None
            yield copy
            yield None

    outcomes = outcomes_of(transport_to(sink).send(a_mailing(), reluctant(), call_id="c1"))

    assert [one.verdict for one in outcomes] == [Verdict.ACCEPTED] * 4
    assert sink.connections == 1


def test_what_is_in_flight_is_finished_when_the_copies_end_early(
    transport_to: Opening, sink: SmtpSink
) -> None:
    has_stopped = threading.Event()

    def stoppable() -> Iterator[Copy | None]:
        for copy in copies(1000):
            if has_stopped.is_set():
                return
            yield copy

    told = []
    for outcome in transport_to(sink, connections=4).send(a_mailing(), stoppable(), call_id="c1"):
        told += [outcome] if outcome else []
        if len(told) == 20:
            has_stopped.set()

    assert len(told) == len(sink.messages) < 100
    assert {one.verdict for one in told} == {Verdict.ACCEPTED}


def test_what_is_known_is_told_before_a_broken_feed_ends_the_call(
    transport_to: Opening, sink: SmtpSink
) -> None:
    def breaking() -> Iterator[Copy]:
        yield from copies(3)
        raise LookupError("the lease is lost")

    told: list[Outcome] = []
    with pytest.raises(LookupError, match="lease"):
        told.extend(
            filter(None, transport_to(sink, connections=1).send(a_mailing(), breaking(), call_id="c1"))
        )

    # What was in flight is finished too; it would have been in doubt.
    assert [one.ref for one in told] == ["r1", "r2", "r3"]
    assert {one.verdict for one in told} == {Verdict.ACCEPTED}
    assert len(sink.messages) == 3


@pytest.mark.parametrize("has_pipelining", [True, False])
@pytest.mark.parametrize("security", ["none", "starttls"])
def test_many_copies_over_many_connections_arrive_once(
    transport_to: Opening, has_pipelining: bool, security: str
) -> None:
    tls = loopback_tls().server if security == "starttls" else None
    with SmtpSink(has_pipelining=has_pipelining, tls=tls) as sink:
        transport = transport_to(sink, connections=5, security=security)

        outcomes = send(transport, 120)

        assert set(verdicts(outcomes)) == {Verdict.ACCEPTED}
        assert Counter(one.recipient for one in sink.messages) == Counter(c.address for c in copies(120))
        assert sink.connections == 5
        transport.close()


@pytest.mark.parametrize("has_pipelining", [True, False])
@pytest.mark.parametrize("step", [Step.RCPT, Step.DATA, Step.DOT])
def test_replies_find_their_copy_with_and_without_pipelining(
    transport_to: Opening, has_pipelining: bool, step: Step
) -> None:
    with SmtpSink(has_pipelining=has_pipelining) as sink:
        for number in (2, 3, 5):
            sink.answer(a_copy(number).address, step, f"550 5.1.1 no r{number} here")
        transport = transport_to(sink)

        outcomes = send(transport, 6)

        for ref, outcome in outcomes.items():
            is_refused = ref in ("r2", "r3", "r5")
            assert outcome.verdict is (Verdict.REFUSED if is_refused else Verdict.ACCEPTED)
            assert not is_refused or outcome.reply == f"550 5.1.1 no {ref} here"
        assert sink.connections == 1
        transport.close()


# --- doubt ---------------------------------------------------------------------


def test_the_copy_whose_envelope_rode_along_is_not_in_doubt(transport_to: Opening, sink: SmtpSink) -> None:
    sink.hang_up(R3, Step.DOT, is_kept=True)

    outcomes = send(transport_to(sink))

    assert [ref for ref, one in outcomes.items() if one.verdict is Verdict.IN_DOUBT] == ["r3"]
    # r4 had its MAIL, RCPT and DATA behind the dot of r3; it went once, over the next connection.
    assert [one.connection for one in sink.messages] == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("is_kept", [True, False])
def test_doubt_over_tls_is_as_narrow(transport_to: Opening, is_kept: bool) -> None:
    with SmtpSink(tls=loopback_tls().server) as sink:
        sink.hang_up(R3, Step.DOT, is_kept=is_kept)
        transport = transport_to(sink, security="starttls")

        outcomes = send(transport)

        assert [ref for ref, one in outcomes.items() if one.verdict is Verdict.IN_DOUBT] == ["r3"]
        assert verdicts(outcomes).count(Verdict.ACCEPTED) == 4
        transport.close()


# --- what replies mean -----------------------------------------------------------


def test_coming_too_fast_is_never_held_against_a_reader(transport_to: Opening, sink: SmtpSink) -> None:
    words = "550 Ip frequency limited. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022"
    sink.answer(R3, Step.RCPT, words)
    stream = transport_to(sink).send(a_mailing(), copies(4), call_id="c1", lane=Lane.QQ)

    outcomes = {one.ref: one for one in outcomes_of(stream)}

    assert (outcomes["r3"].verdict, outcomes["r3"].meaning) == (Verdict.DEFERRED, Meaning.THROTTLED)
    assert outcomes["r3"].reply == words
    assert verdicts(outcomes).count(Verdict.ACCEPTED) == 3


def test_a_goodbye_that_says_too_fast_is_a_throttle_and_not_a_deferral(
    transport_to: Opening, sink: SmtpSink
) -> None:
    sink.answer(SENDER, Step.MAIL, "421 4.7.0 HL:REP too frequent, slow down")

    outcome = send(transport_to(sink), 1)["r1"]

    # Told at once: asking again over another connection would only be faster still.
    assert (outcome.verdict, outcome.meaning) == (Verdict.DEFERRED, Meaning.THROTTLED)
    assert sink.messages == []


def test_coming_too_fast_is_no_misconfiguration(transport_to: Opening, sink: SmtpSink) -> None:
    sink.answer(SENDER, Step.MAIL, "550 Domain frequency limited.", times=1)
    stream = transport_to(sink).send(a_mailing(), copies(2), call_id="c1", lane=Lane.QQ)

    assert sorted(one.verdict for one in outcomes_of(stream)) == [Verdict.ACCEPTED, Verdict.DEFERRED]


def test_a_refusal_says_what_it_means(transport_to: Opening, sink: SmtpSink) -> None:
    sink.answer(R3, Step.RCPT, "550 5.1.1 no such user")

    assert send(transport_to(sink))["r3"].meaning is Meaning.HARD


def test_what_is_in_flight_is_finished_before_sending_stops(transport_to: Opening, sink: SmtpSink) -> None:
    sink.answer(R3, Step.RCPT, "554 5.7.1 Relay access denied")

    outcomes: list[Outcome | None] = []
    with pytest.raises(Misconfigured, match="relay"):
        outcomes.extend(transport_to(sink, connections=4).send(a_mailing(), copies(40), call_id="c1"))

    told = [one for one in outcomes if one]
    assert {one.verdict for one in told} == {Verdict.ACCEPTED}
    assert len(told) == len(sink.messages) >= 2


# --- SIZE ------------------------------------------------------------------------


def test_a_message_over_the_servers_limit_is_refused_and_not_sent(transport_to: Opening) -> None:
    with SmtpSink(largest_message_bytes=4000) as sink:
        transport = transport_to(sink)

        outcome = send(transport, 1)["r1"]

        assert outcome.verdict is Verdict.REFUSED
        assert "4000 at most (SIZE)" in outcome.reply
        assert sink.messages == []
        transport.close()


# --- kept connections ------------------------------------------------------------


def test_connections_are_kept_between_calls(transport_to: Opening, sink: SmtpSink) -> None:
    transport = transport_to(sink)

    for _ in range(3):
        send(transport, 3)

    assert sink.connections == 1


def test_an_idle_connection_that_the_server_ended_costs_nobody_anything(
    transport_to: Opening, sink: SmtpSink
) -> None:
    transport = transport_to(sink)
    send(transport, 3)
    sink.end_connections()

    assert verdicts(send(transport, 3)) == [Verdict.ACCEPTED] * 3
    assert sink.connections == 2


def test_a_connection_is_changed_after_so_many_messages(transport_to: Opening, sink: SmtpSink) -> None:
    outcomes = send(transport_to(sink, messages_per_connection=4), 10)

    assert verdicts(outcomes) == [Verdict.ACCEPTED] * 10
    assert Counter(one.connection for one in sink.messages) == {1: 4, 2: 4, 3: 2}


def test_a_lane_may_want_fewer_messages_from_a_connection(transport_to: Opening, sink: SmtpSink) -> None:
    transport = transport_to(sink, messages_per_connection=10, fewer_in={Lane.NETEASE: 2})

    outcomes_of(transport.send(a_mailing(), copies(4), call_id="c1", lane=Lane.NETEASE))

    assert Counter(one.connection for one in sink.messages) == {1: 2, 2: 2}


def test_a_handful_of_copies_opens_one_connection(transport_to: Opening, sink: SmtpSink) -> None:
    send(transport_to(sink, connections=8), 3)

    assert sink.connections == 1


def test_threads_share_the_connections_and_nobody_starves(transport_to: Opening, sink: SmtpSink) -> None:
    transport = transport_to(sink, connections=2)
    told: list[list[Outcome]] = []

    def call(name: str) -> None:
        told.append(outcomes_of(transport.send(a_mailing(), copies(30), call_id=name)))

    threads = [threading.Thread(target=call, args=(f"c{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [len(outcomes) for outcomes in told] == [30] * 4
    assert {one.verdict for outcomes in told for one in outcomes} == {Verdict.ACCEPTED}
    assert sink.connections <= 2


# --- several servers ---------------------------------------------------------------


@pytest.fixture
def other() -> Iterator[SmtpSink]:
    with SmtpSink() as other:
        yield other


def test_servers_share_the_mail(transport_to: Opening, sink: SmtpSink, other: SmtpSink) -> None:
    send(transport_to(sink, other, connections=2), 60)

    assert len(sink.messages) + len(other.messages) == 60
    assert min(len(sink.messages), len(other.messages)) >= 5
    assert (sink.connections, other.connections) == (2, 2)


def test_a_server_without_weight_waits_for_the_others_to_be_away(
    transport_to: Opening, sink: SmtpSink, other: SmtpSink
) -> None:
    transport = transport_to(sink, other, connections=2, weights=(1, 0))
    send(transport, 20)
    assert len(other.messages) == 0

    sink.refuse_connections()
    sink.end_connections()

    assert verdicts(send(transport, 20)) == [Verdict.ACCEPTED] * 20
    assert len(other.messages) == 20


def test_another_server_takes_over_in_the_middle_of_a_call(
    transport_to: Opening, sink: SmtpSink, other: SmtpSink
) -> None:
    sink.hang_up(R3, Step.RCPT)
    stream = transport_to(sink, other, weights=(1, 0)).send(a_mailing(), copies(9), call_id="c1")
    outcomes = [next(one for one in stream if one)]
    sink.refuse_connections()

    outcomes += outcomes_of(stream)

    assert [one.verdict for one in outcomes] == [Verdict.ACCEPTED] * 9
    assert (len(sink.messages), len(other.messages)) == (2, 7)


def test_a_host_that_cannot_be_a_name_does_not_hang() -> None:
    transport = SmtpTransport([Server(host="smtp..example.com", security="none")])
    gives_up = time.monotonic() + 5

    def has_hung() -> bool:
        return time.monotonic() > gives_up

    for _ in range(3):  # and what was reserved for it is free again
        with pytest.raises(Misconfigured, match=r"smtp\.\.example\.com"):
            next(None for _ in transport.send(a_mailing(), copies(1), call_id="c1") if has_hung())


def test_a_thread_that_cannot_be_started_leaves_its_place_to_the_next(
    transport_to: Opening, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = transport_to(sink, connections=1)
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("smtp-dial-"):
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Unavailable):
            send(transport, 1)

    assert set(verdicts(send(transport, 1))) == {Verdict.ACCEPTED}


def test_when_all_servers_fail_the_copies_stay_with_us(
    transport_to: Opening, sink: SmtpSink, other: SmtpSink
) -> None:
    transport = transport_to(sink, other)
    for one in (sink, other):
        one.refuse_connections()

    with pytest.raises(Unavailable, match="not reached"):
        send(transport)

    other.listen()
    assert verdicts(send(transport)) == [Verdict.ACCEPTED] * 5
