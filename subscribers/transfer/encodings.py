"""From bytes to lines: which encoding a file is in, and lines that end.

UTF-8 is tried first, with or without a byte order mark, and over the whole file; then GB18030, which
Excel writes in China. Nothing is ever replaced by a question mark.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Generator, Iterator
from typing import BinaryIO, NamedTuple

from subscribers.transfer.rows import UnreadableList

LONGEST_LINE = 1_000_000  # letters
LINES_IN_A_CELL = 1_000
_BLOCK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Codecs that only ever give whole characters.
_ENCODINGS = re.compile(
    r"utf-8(-sig)?|utf-(16|32)(-[bl]e)?|gb18030|gbk|gb2312|hz|big5(hkscs)?|cp\d{3,5}|iso8859-\d+|ascii|"
    r"mac-roman|shift_jis|euc_(jp|kr)|koi8-[ru]"
)
_GUESSES = ("utf-8-sig", "gb18030")


class Record(NamedTuple):
    """One row of a table."""

    number: int  # of its first line, or of the entry
    cells: list[str]
    text: str  # as it stands in the file


def encoding_of(stream: BinaryIO, *, asked: str | None = None) -> str:
    """Return the encoding that every byte of ``stream`` is good in, or raise ``UnreadableList``."""
    start = stream.read(_BLOCK)
    if asked:
        guesses: tuple[str, ...] = (_known(asked),)
    else:
        guesses = next(((name,) for mark, name in _MARKS if start.startswith(mark)), _GUESSES)
    decoders = {name: codecs.getincrementaldecoder(name)("strict") for name in guesses}
    while True:
        for name in list(decoders):
            try:
                decoders[name].decode(start, final=not start)
            except ValueError:
                del decoders[name]
        if not decoders:
            raise UnreadableList(
                f"the text is not {' or '.join(guesses)}; save the file as UTF-8, or name its --encoding"
            )
        if not start:
            return next(iter(decoders))
        start = stream.read(_BLOCK)


def _known(asked: str) -> str:
    try:
        name = codecs.lookup(asked).name
    except (LookupError, ValueError):
        name = ""
    if not _ENCODINGS.fullmatch(name):
        raise UnreadableList(f"--encoding: {asked!r} is not known; try utf-8, gb18030 or cp1252")
    return "utf-8-sig" if name == "utf-8" else name


def lines(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield the lines with their ends, or raise ``UnreadableList`` at one that does not end."""
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    number = 0
    try:
        while line := text.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise UnreadableList(f"line {number}: more than {LONGEST_LINE:,} letters; this is no list")
            if "\0" in line:
                raise UnreadableList(f"line {number}: a NUL; if this is UTF-16, say --encoding utf-16-le")
            yield line
    finally:
        if not stream.closed:
            text.detach()


def delimiter_of(header: str) -> str:
    """Return what parts the columns of a header line: comma, semicolon or tab."""
    bare = "".join(header.split('"')[::2])  # not between quotes
    return max(",;\t", key=bare.count)


def records(numbered: Iterator[str], delimiter: str) -> Generator[Record]:
    """Yield every line of a CSV that is not blank.

    Raises ``UnreadableList`` where the file is not CSV: above all where a quote is opened and never
    closed, for that would swallow the people behind it.
    """
    unread: list[str] = []  # the lines of the record that is being read
    reader = csv.reader(_remember(numbered, unread), delimiter=delimiter)
    first = 1
    try:
        for cells in reader:
            if len(unread) > 1:
                _check_closed(unread, delimiter)
            if any(cells):
                yield Record(first, cells, unread[0] if len(unread) == 1 else "".join(unread))
            first += len(unread)
            unread.clear()
    except csv.Error:
        raise UnreadableList(f"line {first}: a quote opens here and does not close a cell") from None


def _remember(lines: Iterator[str], unread: list[str]) -> Iterator[str]:
    for line in lines:
        unread.append(line)
        yield line


def _check_closed(unread: list[str], delimiter: str) -> None:
    if len(unread) > LINES_IN_A_CELL:
        raise csv.Error
    # Without strict a quote may stay open until the file ends.
    for _ in csv.reader(unread, delimiter=delimiter, strict=True):
        pass
