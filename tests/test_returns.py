"""An address names one copy, for one purpose, and nobody else can make one."""

import pytest

from newsletter.delivery.composer import Composer
from newsletter.returns import Named, Returns
from newsletter.urls import Urls
from subscribers import Purpose
from tests.support import KEYS, a_mailing

RETURNS = Returns(KEYS, "bounces@news.example.com")
REFS = ["e1-s1", "n7", "e999999999999-s999999999999"]


@pytest.mark.parametrize("ref", REFS)
def test_an_address_names_its_copy_whatever_happens_to_the_case_of_its_letters(ref: str) -> None:
    address = RETURNS.sender_of(ref)

    for seen in (address, address.upper(), f"Return-Path: <{address}>"):
        assert RETURNS.read(seen) == [Named(purpose=Purpose.BOUNCE, ref=ref)]
    assert len(address.partition("@")[0]) <= 64


def test_what_a_copy_is_sent_from_cannot_leave_the_list() -> None:
    bounce, leave = RETURNS.sender_of("e1-s1"), RETURNS.leave("e1-s1")

    assert bounce != leave
    assert [named.purpose for named in RETURNS.read(leave)] == [Purpose.LEAVE_BY_MAIL]


def test_an_address_of_somebody_elses_making_names_nothing() -> None:
    address = RETURNS.sender_of("e1-s1")
    local, _, domain = address.partition("@")

    changed = [address.replace("-1-1-", "-1-2-"), f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"]
    changed += [
        f"x{address}",
        f"{local}@example.org",
        "bounces+@news.example.com",
        "bounces@news.example.com",
    ]

    assert [RETURNS.read(each) for each in changed] == [[] for _ in changed]


def test_a_message_id_of_ours_names_its_copy_and_another_none() -> None:
    ours = f"<{KEYS.message_id('e4-s9', 'news.example.com')}>"

    assert KEYS.ref_of(ours) == "e4-s9"
    assert KEYS.ref_of(ours.replace("s9", "s8")) is None
    assert KEYS.ref_of("") is None
    assert KEYS.ref_of("<新闻.0@例>") is None


def test_a_copy_brings_its_own_addresses_only_where_a_mailbox_is_looked_after() -> None:
    urls = Urls(base="https://news.example.com", newsletter="ai_daily", mailbox="bounces@news.example.com")

    with_mailbox = Composer(KEYS, urls).compose(a_mailing(), 3, 5, "r5@example.com").values
    without = Composer(KEYS, Urls(base=urls.base, newsletter="ai_daily")).compose(a_mailing(), 3, 5, "r@x.cn")

    assert with_mailbox["return_path"] == RETURNS.sender_of("e3-s5")
    assert with_mailbox["leave_mailto"] == f"mailto:{RETURNS.leave('e3-s5')}?subject=unsubscribe"
    assert not {"return_path", "leave_mailto"} & set(without.values)
