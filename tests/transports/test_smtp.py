"""The SMTP transport against a real server: what each reply, and each silence, means for a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from newsletter.mailing import RETURN_PATH
from newsletter.testing.certificate import loopback_tls
from newsletter.testing.smtp_sink import SmtpSink, Step
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_connection import Security, Server
from newsletter.transports.smtp_job import Patience
from tests.transports.conftest import PASSWORD
from tests.transports.support import LONG, NOW, SHORT, a_copy, a_mailing, copies, outcomes_of, seen_in_bytes

IMPATIENT = Patience(command=SHORT, data=SHORT, block=SHORT, dot=SHORT)
SENDER = a_mailing().sender.address
R3 = a_copy(3).address


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


Opening = Callable[..., SmtpTransport]


@pytest.fixture
def transport_to() -> Iterator[Opening]:
    """Return what makes transports to a sink, and closes them in the end."""
    opened: list[SmtpTransport] = []

    def open_one(
        *sinks: SmtpSink,
        security: Security = "none",
        username: str = "",
        password: str = "",
        connections: int = 1,
        weights: Sequence[int] = (1, 1, 1),
        trusts_sink: bool = True,
        **options: Any,
    ) -> SmtpTransport:
        servers = [
            Server(
                host=sink.host,
                port=sink.port,
                security=security,
                username=username,
                password=password,
                connections=connections,
                weight=weight,
            )
            for sink, weight in zip(sinks, weights, strict=False)
        ]
        context = loopback_tls().client if trusts_sink else None
        options = {"timeout": LONG, "clock": lambda: NOW, "context": context} | options
        opened.append(SmtpTransport(servers, **options))
        return opened[-1]

    yield open_one
    for transport in opened:
        transport.close()


def send(transport: SmtpTransport, count: int = 5) -> dict[str, Outcome]:
    outcomes = outcomes_of(transport.send(a_mailing(), copies(count), call_id="c1"))
    assert len(outcomes) == count
    return {outcome.ref: outcome for outcome in outcomes}


def verdicts(outcomes: dict[str, Outcome]) -> list[str]:
    return [outcome.verdict for outcome in outcomes.values()]


# --- when all is well --------------------------------------------------------


def test_one_connection_carries_a_call(transport_to: Opening, sink: SmtpSink) -> None:
    outcomes = send(transport_to(sink))

    assert [one.recipient for one in sink.messages] == [copy.address for copy in copies(5)]
    assert {one.sender for one in sink.messages} == {SENDER}
    assert sink.connections == 1
    assert [outcome.provider_id for outcome in outcomes.values()] == [one.queue_id for one in sink.messages]
    assert outcomes["r1"].reply == "250 2.0.0 Ok: queued as SINK000001"


def test_the_server_gets_the_bytes_that_were_prepared(transport_to: Opening, sink: SmtpSink) -> None:
    send(transport_to(sink), 1)

    raw = sink.messages[0].content
    assert seen_in_bytes(raw).text == a_mailing().fill(a_copy(1)).text
    assert f"\r\nList-Unsubscribe: <{a_copy(1).values['leave_url']}>,\r\n <mailto:".encode() in raw
    assert raw.endswith(b"--\r\n")


@pytest.mark.parametrize(("security", "is_wrapped"), [("starttls", False), ("tls", True)])
def test_a_session_is_encrypted_and_logged_in(
    transport_to: Opening, security: Security, is_wrapped: bool
) -> None:
    login = ("daily", PASSWORD)
    with SmtpSink(tls=loopback_tls().server, is_wrapped=is_wrapped, login=login) as sink:
        outcomes = send(transport_to(sink, security=security, username="daily", password=PASSWORD))

    assert verdicts(outcomes) == [Verdict.ACCEPTED] * 5
    assert sink.connections == 1


@pytest.mark.parametrize(
    ("reply", "queue_id"),
    [
        ("250 2.0.0 Ok: queued as 4XyZ12abc", "4XyZ12abc"),
        ("250 OK id=1tJ2ab-0000Xy-1Q", "1tJ2ab-0000Xy-1Q"),
        ("250 Mail OK queued as smtp7,zsCowAA3.55614S2 1763800000", "smtp7,zsCowAA3.55614S2"),
        ("250 OK: queued as.", None),
        ("250 2.0.0 OK 1763800000 x-20si1.45 - gsmtp", None),
    ],
)
def test_the_queue_id_is_told_when_the_server_tells_it(
    transport_to: Opening, sink: SmtpSink, reply: str, queue_id: str | None
) -> None:
    sink.answer(a_copy(1).address, Step.DOT, reply)

    outcome = send(transport_to(sink), 1)["r1"]

    assert (outcome.verdict, outcome.provider_id, outcome.reply) == (Verdict.ACCEPTED, queue_id, reply)


# --- what the server says about one copy ---------------------------------------


@pytest.mark.parametrize("step", [Step.RCPT, Step.DATA, Step.DOT])
@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("550 5.1.1 no such user", Verdict.REFUSED),
        ("552 5.2.2 mailbox full", Verdict.REFUSED),
        ("450 4.2.1 try later", Verdict.DEFERRED),
        ("451 DT:SPM spam-like, keep the queue", Verdict.DEFERRED),
    ],
)
def test_a_reply_is_about_its_copy_alone(
    transport_to: Opening, sink: SmtpSink, step: Step, reply: str, verdict: Verdict
) -> None:
    sink.answer(R3, step, reply)

    outcomes = send(transport_to(sink))

    assert (outcomes["r3"].verdict, outcomes["r3"].reply) == (verdict, reply)
    assert verdicts(outcomes).count(Verdict.ACCEPTED) == 4
    assert R3 not in [one.recipient for one in sink.messages]
    assert sink.connections == 1


@pytest.mark.parametrize("step", [Step.RCPT, Step.DATA, Step.DOT])
def test_a_server_that_says_goodbye_gets_a_new_connection(
    transport_to: Opening, sink: SmtpSink, step: Step
) -> None:
    sink.answer(R3, step, "421 4.3.2 too many messages on this connection")

    outcomes = send(transport_to(sink))

    assert outcomes["r3"].verdict is Verdict.DEFERRED
    assert verdicts(outcomes).count(Verdict.ACCEPTED) == 4
    assert [one.connection for one in sink.messages] == [1, 1, 2, 2]


# --- lost connections --------------------------------------------------------


@pytest.mark.parametrize("step", [Step.RCPT, Step.DATA, Step.CONTENT])
def test_lost_before_the_dot_goes_over_another_connection(
    transport_to: Opening, sink: SmtpSink, step: Step
) -> None:
    sink.hang_up(R3, step, times=1)
    # So much that the server is gone before all of it is out.
    mailing = a_mailing(paragraphs=40_000 if step is Step.CONTENT else 8)

    outcomes = outcomes_of(transport_to(sink).send(mailing, copies(4), call_id="c1"))

    assert [one.verdict for one in outcomes] == [Verdict.ACCEPTED] * 4
    assert [one.connection for one in sink.messages] == [1, 1, 2, 2]
    assert [one.recipient for one in sink.messages] == [copy.address for copy in copies(4)]


@pytest.mark.parametrize("step", [Step.RCPT, Step.DATA, Step.CONTENT])
def test_lost_before_the_dot_twice_is_not_handed_over(
    transport_to: Opening, sink: SmtpSink, step: Step
) -> None:
    sink.hang_up(R3, step)
    mailing = a_mailing(paragraphs=40_000 if step is Step.CONTENT else 8)

    outcomes = {
        one.ref: one for one in outcomes_of(transport_to(sink).send(mailing, copies(4), call_id="c1"))
    }

    assert outcomes["r3"].verdict is Verdict.DEFERRED
    assert "before the message was handed over" in outcomes["r3"].reply
    assert [outcomes[ref].verdict for ref in ("r1", "r2", "r4")] == [Verdict.ACCEPTED] * 3
    assert R3 not in [one.recipient for one in sink.messages]


@pytest.mark.parametrize("is_kept", [True, False])
def test_lost_after_the_dot_is_in_doubt_and_only_that_copy(
    transport_to: Opening, sink: SmtpSink, is_kept: bool
) -> None:
    sink.hang_up(R3, Step.DOT, is_kept=is_kept)

    outcomes = send(transport_to(sink))

    assert outcomes["r3"].verdict is Verdict.IN_DOUBT
    assert verdicts(outcomes).count(Verdict.ACCEPTED) == 4
    assert [one.connection for one in sink.messages if one.recipient != R3] == [1, 1, 2, 2]


@pytest.mark.parametrize("is_kept", [True, False])
def test_silence_after_the_dot_is_in_doubt(transport_to: Opening, sink: SmtpSink, is_kept: bool) -> None:
    sink.fall_silent(R3, Step.DOT, is_kept=is_kept)

    outcomes = send(transport_to(sink, patience=IMPATIENT))

    assert outcomes["r3"].verdict is Verdict.IN_DOUBT
    assert verdicts(outcomes).count(Verdict.ACCEPTED) == 4


@pytest.mark.parametrize("step", [Step.RCPT, Step.DATA])
def test_silence_before_the_content_is_deferred(transport_to: Opening, sink: SmtpSink, step: Step) -> None:
    sink.fall_silent(R3, step)

    outcomes = send(transport_to(sink, patience=IMPATIENT))

    assert outcomes["r3"].verdict is Verdict.DEFERRED
    assert verdicts(outcomes).count(Verdict.ACCEPTED) == 4


@pytest.mark.parametrize("reply", ["lo and behold", "250" + "x" * 9000, "354 go on"])
def test_gibberish_after_the_dot_is_in_doubt(transport_to: Opening, sink: SmtpSink, reply: str) -> None:
    sink.answer(R3, Step.DOT, reply)

    outcomes = send(transport_to(sink))

    assert outcomes["r3"].verdict is Verdict.IN_DOUBT
    assert verdicts(outcomes).count(Verdict.ACCEPTED) == 4


def test_a_server_that_hangs_up_on_everybody_is_left_alone(transport_to: Opening, sink: SmtpSink) -> None:
    for copy in copies(5):
        sink.hang_up(copy.address, Step.RCPT)

    outcomes: list[Outcome | None] = []
    with pytest.raises(Unavailable, match="hangs up"):
        outcomes.extend(transport_to(sink).send(a_mailing(), copies(5), call_id="c1"))

    told = [(one.ref, one.verdict) for one in outcomes if one]
    assert told == [("r1", "deferred"), ("r2", "deferred")]
    assert sink.connections == 4


def test_a_server_that_is_gone_in_the_middle_leaves_the_rest_with_us(
    transport_to: Opening, sink: SmtpSink
) -> None:
    sink.hang_up(R3, Step.RCPT)
    stream = transport_to(sink).send(a_mailing(), copies(5), call_id="c1")
    outcomes = [next(one for one in stream if one)]
    sink.refuse_connections()

    with pytest.raises(Unavailable, match="not reached"):
        outcomes.extend(one for one in stream if one)

    assert [one.ref for one in outcomes] == ["r1", "r2"]
    assert {one.verdict for one in outcomes} == {Verdict.ACCEPTED}


# --- no session at all -------------------------------------------------------


def test_nobody_there_is_unavailable(transport_to: Opening, sink: SmtpSink) -> None:
    sink.refuse_connections()

    with pytest.raises(Unavailable, match="not reached"):
        send(transport_to(sink))


@pytest.mark.parametrize("greeting", ["421 4.7.0 HL:ICC too many connections", "554 5.7.1 no service"])
def test_a_server_that_does_not_greet_is_unavailable(
    transport_to: Opening, sink: SmtpSink, greeting: str
) -> None:
    sink.greeting = greeting

    with pytest.raises(Unavailable, match=greeting[:3]):
        send(transport_to(sink))


def test_a_wrong_password_is_a_matter_for_a_person(transport_to: Opening) -> None:
    with SmtpSink(tls=loopback_tls().server, login=("daily", PASSWORD)) as sink:
        transport = transport_to(sink, security="starttls", username="daily", password="wrong-horse")

        with pytest.raises(Misconfigured, match="535") as refused:
            send(transport)

    assert "wrong-horse" not in str(refused.value)


def test_a_missing_login_is_a_matter_for_a_person(transport_to: Opening) -> None:
    with SmtpSink(login=("daily", PASSWORD)) as sink, pytest.raises(Misconfigured, match="530"):
        send(transport_to(sink))


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_refused(transport_to: Opening, is_wrapped: bool) -> None:
    with SmtpSink(tls=loopback_tls().server, is_wrapped=is_wrapped) as sink:
        security: Security = "tls" if is_wrapped else "starttls"

        with pytest.raises(Misconfigured, match="certificate"):
            send(transport_to(sink, security=security, trusts_sink=False))

        assert sink.messages == []


def test_nothing_is_sent_in_the_clear_where_encryption_was_asked_for(
    transport_to: Opening, sink: SmtpSink
) -> None:
    with pytest.raises(Misconfigured, match="STARTTLS"):
        send(transport_to(sink, security="starttls"))

    assert sink.messages == []


def test_a_password_is_never_sent_in_the_clear_to_another_machine() -> None:
    with pytest.raises(Misconfigured, match=r"transport\.smtp\.security"):
        Server(host="mail.example.com", security="none", username="daily", password=PASSWORD)


def test_a_server_without_a_login_is_not_trusted_with_one(transport_to: Opening, sink: SmtpSink) -> None:
    sink_without_login = transport_to(sink, username="daily", password=PASSWORD)

    # aiosmtpd offers AUTH to everybody, and refuses it here.
    with pytest.raises(Misconfigured):
        send(sink_without_login)


def test_a_refused_sender_refuses_no_reader(transport_to: Opening, sink: SmtpSink) -> None:
    sink.answer(SENDER, Step.MAIL, f"553 5.7.1 <{SENDER}>: sender not owned by user")

    with pytest.raises(Misconfigured, match="553") as refused:
        send(transport_to(sink))

    assert SENDER not in str(refused.value)


def test_a_sender_who_must_wait_is_deferred(transport_to: Opening, sink: SmtpSink) -> None:
    sink.answer(SENDER, Step.MAIL, "451 MI:SFQ quarter of an hour", times=1)

    assert verdicts(send(transport_to(sink)))[0] == Verdict.DEFERRED


@pytest.mark.parametrize(
    "reply",
    [
        "554 5.7.1 <a@b.example>: Relay access denied",
        "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
        "550 relay not permitted",
        "550 Relaying denied",
    ],
)
def test_a_denied_relay_refuses_no_reader(transport_to: Opening, sink: SmtpSink, reply: str) -> None:
    sink.answer(a_copy(1).address, Step.RCPT, reply)

    with pytest.raises(Misconfigured, match="relay"):
        send(transport_to(sink))


def test_a_copy_goes_out_from_its_own_address_where_it_has_one(transport_to: Opening, sink: SmtpSink) -> None:
    own = a_copy(1)
    own = replace(own, values={**own.values, RETURN_PATH: "bounces+1-1-1-abc@news.example.com"})

    list(transport_to(sink).send(a_mailing(), [own, a_copy(2)], call_id="c"))

    assert {each.recipient: each.sender for each in sink.messages} == {
        own.address: "bounces+1-1-1-abc@news.example.com",
        a_copy(2).address: SENDER,
    }
