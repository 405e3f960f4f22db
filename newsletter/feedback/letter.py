"""A mail that came back, taken apart; whatever it holds, reading it raises nothing.

Mail programs write what they like: headers in no charset, parts that end too early, nested a hundred deep.
What cannot be decoded is left out. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr
from html import unescape

# What the standard library raises over mail that is not well-formed.
_STDLIB = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError, MessageError)
LARGEST = 2_000_000  # bytes that are looked at
_DEEPEST, _MOST_PARTS = 8, 60
_LONGEST_TEXT = 300_000
_GBK = frozenset({"gb2312", "gbk", "x-gbk", "gb_2312-80", "cp936", "hz-gb-2312"})
_NO_TEXT = re.compile(r"(?is)<(script|style|head)\b.*?</\1\s*>|<!--.*?-->")
_BREAK = re.compile(r"(?i)<(?:br|/p|/div|/tr|/li|/h\d)\b[^>]*>")
_TAG = re.compile(r"<[^<>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class Part:
    """One part that holds no others (or a whole message), and its content as text."""

    kind: str  # its media type, in small letters
    text: str


class Letter:
    """A mail, by its headers and parts."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._message = message_from_bytes(raw[:LARGEST])
        except _STDLIB:
            self._message = Message()
        self._parts: list[Part] | None = None

    def headers(self, name: str) -> list[str]:
        """Return every header of this name, decoded."""
        try:
            found = self._message.get_all(name) or []
        except _STDLIB:
            return []
        return [_decoded(value) for value in found]

    def header(self, name: str) -> str:
        """Return the first header of this name, decoded; empty when there is none."""
        found = self.headers(name)
        return found[0] if found else ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it could be read."""
        return not self._message.keys()

    @property
    def kind(self) -> str:
        """Its media type."""
        return _kind(self._message)

    @property
    def sender(self) -> str:
        """The address it says it is from."""
        return address_in(self.header("From"))

    @property
    def parts(self) -> list[Part]:
        """Its parts, in order, and those of messages inside it."""
        if self._parts is None:
            self._parts = []
            for part in _walk(self._message, 0):
                self._parts.append(part)
                if len(self._parts) >= _MOST_PARTS:
                    break
        return self._parts

    @property
    def text(self) -> str:
        """What a person would read: the first plain part, else the first of HTML without its tags."""
        for part in self.parts:
            if part.kind == "text/plain" and part.text.strip():
                return part.text
        return next((plain(part.text) for part in self.parts if part.kind == "text/html"), "")


def plain(html: str) -> str:
    """Return the words of HTML, a line for each of its lines."""
    text = _BREAK.sub("\n", _NO_TEXT.sub(" ", html))
    return unescape(_TAG.sub(" ", text))


def address_in(value: str) -> str:
    """Return the address of a header such as From."""
    try:
        return parseaddr(value)[1].strip()
    except _STDLIB:
        return ""


def fields(block: str) -> dict[str, str]:
    """Return the fields of a block such as those of a delivery status, unfolded; names in small letters."""
    found: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if line[:1] in (" ", "\t") and name:
            found[name] += " " + line.strip()
            continue
        head, colon, rest = line.partition(":")
        name = head.strip().lower() if colon and re.fullmatch(r"[\w-]+", head.strip()) else ""
        if name and name not in found:
            found[name] = rest.strip()
        elif name:
            name = ""  # the first counts
    return found


def _walk(message: Message, depth: int) -> Iterator[Part]:
    kind = _kind(message)
    try:
        payload = message.get_payload()
    except _STDLIB:
        return
    if isinstance(payload, list):
        if kind.startswith("message/") and kind != "message/rfc822":
            # A delivery status: blocks, which the library has taken apart as far as it knows them.
            yield Part(kind, _coded(message, "\n\n".join(_as_text(block) for block in payload)))
            return
        if kind == "message/rfc822":
            yield Part(kind, "".join(f"{name}: {_decoded(value)}\n" for name, value in _items(payload)))
        if depth < _DEEPEST:
            for part in payload:
                if isinstance(part, Message):
                    yield from _walk(part, depth + 1)
        return
    yield Part(kind, _text(message))


def _items(payload: Sequence[object]) -> list[tuple[str, object]]:
    try:
        first = payload[0] if payload else None
        return list(first.items()) if isinstance(first, Message) else []
    except _STDLIB:
        return []


def _coded(message: Message, text: str) -> str:
    """Return a status that came in base64 or quoted-printable, although it should not."""
    coding = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    if coding not in ("base64", "quoted-printable"):
        return text
    try:
        alone = Message()
        alone["Content-Transfer-Encoding"] = coding
        alone.set_payload(text.strip())
        decoded = alone.get_payload(decode=True)
        return _read(decoded, "") if isinstance(decoded, bytes) else text
    except _STDLIB:
        return text


def _as_text(block: object) -> str:
    try:
        return block.as_string() if isinstance(block, Message) else str(block)
    except _STDLIB:
        try:
            return "".join(f"{name}: {value}\n" for name, value in block.items())  # type: ignore[union-attr] # only a Message gets here
        except _STDLIB:
            return ""


def _kind(message: Message) -> str:
    try:
        return message.get_content_type().lower()
    except _STDLIB:
        return ""


def _text(message: Message) -> str:
    try:
        content = message.get_payload(decode=True)
        charset = message.get_content_charset() or ""
    except _STDLIB:
        return ""
    return _read(content, charset)[:_LONGEST_TEXT] if isinstance(content, bytes) else ""


def _read(content: bytes, charset: str) -> str:
    """Return bytes as text in the charset they claim, else in the one that fits."""
    named = "gb18030" if charset.lower() in _GBK else charset
    for each in (named, "utf-8", "gb18030"):
        if each and each.lower() not in ("us-ascii", "ascii", "unknown-8bit"):
            try:
                return _sound(content.decode(each))
            except (ValueError, LookupError):
                continue
    return _sound(content.decode("utf-8", "replace"))


def _sound(text: str) -> str:
    """Return text without what is no character: some charsets bring halves of pairs, and NUL."""
    try:
        raw = text.encode("utf-8", "surrogateescape")  # bytes that the library passed through
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "replace")
    return raw.decode("utf-8", "replace").replace("\0", "")


def _decoded(value: object) -> str:
    """Return a header as people read it."""
    try:
        pieces = decode_header(value)  # type: ignore[arg-type] # a str or the library's Header
        words = [_read(text, charset or "") if isinstance(text, bytes) else text for text, charset in pieces]
        text = "".join(words)
    except _STDLIB:
        text = str(value)
    return re.sub(r"\s+", " ", _sound(text)).strip()
