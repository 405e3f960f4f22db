"""Takes a reply apart and finds the row that says what it means. Pure."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from newsletter.lanes import Lane
from newsletter.replies import abroad, china, general
from newsletter.replies.meaning import Meaning, Row

# The order in which they are asked; the first row that fits decides.
TABLES: tuple[tuple[Row, ...], ...] = (
    china.QQ,
    china.NETEASE,
    china.SINA,
    china.ALIYUN,
    abroad.GMAIL,
    abroad.OUTLOOK,
    abroad.YAHOO,
    abroad.ICLOUD,
    general.RELAYS,
    general.EXACT,
    general.WORDS,
    general.BROAD,
)

# A subject is 0 to 7, so a version (Exim 4.94.2) or an IP address is not taken for a code.
_ENHANCED = re.compile(r"(?<![\d.])([245]\.[0-7]\.\d{1,3})(?!\.?\d)")
# At the beginning, or where a mail server quotes another one in a bounce.
# SendGrid refuses over HTTP: 400 and 413 are nothing that a mail server says, and no "try again later".
_CODE = re.compile(r"(?:^|[:;]\s+|smtp;)\W{0,3}((?!400|413)[245]\d\d)(?![\d.])")
# It begins where a word does; tried at every letter of a long word it would take long.
_ADDRESS = re.compile(r"<[^<>\s]*>|(?<![^\s<>\"',;()])[^\s<>\"',;()]+@[^\s<>\"',;()]+")


def enhanced(words: str) -> str | None:
    """Return the enhanced status code of a reply (RFC 3463), such as 5.1.1, when it has one."""
    found = _ENHANCED.search(_ADDRESS.sub(" ", words))
    return found[1] if found else None


def explain(words: str, *, lane: Lane = Lane.OTHER) -> Row | None:
    """Return the row that decides what a reply means; None: nothing says anything."""
    code = _code(words)
    return _decide(_plain(words, code), code, enhanced(words) or "", lane)


def read(words: str, *, lane: Lane = Lane.OTHER) -> Meaning:
    """Return what a reply, a bounce's diagnostic code or a provider's reason means."""
    row = explain(words, lane=lane)
    if row is None:
        return Meaning.UNKNOWN
    # A far side that says "for now" is believed, whatever it says besides.
    if row.meaning is Meaning.HARD and "4" in (_code(words)[:1], (enhanced(words) or "")[:1]):
        return Meaning.SOFT
    return row.meaning


# Without addresses many replies are the same: a morning's refusals are read again and again.
@lru_cache(maxsize=4096)
def _decide(plain: str, code: str, status: str, lane: Lane) -> Row | None:
    return next((row for row in _rows(lane) if row.fits(plain, code, status)), None)


@cache
def _rows(lane: Lane) -> tuple[Row, ...]:
    """Return the rows for ``lane`` in their order: the providers' before everybody's."""
    rows = [row for table in TABLES for row in table if row.heeds(lane)]
    return tuple(sorted(rows, key=lambda row: row.lane is None))


def _code(words: str) -> str:
    found = _CODE.search(words.casefold())
    return found[1] if found else ""


def _plain(words: str, code: str) -> str:
    """Return the words in lower case, without addresses (they may be called anything) and in one line."""
    plain = _ADDRESS.sub(" ", words).casefold()
    if code:
        # A long answer has its code before each of its lines; they are one sentence.
        first, found, rest = plain.partition(code)
        again = re.compile(rf"(?<=\s){code}[- ](?:#?[245]\.\d{{1,3}}\.\d{{1,3}}(?=\s))?")
        plain = first + found + again.sub(" ", rest)
    return " ".join(plain.split())
