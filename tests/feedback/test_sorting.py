"""Mail that comes back in every form is sorted as it is, and nothing that arrives can break the sorter."""

import random

import pytest

from newsletter.feedback.letter import Letter
from newsletter.feedback.sorting import Sort, sort
from tests.feedback.mails import RETURNS, Mail, every
from tests.support import KEYS

MAILS = every()
MUTATED = 1_500


def test_there_are_enough_of_them() -> None:
    assert len(MAILS) >= 80
    assert len({mail.name for mail in MAILS}) == len(MAILS)


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.name)
def test_a_mail_is_what_it_is(mail: Mail) -> None:
    found = sort(Letter(mail.raw), KEYS, RETURNS)

    assert found.sort is mail.sort
    if mail.meaning is not None:
        assert found.meaning is mail.meaning, found.words
    if mail.sort not in (Sort.RECEIPT,):
        assert found.ref == mail.ref


def test_no_broken_mail_breaks_the_sorter_or_proves_anything_new() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(MUTATED):
        mail = chance.choice(MAILS)
        raw = bytearray(mail.raw or b"x")
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(raw))
            match chance.randrange(5):
                case 0:
                    raw[at] = chance.randrange(256)
                case 1:
                    del raw[at : at + chance.randrange(200)]
                case 2:
                    raw[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(30)))
                case 3:
                    raw[at:at] = raw[chance.randrange(len(raw)) :][: chance.randrange(400)]
                case _:
                    raw[at:at] = chance.choice((b"\r\n", b"\0", b"--b\r\n", b"=?gb2312?b?!!?=", b"\xff\xfe"))
            raw = raw or bytearray(b"x")
        found = sort(Letter(bytes(raw)), KEYS, RETURNS)

        # Broken or not: only a genuine signature names a copy, and all of these are of the one copy.
        assert found.ref in (None, "e1-s2"), (seed, bytes(raw))


@pytest.mark.parametrize("charset", ["unicode_escape", "raw_unicode_escape", "utf-7", "idna", "punycode"])
def test_a_charset_that_brings_what_is_no_character_breaks_nothing(charset: str) -> None:
    odd = f"=?{charset}?q?=5Cud800=5Cx00_+2AA-?="
    head = f"From: {odd} <a@example.com>\r\nSubject: {odd}\r\n"
    head += f"Content-Type: text/plain; charset={charset}\r\n\r\n"
    letter = Letter(head.encode() + b"\\ud800 \\x00 +2AA- TD")

    sort(letter, KEYS, RETURNS)

    for text in (letter.text, letter.header("Subject"), letter.header("From"), letter.sender):
        assert "\0" not in text.encode().decode()  # it can be written down


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 500,
        b"From: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"Subject: " + b"=?utf-8?b?" * 20_000 + b"\r\n\r\nx",
        b"From: a@example.com\r\nContent-Type: text/html\r\n\r\n" + b"<" * 200_000,
        b"From: a@example.com\r\nContent-Type: text/plain; charset=\xff\xfe\r\n\r\nx",
        b"From: a@example.com\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"From: MAILER-DAEMON\r\nReturn-Path: <>\r\nSubject: failure notice\r\n\r\n" + b"550 " * 50_000,
        b"In-Reply-To: " + b"<e1-s2.0000000000000000@" + b"a" * 100_000 + b"\r\n\r\nTD",
    ],
)
def test_what_is_meant_to_break_us_is_sorted_in_no_time(raw: bytes) -> None:
    assert sort(Letter(raw), KEYS, RETURNS).ref is None
