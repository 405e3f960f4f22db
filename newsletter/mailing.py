"""A mailing: one edition compiled for one variant, with typed holes for each reader's values.

A *template* is literal text with holes in it. A *copy* is one reader's values for the holes.
What kind a hole is decides which values fit it and how they are written there, so that a value
can never break out of its place. Everything constant is computed once per edition; a copy costs
only its holes.

Pure: no clock, no file, no socket, no third-party library.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class HoleKind(StrEnum):
    """Where a hole lies, which is also how its value is written."""

    HTML = "html"  # text between tags: escaped
    TEXT = "text"  # the plain text part: as it is
    URL = "url"  # the same bytes in HTML, text and headers: only characters that need no escaping
    HEADER = "header"  # a header's value: printable ASCII on one line


class ValueRefused(ValueError):
    """A reader's value does not fit the hole it is meant for. The copy must not be sent."""


# RFC 3986 unreserved and reserved characters, less those HTML would have to escape (& ' ").
_URL = re.compile(r"(?:https?://|mailto:)[A-Za-z0-9\-._~:/?#\[\]@!$()*+,;=%]+")
_HEADER = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class Hole:
    """A place for one reader's value. ``default`` stands there when a copy brings none."""

    name: str
    kind: HoleKind
    default: str = ""

    def write(self, value: str) -> str:
        """Return ``value`` as it stands in the message, or raise ``ValueRefused``."""
        if self.kind is HoleKind.HTML:
            return html.escape(value)
        if self.kind is HoleKind.URL and not _URL.fullmatch(value):
            raise ValueRefused(f"the value for {self.name!r} is not a plain absolute URL")
        if self.kind is HoleKind.HEADER and not _HEADER.fullmatch(value):
            raise ValueRefused(f"the value for {self.name!r} must be printable ASCII on one line")
        return value


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text and holes, in order."""

    pieces: tuple[str | Hole, ...]

    def holes(self) -> Iterator[Hole]:
        """Yield every hole, in order, as often as it occurs."""
        return (piece for piece in self.pieces if isinstance(piece, Hole))

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with every hole filled, or raise ``ValueRefused``."""
        return "".join(
            piece if isinstance(piece, str) else piece.write(values.get(piece.name, piece.default))
            for piece in self.pieces
        )


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mailing comes from: a display name (any script) and an ASCII address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One reader's copy: our own name for it, where it goes, and the values of its holes."""

    ref: str  # [A-Za-z0-9._-]+, unique for ever; never an address
    address: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A copy with its holes filled: what the reader will see, before MIME."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """An edition compiled for one variant.

    ``headers`` are all but From, To, Subject, Date, Message-ID and the MIME ones, which a transport
    writes itself. ``edition`` is a short ASCII label such as ``ai_daily-2026-11-23`` for
    provider categories and file names. The Message-ID comes from the hole value ``message_id``
    that every copy brings (an addr-spec without angle brackets).
    """

    edition: str
    language: str
    sender: Sender
    subject: str
    headers: tuple[tuple[str, Template], ...]
    text: Template
    html: Template

    def fill(self, copy: Copy) -> Filled:
        """Return ``copy`` with every hole filled, or raise ``ValueRefused``."""
        return Filled(
            headers=tuple((name, template.fill(copy.values)) for name, template in self.headers),
            text=self.text.fill(copy.values),
            html=self.html.fill(copy.values),
        )

    def holes(self) -> tuple[Hole, ...]:
        """Every hole once, sorted by name and kind."""
        found = {
            hole
            for template in (self.text, self.html, *(template for _, template in self.headers))
            for hole in template.holes()
        }
        return tuple(sorted(found, key=lambda hole: (hole.name, hole.kind)))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the stored bytes, in hex."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """Return the stored form: canonical UTF-8 JSON, the same bytes for the same mailing."""
        document = {
            "edition": self.edition,
            "language": self.language,
            "sender": [self.sender.name, self.sender.address],
            "subject": self.subject,
            "headers": [[name, _dump(template)] for name, template in self.headers],
            "text": _dump(self.text),
            "html": _dump(self.html),
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Mailing:
        """Read back what ``to_bytes`` wrote."""
        document = json.loads(stored)
        return cls(
            edition=document["edition"],
            language=document["language"],
            sender=Sender(*document["sender"]),
            subject=document["subject"],
            headers=tuple((name, _load(pieces)) for name, pieces in document["headers"]),
            text=_load(document["text"]),
            html=_load(document["html"]),
        )


def _dump(template: Template) -> list[str | list[str]]:
    return [
        piece if isinstance(piece, str) else [piece.name, piece.kind, piece.default]
        for piece in template.pieces
    ]


def _load(pieces: Sequence[str | list[str]]) -> Template:
    return Template(
        tuple(
            piece if isinstance(piece, str) else Hole(piece[0], HoleKind(piece[1]), piece[2])
            for piece in pieces
        )
    )
