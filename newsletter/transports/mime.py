"""A mailing as bytes for the wire: what is constant is encoded once, a copy costs only its holes.

A message is multipart/alternative, the text part first, both UTF-8 in base64, all lines CRLF.
Every line of a body is at most 76 characters (RFC 2045) and every other at most 998 (RFC 5322).
All bytes are ASCII, so neither 8BITMIME nor SMTPUTF8 is needed on the way, and no line begins with
a dot, so SMTP has none to double (RFC 5321, 4.5.2).

Base64 turns three bytes into four characters, and a line may end after any of these groups. So
each literal between two holes is encoded beforehand at the three places it can begin within a
group; a copy encodes the values of its holes and the one or two bytes that touch them.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from datetime import datetime, tzinfo
from email.utils import format_datetime
from functools import lru_cache

from newsletter.mailing import Copy, Hole, Mailing, Template, ValueRefused, addr_spec
from newsletter.transports import wire

_LINE_BYTES = 57  # of content in a base64 line of 76 characters
# A shorter literal is cheaper to encode with the hole beside it than to keep at three places.
_WORTH_KEEPING = 2 * _LINE_BYTES
_NEWLINE = re.compile(r"\r\n|\r|\n")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,128}@[A-Za-z0-9.-]{1,255}")

# A literal at one of its three places: its bytes that complete the group before it, then whole
# groups as finished lines, then its bytes that the next piece must complete.
_Placed = tuple[bytes, bytes, bytes]
# A piece of a part: a kept literal at its three places, a short literal, or the number of a hole.
_Piece = tuple[_Placed, _Placed, _Placed] | bytes | int


class Prepared:
    """A mailing made ready for ``message``. Immutable, so threads may share it."""

    def __init__(self, mailing: Mailing) -> None:
        self._holes = mailing.holes()
        numbers = {hole: number for number, hole in enumerate(self._holes)}
        self._from = (wire.mailbox("From", mailing.sender) + "\r\nTo: ").encode("ascii")
        self._subject = (f"\r\n{wire.subject(mailing.subject)}\r\nDate: ").encode("ascii")
        self._headers = _compile_headers(mailing, numbers)
        self._text = _compile_part(mailing.text, numbers)
        self._html = _compile_part(mailing.html, numbers)
        # Base64 has no "-" and no "_", so no line of a part can be taken for this boundary.
        boundary = f"=_{mailing.fingerprint[:32]}"
        part = (
            f"--{boundary}\r\nContent-Type: text/%s; charset=utf-8\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n"
        )
        self._end_of_head = (
            f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
        ).encode()
        self._before_text = (part % "plain").encode()
        self._before_html = (part % "html").encode()
        self._end = f"--{boundary}--\r\n".encode()

    def message(self, copy: Copy, date: datetime) -> bytes:
        """Return ``copy`` ready for the wire, or raise ``ValueRefused``. ``date`` is aware."""
        return b"".join(self.pieces(copy, date))

    def pieces(self, copy: Copy, date: datetime) -> list[bytes]:
        """Return the same in pieces: the whole head with its blank line first, then the body."""
        given = copy.values
        message_id = given.get("message_id", "")
        if not _MESSAGE_ID.fullmatch(message_id):
            raise ValueRefused("the value for 'message_id' must be an addr-spec without angle brackets")
        values = [hole.write(given.get(hole.name, hole.default)) for hole in self._holes]
        coded = [_canonical(value) for value in values]
        head = [
            self._from,
            addr_spec(copy.address).encode("ascii"),
            self._subject,
            _dated(date, date.tzinfo),
            b"\r\nMessage-ID: <%b>\r\n" % message_id.encode("ascii"),
        ]
        head += [part if isinstance(part, bytes) else _filled(*part, values) for part in self._headers]
        head.append(self._end_of_head)
        out = [b"".join(head), self._before_text]
        _encode(self._text, coded, out)
        out.append(self._before_html)
        _encode(self._html, coded, out)
        out.append(self._end)
        return out


@lru_cache(maxsize=8)
def _dated(date: datetime, _zone: tzinfo | None) -> bytes:
    # The same moment in two zones is equal, and is not written the same.
    return format_datetime(date).encode("ascii")


def _canonical(text: str) -> bytes:
    """Return UTF-8 with CRLF line ends, which text must have before base64 (RFC 2045, 6.8)."""
    if "\n" in text or "\r" in text:
        text = _NEWLINE.sub("\r\n", text)
    return text.encode()


def _compile_headers(mailing: Mailing, numbers: dict[Hole, int]) -> list[bytes | tuple[str, list[str | int]]]:
    """Return the headers in order: finished lines, or a name and the pieces of its value."""
    compiled: list[bytes | tuple[str, list[str | int]]] = []
    for name, template in mailing.headers:
        if any(template.holes()):
            pieces = [numbers[piece] if isinstance(piece, Hole) else piece for piece in template.pieces]
            compiled.append((name, pieces))
        else:
            compiled.append(f"{wire.header(name, template.fill({}))}\r\n".encode("ascii"))
    return compiled


def _filled(name: str, pieces: list[str | int], values: list[str]) -> bytes:
    value = "".join(piece if isinstance(piece, str) else values[piece] for piece in pieces)
    return f"{wire.header(name, value)}\r\n".encode("ascii")


def _compile_part(template: Template, numbers: dict[Hole, int]) -> list[_Piece]:
    compiled: list[_Piece] = []
    for piece in template.pieces:
        if isinstance(piece, Hole):
            compiled.append(numbers[piece])
            continue
        literal = _canonical(piece)
        if len(literal) < _WORTH_KEEPING:
            compiled.append(literal)
        else:
            compiled.append((_placed(literal, 0), _placed(literal, 1), _placed(literal, 2)))
    return compiled


def _placed(literal: bytes, missing: int) -> _Placed:
    """Return ``literal`` at the place where ``missing`` bytes complete the group before it."""
    end = len(literal) - (len(literal) - missing) % 3
    return literal[:missing], _lines(literal[missing:end]), literal[end:]


def _encode(pieces: list[_Piece], values: list[bytes], out: list[bytes]) -> None:
    """Append the base64 lines of one part to ``out``."""
    open_bytes = b""  # not yet encoded
    for piece in pieces:
        if isinstance(piece, int):
            open_bytes += values[piece]
        elif isinstance(piece, bytes):
            open_bytes += piece
        else:
            head, lines, tail = piece[-len(open_bytes) % 3]
            if open_bytes:
                out.append(_lines(open_bytes + head))
            out.append(lines)
            open_bytes = tail
    if open_bytes:
        out.append(_lines(open_bytes))


def _lines(content: bytes) -> bytes:
    """Return ``content`` as base64 lines, each with its CRLF."""
    if len(content) <= _LINE_BYTES:
        return b2a_base64(content, newline=False) + b"\r\n"
    return b"".join(
        b2a_base64(content[start : start + _LINE_BYTES], newline=False) + b"\r\n"
        for start in range(0, len(content), _LINE_BYTES)
    )
