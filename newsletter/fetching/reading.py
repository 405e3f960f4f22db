"""Reading one HTTP answer: its status and headers, and a body that is whole, decoded and not too large."""

from __future__ import annotations

import http.client
import ssl
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from newsletter.fetching.errors import FetchFailed, FetchRefused, Reason
from newsletter.fetching.line import Line

HEADER_BYTES = 64 * 1024  # status line, headers, and answers of the 100s before them
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as it came, before any redirect is followed."""

    status: int
    headers: Mapping[str, str]  # names in lower case; a header that came twice is joined with commas
    body: bytes


def read_answer(line: Line, method: str, *, max_bytes: int, first_bytes: int | None = None) -> Answer:
    """Read an answer; with ``first_bytes``, only that much of its body, whole or not.

    Raise ``FetchRefused`` when it is too large, and ``FetchFailed`` when it is not HTTP or ends early.
    """
    response = http.client.HTTPResponse(cast(Any, line), method=method)
    try:
        response.begin()
        headers: dict[str, str] = {}
        for name, value in response.getheaders():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        body = _body(response, line, headers, max_bytes=max_bytes, first_bytes=first_bytes)
    except (http.client.HTTPException, ssl.SSLEOFError, ValueError) as error:
        raise _garbled("the answer is not proper HTTP, or was cut off") from error
    finally:
        response.close()
    return Answer(status=response.status, headers=headers, body=body)


def _body(
    response: http.client.HTTPResponse,
    line: Line,
    headers: Mapping[str, str],
    *,
    max_bytes: int,
    first_bytes: int | None,
) -> bytes:
    if response.status < 200:
        raise _garbled("the answer is not proper HTTP")
    if headers.get("transfer-encoding", "chunked").strip().lower() != "chunked":
        raise _garbled("the answer has a transfer encoding we do not know")
    enough = max_bytes if first_bytes is None else min(first_bytes, max_bytes)
    if first_bytes is None and response.length is not None and response.length > max_bytes:
        raise FetchRefused(f"the answer has {response.length:,} bytes, more than fetching.max_bytes")
    # Chunks have lines of their own around them: twice the size is more than any server adds.
    line.allowance += 2 * max_bytes
    body = bytearray()
    pieces = _pieces(response, _PIECE if first_bytes is None else max(1, min(_PIECE, first_bytes)))
    for piece in _decoded(pieces, headers.get("content-encoding", ""), most=enough + 1):
        body += piece
        if len(body) > enough or (first_bytes is not None and len(body) == enough):
            break
    if first_bytes is not None:
        return bytes(body[:enough])
    if len(body) > max_bytes:
        raise FetchRefused(f"the answer has more than {max_bytes:,} bytes (fetching.max_bytes)")
    return bytes(body)


def _pieces(response: http.client.HTTPResponse, size: int) -> Iterator[bytes]:
    while piece := response.read(size):
        yield piece
    if response.length:  # what the server announced and did not send
        raise _garbled("the answer was cut off")


def _decoded(pieces: Iterator[bytes], encoding: str, *, most: int) -> Iterator[bytes]:
    """Yield what ``pieces`` stand for, never more than ``most`` bytes at once."""
    match encoding.strip().lower():
        case "" | "identity":
            yield from pieces
        case "gzip" | "x-gzip":
            yield from _inflated(pieces, most)
        case _:
            raise _garbled("the answer is compressed in a way we did not ask for")


def _inflated(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    is_anything = False
    for compressed in pieces:
        rest = compressed
        while rest:
            is_anything = True
            try:
                yield inflater.decompress(rest, most)  # a bomb gives no more than this, and ends the fetch
            except zlib.error as error:
                raise _garbled("the answer is compressed badly") from error
            rest = inflater.unconsumed_tail
            if inflater.eof:
                rest = inflater.unused_data
                if not rest.startswith(b"\x1f\x8b"):  # padding; otherwise another member follows
                    break
                inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    if is_anything and not inflater.eof:
        raise _garbled("the answer was cut off")


def _garbled(problem: str) -> FetchFailed:
    return FetchFailed(problem, reason=Reason.GARBLED)
