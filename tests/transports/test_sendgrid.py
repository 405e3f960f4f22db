"""The SendGrid transport against the stub: one request for many, and the truth about each answer."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest

from newsletter.errors import ConfigError
from newsletter.mailing import Hole, HoleKind, Template
from newsletter.testing import faults
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict
from newsletter.transports.sendgrid import SendGridTransport
from tests.transports.conftest import KEY
from tests.transports.support import LEAVE, a_copy, a_mailing, copies


def send(transport: SendGridTransport, count: int = 5, call_id: str = "c1") -> dict[str, Outcome]:
    outcomes = list(transport.send(a_mailing(), copies(count), call_id=call_id))
    assert len(outcomes) == count
    return {outcome.ref: outcome for outcome in outcomes}


def verdicts(outcomes: dict[str, Outcome]) -> set[Verdict]:
    return {outcome.verdict for outcome in outcomes.values()}


def bodies(stub: StubSendGrid) -> list[dict]:
    return [json.loads(exchange.request.body) for exchange in stub.exchanges]


# --- one request for many ----------------------------------------------------


def test_a_thousand_readers_are_one_request(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    outcomes = send(sendgrid, 1000)

    assert len(stub.exchanges) == 1
    assert len(stub.messages) == 1000
    assert {one.provider_id for one in outcomes.values()} == {stub.messages[0].request_id}


def test_every_reader_has_links_of_their_own(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    send(sendgrid, 20)

    for message, copy in zip(stub.messages, copies(20), strict=True):
        filled = a_mailing().fill(copy)
        assert (message.text, message.html) == (filled.text, filled.html)
        assert message.headers["List-Unsubscribe"] == dict(filled.headers)["List-Unsubscribe"]
        assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "%%" not in message.text + message.html + message.subject


def test_the_same_name_is_escaped_in_html_and_not_in_text(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    mailing = a_mailing(
        text=Template(("致 ", Hole("name", HoleKind.TEXT), " ", LEAVE)),
        html=Template(("<p>致 ", Hole("name", HoleKind.HTML), "</p>", LEAVE)),
    )

    list(sendgrid.send(mailing, [a_copy(name="<b>张三 & 李四</b>")], call_id="c1"))

    message = stub.messages[0]
    assert message.text.startswith("致 <b>张三 & 李四</b> https")
    assert message.html.startswith("<p>致 &lt;b&gt;张三 &amp; 李四&lt;/b&gt;</p>https")


def test_events_will_carry_the_copy_and_the_call(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    send(sendgrid, 2, call_id="call-7")

    assert [message.custom_args for message in stub.messages] == [
        {"nl_call": "call-7", "nl_ref": "r1"},
        {"nl_call": "call-7", "nl_ref": "r2"},
    ]


def test_nothing_is_tracked_and_nobody_is_counted(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    send(sendgrid, 1)

    tracking = bodies(stub)[0]["tracking_settings"]
    assert set(tracking) == {"click_tracking", "open_tracking", "subscription_tracking", "ganalytics"}
    assert not any(switch for setting in tracking.values() for switch in setting.values())
    assert bodies(stub)[0]["categories"] == ["ai_daily-2026-11-23"]


def test_the_reply_address_is_sendgrids_own_field(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    mailing = a_mailing(headers=(("Reply-To", Template(("编辑部 <editors@news.example.com>",))),))

    list(sendgrid.send(mailing, copies(1), call_id="c1"))

    assert bodies(stub)[0]["reply_to"] == {"email": "editors@news.example.com", "name": "编辑部"}
    assert stub.messages[0].headers == {}


def test_a_reply_address_for_each_reader_cannot_be(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    mailing = a_mailing(headers=(("Reply-To", Template((Hole("reply", HoleKind.HEADER),))),))

    with pytest.raises(Misconfigured, match="Reply-To"):
        list(sendgrid.send(mailing, copies(1), call_id="c1"))


def test_a_mailing_without_holes_goes_out_too(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    mailing = a_mailing(headers=(), text=Template(("早安",)), html=Template(("<p>早安</p>",)))

    outcomes = list(sendgrid.send(mailing, copies(2), call_id="c1"))

    assert [one.verdict for one in outcomes] == [Verdict.ACCEPTED] * 2


def test_one_connection_carries_many_requests(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    for number in range(5):
        send(sendgrid, 1, call_id=f"c{number}")

    assert stub.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_not_used(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    assert verdicts(send(sendgrid, 2, "c1")) == {Verdict.ACCEPTED}

    stub.end_connections()

    assert verdicts(send(sendgrid, 2, "c2")) == {Verdict.ACCEPTED}

    assert stub.connections == 2


# --- before anything is sent ---------------------------------------------------


def test_one_address_is_named_once_in_a_request(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    twice = [a_copy(1), a_copy(2), a_copy(3, to="READER1@example.com"), a_copy(4, to="reader1@example.com")]

    outcomes = {one.ref: one for one in sendgrid.send(a_mailing(), twice, call_id="c1")}

    assert verdicts(outcomes) == {Verdict.ACCEPTED}
    assert [len(body["personalizations"]) for body in bodies(stub)] == [2, 1, 1]
    # None of them carries the whole call, so none may settle the whole call.
    assert [body["custom_args"]["nl_call"] for body in bodies(stub)] == ["c1.1", "c1.2", "c1.3"]


def test_more_than_a_thousand_copies_are_several_requests(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    send(sendgrid, 1100)

    assert [len(body["personalizations"]) for body in bodies(stub)] == [1000, 100]


def test_a_reader_with_too_much_to_say_is_refused_alone(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    mailing = a_mailing(text=Template((Hole("note", HoleKind.TEXT), LEAVE)))

    outcomes = {
        one.ref: one for one in sendgrid.send(mailing, [a_copy(1), a_copy(2, note="字" * 3400)], call_id="c1")
    }

    assert outcomes["r1"].verdict is Verdict.ACCEPTED
    assert outcomes["r2"].verdict is Verdict.REFUSED
    assert "10000" in outcomes["r2"].reply
    assert bodies(stub)[0]["custom_args"]["nl_call"] == "c1.1"


def test_a_template_with_too_many_holes_is_a_matter_for_a_person(sendgrid: SendGridTransport) -> None:
    holes = tuple(Hole(f"h{number}", HoleKind.TEXT) for number in range(151))

    with pytest.raises(Misconfigured, match="150"):
        list(sendgrid.send(a_mailing(text=Template(holes)), copies(1), call_id="c1"))


def test_a_body_too_large_for_sendgrid_is_halved(
    stub: StubSendGrid, sendgrid: SendGridTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.transports.sendgrid_call.LARGEST_BODY", 8_000)

    assert verdicts(send(sendgrid, 8)) == {Verdict.ACCEPTED}

    assert len(stub.exchanges) > 1
    assert len(stub.messages) == 8


@pytest.mark.parametrize("key", ["", "  ", "SG.\r\nX: y", "SG.密钥"])
def test_what_cannot_be_a_key_is_a_matter_for_a_person(key: str) -> None:
    with pytest.raises(ConfigError, match=r"transport\.sendgrid\.api_key"):
        SendGridTransport(key)


@pytest.mark.parametrize(
    "host", ["api.sendgrid.com", "ftp://x", "https://", "https://x:port", "https://x/v3"]
)
def test_what_cannot_be_a_host_is_a_matter_for_a_person(host: str) -> None:
    with pytest.raises(ConfigError, match=r"transport\.sendgrid\.host"):
        SendGridTransport(KEY, host=host)


# --- the bad copy is found -------------------------------------------------------


def test_a_copy_that_sendgrid_names_is_refused_with_its_words(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    stub.refused = {"reader3@example.com", "reader5@example.com"}

    outcomes = send(sendgrid, 8, "c1")

    refused = {ref for ref, one in outcomes.items() if one.verdict is Verdict.REFUSED}
    assert refused == {"r3", "r5"}
    assert outcomes["r3"].reply == "400 Does not contain a valid address. (personalizations.2.to.0.email)"
    assert len(stub.messages) == 6
    assert [body["custom_args"]["nl_call"] for body in bodies(stub)] == ["c1", "c1.1"]


def test_a_copy_that_sendgrid_does_not_name_is_found(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    stub.refused = {"reader3@example.com", "reader700@example.com"}
    stub.is_cryptic = True

    outcomes = send(sendgrid, 1000)

    refused = {ref for ref, one in outcomes.items() if one.verdict is Verdict.REFUSED}
    assert refused == {"r3", "r700"}
    assert outcomes["r3"].reply == "400 Bad Request"
    assert Counter(message.address for message in stub.messages).most_common(1)[0][1] == 1
    assert len(stub.messages) == 998
    assert len(stub.exchanges) < 50
    names = [body["custom_args"]["nl_call"] for body in bodies(stub) if "custom_args" in body]
    assert len(set(names)) == len(names)


def test_a_body_that_is_too_large_for_the_far_side_is_taken_apart(
    sendgrid: SendGridTransport, stub: StubSendGrid
) -> None:
    stub.longest_body = 9_000

    outcomes = send(sendgrid, 8)

    assert verdicts(outcomes) == {Verdict.ACCEPTED}
    assert len(stub.messages) == 8


@pytest.mark.parametrize("is_cryptic", [True, False], ids=["cryptic", "named"])
@pytest.mark.parametrize("seed", range(2))
def test_every_bad_copy_is_found_wherever_it_stands(
    stub: StubSendGrid, sendgrid: SendGridTransport, seed: int, is_cryptic: bool
) -> None:
    bad = set(random.Random(seed).sample(range(1, 301), k=3 + 5 * seed))
    print(f"seed {seed}: bad are {sorted(bad)}")
    stub.refused = {f"reader{number}@example.com" for number in bad}
    stub.is_cryptic = is_cryptic

    outcomes = send(sendgrid, 300)

    refused = {ref for ref, one in outcomes.items() if one.verdict is Verdict.REFUSED}
    assert refused == {f"r{number}" for number in bad}
    assert {message.address for message in stub.messages}.isdisjoint(stub.refused)
    assert len({message.address for message in stub.messages}) == len(stub.messages) == 300 - len(bad)
    assert len(stub.exchanges) <= 5 + 2 * len(bad) * 9  # two requests for each halving, nine halvings


@pytest.mark.parametrize("is_one_by_one", [True, False], ids=["one by one", "cryptic"])
def test_what_is_wrong_with_every_copy_is_the_mailings_fault(
    stub: StubSendGrid, sendgrid: SendGridTransport, is_one_by_one: bool
) -> None:
    # Their addresses stand for whatever all copies bring along, such as a header of their own.
    stub.refused = {copy.address for copy in copies(1000)}
    stub.is_cryptic, stub.tells_first_only = not is_one_by_one, is_one_by_one

    outcomes: list[Outcome] = []
    with pytest.raises(Misconfigured, match="whoever it is for"):
        outcomes.extend(sendgrid.send(a_mailing(), copies(1000), call_id="c1"))

    assert outcomes == []
    assert len(stub.exchanges) < 30


def test_a_mailing_that_sendgrid_refuses_refuses_no_reader(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    # Nothing says that it is not a copy's fault, and yet nobody could ever be sent this.
    stub.longest_body = 2_000

    with pytest.raises(Misconfigured, match="413"):
        send(sendgrid, 1000)

    assert len(stub.exchanges) == 2  # the request and one that asks about the mailing alone


def test_a_refusal_that_names_the_mailing_refuses_no_reader(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    stub.script(faults.answers(faults.errors(400, ("content.0.value", "The content value is odd."))))

    with pytest.raises(Misconfigured, match="odd"):
        send(sendgrid)

    assert stub.messages == []


def test_a_refusal_of_everybody_is_the_mailings_fault(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    stub.refused = {copy.address for copy in copies(20)}

    with pytest.raises(Misconfigured):
        send(sendgrid, 20)


def test_after_a_lost_answer_the_rest_stays_with_us(stub: StubSendGrid, sendgrid: SendGridTransport) -> None:
    stub.refused, stub.is_cryptic = {"reader1@example.com"}, True
    stub.script(None, None, faults.BROKEN.kept())  # refused, asked in the sandbox, and lost
    outcomes: list[Outcome] = []

    with pytest.raises(Unavailable, match="kept back") as unavailable:
        outcomes.extend(sendgrid.send(a_mailing(), copies(8), call_id="c2"))

    assert {one.verdict for one in outcomes} == {Verdict.IN_DOUBT}
    assert len(outcomes) == 4
    assert unavailable.value.retry_after


def test_who_was_refused_is_told_although_the_others_are_in_doubt(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    stub.refused = {"reader3@example.com"}
    stub.script(None, faults.BROKEN.kept())

    found = {one.ref: one.verdict for one in sendgrid.send(a_mailing(), copies(5), call_id="c1")}

    assert found.pop("r3") is Verdict.REFUSED
    assert set(found.values()) == {Verdict.IN_DOUBT}


def test_a_slow_far_side_does_not_outlast_the_lease(stub: StubSendGrid) -> None:
    transport = SendGridTransport(KEY, host=stub.url, longest_call=timedelta(0))
    outcomes: list[Outcome] = []

    with closing(transport), pytest.raises(Unavailable, match="slow"):
        outcomes.extend(transport.send(a_mailing(), copies(1100), call_id="c1"))

    assert len(outcomes) == len(stub.messages) == 1000


def test_threads_may_share_it_and_each_has_a_connection_of_its_own(
    stub: StubSendGrid, sendgrid: SendGridTransport
) -> None:
    together = threading.Barrier(4, timeout=20)

    def send_five(thread: int) -> Counter[Verdict]:
        seen: Counter[Verdict] = Counter()
        together.wait()
        for number in range(5):
            mine = [a_copy(1000 * thread + 10 * number + place) for place in range(10)]
            outcomes = list(sendgrid.send(a_mailing(), mine, call_id=f"t{thread}-{number}"))
            assert [one.ref for one in outcomes] == [copy.ref for copy in mine]
            seen.update(one.verdict for one in outcomes)
        return seen

    with ThreadPoolExecutor(4) as pool:
        seen = sum(pool.map(send_five, range(4)), Counter())

    assert seen == {Verdict.ACCEPTED: 200}
    assert len({message.address for message in stub.messages}) == len(stub.messages) == 200
    calls = {message.custom_args["nl_call"]: message.request_id for message in stub.messages}
    assert len(calls) == len(set(calls.values())) == 20
    assert stub.connections <= 4
