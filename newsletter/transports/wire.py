"""How a header stands on the wire: RFC 2047 words for people's text, folded lines for the rest.

Python's ``email`` package is not used to write headers: it turns a long List-Unsubscribe into
``=?utf-8?q?=3Chttps…``, after which no mailbox offers one-click unsubscribe (cpython issue 85725).

Pure. Everything here returns ASCII text without the final CRLF.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator

from newsletter.mailing import Sender, ValueRefused

_LINE = 78  # RFC 5322: a line should be no longer than this,
_LONGEST_LINE = 998  # and must be no longer than this, without its CRLF
_CODED_LINE = 76  # RFC 2047: a line with an encoded-word
_CODED_WORD = 75  # RFC 2047: an encoded-word, with its delimiters
_DELIMITERS = len("=?utf-8?b?" + "?=")
_FOLD = "\r\n "

# What may stand unquoted in a display name: RFC 5322 atoms and single blanks.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# The blanks at which a header may be folded: after a comma, and after an encoded-word.
_FOLDABLE = re.compile(r"(?<=,) |(?<=\?=) ")
_PLAIN_WORDS = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")


def subject(text: str) -> str:
    """Return the Subject header: as it is when plain ASCII, else as encoded-words (RFC 2047)."""
    start = "Subject: "
    words = text.split(" ")
    if _PLAIN_WORDS.fullmatch(text) and "=?" not in text and max(map(len, words)) < _LINE - len(start):
        return _fold(start, words)
    return start + _FOLD.join(_encoded_words(text, first_line=_CODED_LINE - len(start)))


def mailbox(name: str, sender: Sender) -> str:
    """Return the header ``name`` with one mailbox: a display name in any script, and an address."""
    if not sender.name.strip():
        return f"{name}: {sender.address}"
    return f"{name}: {_named(sender.name, f'<{sender.address}>', taken=len(name) + 2)}"


def header(name: str, value: str) -> str:
    """Return a header whose value is ASCII, or a display name in any script and then ``<…>``.

    A URL is never broken and never encoded: the value is folded after commas (and after words
    that are encoded already), and what stands before the first comma stays on the first line.
    Raises ``ValueRefused`` when a line would be longer than 998.
    """
    if not value.isascii():
        return f"{name}: {_coded(value, taken=len(name) + 2)}"
    longest = _CODED_LINE if "=?" in value else _LINE
    if len(name) + 2 + len(value) <= longest:
        return f"{name}: {value}"
    if " " not in value:  # nowhere to fold: a URL
        return _checked(f"{name}: {value}")
    # A quoted string may hold ", " where no line may be folded; such a value stays on one line.
    parts = [value] if '"' in value else _FOLDABLE.split(value)
    return _fold(f"{name}: ", parts, longest=longest)


def header_value(value: str) -> str:
    """Return the value of ``header`` on one line, for a provider that writes the header itself."""
    return value if value.isascii() else _coded(value, taken=0).replace(_FOLD, " ")


def _coded(value: str, *, taken: int) -> str:
    display, _, rest = value.partition("<")
    return _named(display.strip(' "'), f"<{rest}", taken=taken)


def _named(display: str, address: str, *, taken: int) -> str:
    """Return ``display <address>``; ``taken`` characters stand before it on its first line."""
    if _ATOMS.fullmatch(display) and "=?" not in display:
        words = [display]
    elif display.isascii() and "=?" not in display:
        words = ['"' + re.sub(r'(["\\])', r"\\\1", display) + '"']
    else:
        words = list(_encoded_words(display, first_line=_CODED_LINE - taken))
    last_line = len(words[-1]) + (taken if len(words) == 1 else 1)
    between = " " if last_line + 1 + len(address) <= _CODED_LINE else _FOLD
    return _checked(_FOLD.join(words) + between + address)


def _encoded_words(text: str, *, first_line: int) -> Iterator[str]:
    """Yield ``text`` as base64 encoded-words, each of whole characters and at most 75 long."""
    room = _bytes_in(min(first_line, _CODED_WORD))
    word = b""
    for character in text:
        coded = character.encode()
        if len(word) + len(coded) > room:
            yield _encoded(word)
            word, room = b"", _bytes_in(_CODED_WORD)
        word += coded
    yield _encoded(word)


def _bytes_in(length: int) -> int:
    return (length - _DELIMITERS) // 4 * 3


def _encoded(word: bytes) -> str:
    return f"=?utf-8?b?{b64encode(word).decode()}?="


def _fold(start: str, words: list[str], *, longest: int = _LINE) -> str:
    """Return ``start`` and the words, a blank or a fold between them; never a fold before the first."""
    lines = [start + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= longest:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return _checked("\r\n".join(lines))


def _checked(lines: str) -> str:
    if any(len(line) > _LONGEST_LINE for line in lines.split("\r\n")):
        raise ValueRefused(f"a header would have a line over {_LONGEST_LINE} characters")
    return lines
