"""One mailbox is one person, however the address is typed."""

from __future__ import annotations

import hmac

import pytest

from subscribers import Address, AddressHasher, InvalidAddress, mask, normalise


@pytest.mark.parametrize(
    "typed",
    [
        "Ada@Example.COM",
        "  ada@example.com ",
        "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ",  # full width
        "ada@example。com",  # an ideographic full stop
    ],
)
def test_every_spelling_of_an_address_is_the_same_address(typed: str) -> None:
    assert normalise(typed) == Address("ada@example.com")


def test_a_chinese_domain_becomes_its_ascii_form() -> None:
    assert normalise("ada@例子.中国").value == "ada@xn--fsqu00a.xn--fiqs8s"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "a b@example.com",
        "ada@example",
        "张三@example.com",  # most exchangers refuse it
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com, eve@example.com",
        "<ada@example.com>",
    ],
)
def test_what_mail_cannot_reach_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(InvalidAddress) as refused:
        normalise(typed)

    assert not typed or typed not in str(refused.value)


@pytest.mark.parametrize("typed", ["{}@example.com", "{}@例子.中国", "{}＠example.com"])
def test_what_stands_before_the_at_has_at_most_64_characters(typed: str) -> None:
    assert normalise(typed.format("a" * 64)).value.startswith("a" * 64 + "@")
    for longer in ("a" * 65, f"{'a' * 32}.{'b' * 32}"):
        with pytest.raises(InvalidAddress):
            normalise(typed.format(longer))


def test_a_hash_depends_on_the_key_and_on_nothing_else() -> None:
    address = normalise("ada@example.com")

    assert AddressHasher(b"k" * 32).digest(address) == AddressHasher(b"k" * 32).digest(address)
    assert AddressHasher(b"k" * 32).digest(address) != AddressHasher(b"x" * 32).digest(address)


@pytest.mark.parametrize("length", [32, 64, 65, 200])
def test_a_hash_is_the_hmac_that_everybody_else_computes(length: int) -> None:
    key = bytes(range(length))

    digest = AddressHasher(key).digest(normalise("ada@example.com"))

    assert digest == hmac.digest(key, b"ada@example.com", "sha256")


def test_neither_an_address_nor_a_key_shows_in_logs() -> None:
    assert "ada" not in f"{normalise('ada@example.com')!r} {normalise('ada@example.com')}"
    assert mask("ada@example.com") == "a***@example.com"
    assert "k" * 8 not in repr(AddressHasher(b"k" * 32))


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        AddressHasher(b"short")
