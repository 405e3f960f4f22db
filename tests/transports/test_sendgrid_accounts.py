"""Which account takes a call, and that trouble with one names it and shows no key."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from newsletter.app import App
from newsletter.config import Settings
from newsletter.errors import ConfigError
from newsletter.lanes import Lane
from newsletter.testing import faults
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.transports.base import Misconfigured, Unavailable, Verdict
from newsletter.transports.sendgrid import SendGridTransport
from newsletter.transports.sendgrid_accounts import Account, checked, choose
from tests.transports.schema import check_exchange
from tests.transports.support import NOW, a_mailing, copies

CHINA = Account(name="china", api_key="SG.china", ip_pool="cn", lanes=(Lane.QQ, Lane.NETEASE))
WORLD = Account(name="world", api_key="SG.world", subuser="daily-world", weight=3)
SECOND = Account(name="second", api_key="SG.second")


@pytest.fixture
def stub() -> Iterator[StubSendGrid]:
    keys = {"SG.main": ["mail.send"], "SG.china": ["mail.send"], "SG.world": ["mail.send"]}
    with StubSendGrid(keys=keys, clock=lambda: NOW) as stub:
        yield stub
    for exchange in stub.exchanges:
        check_exchange(exchange)


# --- the choice ----------------------------------------------------------------


def test_an_account_takes_only_its_lanes() -> None:
    assert {choose([CHINA, WORLD], Lane.GMAIL, f"c{n}").name for n in range(100)} == {"world"}
    assert {choose([CHINA, WORLD], Lane.QQ, f"c{n}").name for n in range(100)} == {"china", "world"}


def test_the_weight_is_the_share() -> None:
    shares = Counter(choose([WORLD, SECOND], Lane.OTHER, f"c{n}").name for n in range(4000))

    assert 2850 < shares["world"] < 3150


def test_the_same_call_always_has_the_same_account() -> None:
    chosen = [[choose([WORLD, SECOND], Lane.OTHER, f"c{n}").name for n in range(50)] for _ in range(2)]

    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) == 2


def test_every_lane_must_have_an_account() -> None:
    with pytest.raises(ConfigError, match=r"accounts takes the lanes sina.*other"):
        checked([CHINA])


def test_accounts_have_names_of_their_own() -> None:
    with pytest.raises(ConfigError, match="name of its own"):
        checked([WORLD, WORLD])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"api_key": ""}, "api_key of transport.sendgrid.accounts 'a'"),
        ({"subuser": "国际"}, "subuser of transport.sendgrid.accounts 'a'"),
        ({"ip_pool": "x"}, "ip_pool of transport.sendgrid.accounts 'a'"),
    ],
)
def test_what_is_wrong_with_an_account_names_its_setting(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        replace(Account(name="a", api_key="SG.a"), **wrong)


# --- on the wire -----------------------------------------------------------------


def test_a_call_goes_out_with_the_key_the_subuser_and_the_pool_of_its_account(stub: StubSendGrid) -> None:
    accounts = [CHINA, Account(name="world", api_key="SG.world", subuser="daily", lanes=(Lane.GMAIL,))]
    main = Account(name="main", api_key="SG.main", lanes=tuple(set(Lane) - {Lane.QQ, Lane.GMAIL}))

    with closing(SendGridTransport(accounts=[*accounts, main], host=stub.url)) as transport:
        for number, lane in enumerate([Lane.QQ, Lane.GMAIL, Lane.OTHER, Lane.QQ]):
            outcomes = list(transport.send(a_mailing(), copies(2), call_id=f"c{number}", lane=lane))
            assert {one.verdict for one in outcomes} == {Verdict.ACCEPTED}

    seen = [
        (
            exchange.request.headers["Authorization"],
            exchange.request.headers["On-Behalf-Of"],
            json.loads(exchange.request.body).get("ip_pool_name"),
        )
        for exchange in stub.exchanges
    ]
    assert seen == [
        ("Bearer SG.china", None, "cn"),
        ("Bearer SG.world", "daily", None),
        ("Bearer SG.main", None, None),
        ("Bearer SG.china", None, "cn"),
    ]


def test_one_account_may_have_a_pool_too(stub: StubSendGrid) -> None:
    with closing(SendGridTransport("SG.main", ip_pool="morning", host=stub.url)) as transport:
        list(transport.send(a_mailing(), copies(2), call_id="c1"))

    assert json.loads(stub.exchanges[0].request.body)["ip_pool_name"] == "morning"


def test_trouble_with_one_account_names_it_and_leaves_the_others_alone(stub: StubSendGrid) -> None:
    accounts = [
        Account(name="china", api_key="SG.wrong", lanes=(Lane.QQ,)),
        Account(name="world", api_key="SG.world", lanes=tuple(set(Lane) - {Lane.QQ})),
    ]

    with closing(SendGridTransport(accounts=accounts, host=stub.url, clock=lambda: NOW)) as transport:
        with pytest.raises(Misconfigured, match=r"key.*transport\.sendgrid\.accounts 'china'"):
            list(transport.send(a_mailing(), copies(2), call_id="c1", lane=Lane.QQ))
        stub.script(faults.rate_limited())
        with pytest.raises(Unavailable, match="accounts 'world'"):
            list(transport.send(a_mailing(), copies(2), call_id="c2", lane=Lane.GMAIL))
        stub.keys["SG.wrong"] = ["mail.send"]

        outcomes = list(transport.send(a_mailing(), copies(2), call_id="c3", lane=Lane.QQ))

    assert {one.verdict for one in outcomes} == {Verdict.ACCEPTED}


def test_no_key_stands_in_a_log_an_error_or_a_repr(
    stub: StubSendGrid, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="python_http_client.client")
    stub.script(faults.HALF_STATUS, faults.BROKEN, faults.REDIRECT)
    accounts = [Account(name="a", api_key="SG.world"), Account(name="b", api_key="SG.nobody")]
    said = [repr(accounts)]

    with closing(SendGridTransport(accounts=accounts, host=stub.url)) as transport:
        said.append(repr(vars(transport)))
        for number in range(12):
            try:
                said += map(repr, transport.send(a_mailing(), copies(2), call_id=f"c{number}"))
            except (Misconfigured, Unavailable) as error:
                said += [repr(error), repr(error.__cause__)]

    said += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert len(said) > 10
    assert "SG." not in "".join(said)
    assert "reader1@example.com" not in "".join(said)


def test_the_settings_become_accounts(stub: StubSendGrid) -> None:
    settings = Settings.model_validate(
        {
            "transport": {
                "kind": "sendgrid",
                "sendgrid": {
                    "api_key": "SG.main",
                    "host": stub.url,
                    "ip_pool": "morning",
                    "accounts": [
                        {"name": "china", "api_key": "SG.china", "ip_pool": "cn", "lanes": ["qq"]},
                        {"name": "world", "subuser": "daily", "lanes": sorted(set(Lane) - {Lane.QQ})},
                    ],
                },
            }
        }
    )
    app = App(settings, clock=lambda: NOW)

    for lane in (Lane.QQ, Lane.GMAIL):
        list(app.transport.send(a_mailing(), copies(1), call_id="c1", lane=lane))
    app.close()

    keys = [exchange.request.headers["Authorization"] for exchange in stub.exchanges]
    assert keys == ["Bearer SG.china", "Bearer SG.main"]
    assert stub.exchanges[1].request.headers["On-Behalf-Of"] == "daily"


def test_without_a_key_the_transport_is_not_made() -> None:
    settings = Settings.model_validate({"transport": {"kind": "sendgrid"}})

    with pytest.raises(ConfigError, match=r"transport\.sendgrid\.api_key"):
        _ = App(settings).transport
