"""What ``check_access`` says of an account, and that asking sends nothing."""

from __future__ import annotations

from contextlib import closing

from newsletter.mailing import Sender
from newsletter.testing import faults
from newsletter.testing.stub_sendgrid import Account, StubSendGrid
from newsletter.transports.sendgrid import SendGridTransport
from newsletter.transports.sendgrid_access import Access, Finding
from newsletter.transports.sendgrid_accounts import Account as One
from tests.transports.conftest import KEY
from tests.transports.support import NOW

SENDER = Sender("全球AI新闻速递", "news@news.example.com")


def look(stub: StubSendGrid, *, key: str = KEY, sender: Sender = SENDER) -> dict[str, Finding]:
    with closing(SendGridTransport(key, host=stub.url, clock=lambda: NOW)) as transport:
        return {finding.what: finding for finding in transport.check_access(sender)}


def test_a_key_for_sending_alone_is_fine_and_nothing_is_sent(stub: StubSendGrid) -> None:
    found = look(stub)

    assert {finding.access for finding in found.values()} == {Access.FINE}
    assert stub.messages == []


def test_a_key_that_may_do_more_is_worth_a_word(stub: StubSendGrid) -> None:
    stub.keys[KEY] = ["mail.send", "api_keys.create"]

    assert look(stub)["scopes"].access is Access.ADVICE


def test_a_key_that_may_not_send_is_wrong(stub: StubSendGrid) -> None:
    stub.keys[KEY] = ["stats.read"]

    found = look(stub)

    assert {finding.access for finding in found.values()} == {Access.WRONG}
    assert all("mail.send" in finding.words for finding in found.values())


def test_a_key_that_nobody_knows_is_wrong_and_not_shown(stub: StubSendGrid) -> None:
    found = look(stub, key="SG.unknown")

    assert {finding.access for finding in found.values()} == {Access.WRONG}
    assert "SG.unknown" not in repr(found)


def test_a_sender_who_is_not_verified_is_wrong(stub: StubSendGrid) -> None:
    found = look(stub, sender=Sender("", "news@other.example"))

    assert found["scopes"].access is Access.FINE
    assert found["sending"].access is Access.WRONG
    assert "verify sender.address" in found["sending"].words


def test_an_account_without_credits_is_wrong(stub: StubSendGrid) -> None:
    stub.account = Account.OUT_OF_CREDITS

    assert look(stub)["sending"].access is Access.WRONG


def test_what_could_not_be_asked_is_not_called_wrong(stub: StubSendGrid) -> None:
    stub.refuse_connections()
    assert {finding.access for finding in look(stub).values()} == {Access.NOT_CHECKED}

    stub.listen()
    stub.script(faults.BROKEN)
    assert look(stub)["sending"].access is Access.NOT_CHECKED


def test_each_account_is_looked_at(stub: StubSendGrid) -> None:
    accounts = [One(name="a", api_key=KEY), One(name="b", api_key="SG.unknown")]

    with closing(SendGridTransport(accounts=accounts, host=stub.url)) as transport:
        found = transport.check_access(SENDER)

    assert [(one.setting[-3:], one.access) for one in found] == [
        ("'a'", Access.FINE),
        ("'a'", Access.FINE),
        ("'b'", Access.WRONG),
        ("'b'", Access.WRONG),
    ]
