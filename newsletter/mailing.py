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

RETURN_PATH = "return_path"  # the value of a copy that says what it is sent from (RFC 5321, MAIL FROM)


class HoleKind(StrEnum):
    """Where a hole lies, which is also how its value is written."""

    HTML = "html"  # text between tags: escaped
    TEXT = "text"  # the plain text part: as it is
    URL = "url"  # the same bytes in HTML, text and headers: only characters that need no escaping
    HEADER = "header"  # a header's value: printable ASCII on one line


class ValueRefused(ValueError):
    """A value does not fit its place. Neither the copy nor the mailing that has it may be sent.

    The message names the hole or the header, never the value: it may be somebody's address.
    """


# RFC 3986 unreserved and reserved characters, less those HTML would have to escape (& ' ").
_URL = re.compile(r"(?:https?://|mailto:)[A-Za-z0-9\-._~:/?#\[\]@!$()*+,;=%]+")
_HEADER = re.compile(r"[\x20-\x7e]*")
# No mail part may hold a NUL (RFC 5322), and half a surrogate pair is no character at all.
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_NOT_ONE_LINE = re.compile("[\0-\x1f\x7f\ud800-\udfff]")
# One RFC 5322 dot-atom and a host name: quoted local parts, literals and SMTPUTF8 stay outside.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDR_SPEC = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def addr_spec(address: str) -> str:
    """Return ``address`` when it is one ASCII addr-spec (RFC 5321 sizes), else raise ``ValueRefused``."""
    local, _, domain = address.rpartition("@")
    if not _ADDR_SPEC.fullmatch(address) or len(local) > 64 or len(domain) > 255 or len(address) > 254:
        raise ValueRefused("the address is not one plain ASCII address such as name@example.com")
    return address


@dataclass(frozen=True, slots=True)
class Hole:
    """A place for one reader's value. ``default`` stands there when a copy brings none."""

    name: str
    kind: HoleKind
    default: str = ""

    def write(self, value: str) -> str:
        """Return ``value`` as it stands in the message, or raise ``ValueRefused``."""
        if self.kind is HoleKind.URL:
            if not _URL.fullmatch(value):
                raise ValueRefused(f"the value for {self.name!r} is not a plain absolute URL")
            return value
        if self.kind is HoleKind.HEADER:
            if not _HEADER.fullmatch(value):
                raise ValueRefused(f"the value for {self.name!r} must be printable ASCII on one line")
            return value
        if _NOT_TEXT.search(value):
            raise ValueRefused(f"the value for {self.name!r} has a character that no email may hold")
        return html.escape(value) if self.kind is HoleKind.HTML else value


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


# A transport writes these itself, or the servers on the way do.
_RESERVED = frozenset(
    {"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version", "content-type"}
    | {"content-transfer-encoding", "received", "return-path", "dkim-signature", "x-sg-id", "x-sg-eid"}
)
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
# What stands in a header for all readers leaves room for theirs: no line may be over 998 (RFC 5322).
_LONGEST_VALUE = 700
_LONGEST_NAME = 200
_EDITION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FITS_HEADER = frozenset({HoleKind.URL, HoleKind.HEADER})
_FITS_TEXT = frozenset({HoleKind.URL, HoleKind.TEXT})
_FITS_HTML = frozenset({HoleKind.URL, HoleKind.HTML})


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """An edition compiled for one variant.

    ``headers`` are all but From, To, Subject, Date, Message-ID and the MIME ones, which a transport
    writes itself. Their values are ASCII as on the wire, unfolded; only a display name before the
    ``<`` of a header without holes (List-Id, Reply-To) may be in any script. ``edition`` is a short
    ASCII label such as ``ai_daily-2026-11-23`` for provider categories and file names. The
    Message-ID comes from the hole value ``message_id`` that every copy brings (an addr-spec without
    angle brackets).

    A mailing that exists can be sent: making one raises ``ValueRefused`` otherwise.
    """

    edition: str
    language: str
    sender: Sender
    subject: str
    headers: tuple[tuple[str, Template], ...]
    text: Template
    html: Template

    def __post_init__(self) -> None:
        if not _EDITION.fullmatch(self.edition):
            raise ValueRefused("the edition's label must be 1 to 100 of A-Z a-z 0-9 . _ -")
        if not self.subject.strip() or _NOT_ONE_LINE.search(self.subject):
            raise ValueRefused("the subject must be one line of text")
        if _NOT_ONE_LINE.search(self.sender.name) or len(self.sender.name) > _LONGEST_NAME:
            raise ValueRefused(f"the sender's name must be one line of at most {_LONGEST_NAME} characters")
        addr_spec(self.sender.address)
        _check_headers(self.headers)
        _check_part("text", self.text, _FITS_TEXT)
        _check_part("html", self.html, _FITS_HTML)

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


def _check_headers(headers: Sequence[tuple[str, Template]]) -> None:
    seen: set[str] = set()
    for name, template in headers:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _RESERVED:
            raise ValueRefused(f"{name!r} cannot be a header of a mailing")
        if name.lower() in seen:
            raise ValueRefused(f"the header {name} is there twice")
        seen.add(name.lower())
        literals = [piece for piece in template.pieces if isinstance(piece, str)]
        if any(hole.kind not in _FITS_HEADER for hole in template.holes()):
            raise ValueRefused(f"a hole in the header {name} has the wrong kind")
        value = "".join(literals)
        # Only what stands before the "<" of a header without holes is a name for people to read.
        is_named = len(literals) == len(template.pieces) and "<" in value
        coded = value.partition("<")[2] if is_named else value
        if _NOT_ONE_LINE.search(value) or not coded.isascii() or len(value) > _LONGEST_VALUE:
            raise ValueRefused(f"the header {name} must be ASCII on one line of {_LONGEST_VALUE} at most")


def _check_part(part: str, template: Template, kinds: frozenset[HoleKind]) -> None:
    if not any(template.pieces):
        raise ValueRefused(f"the {part} part is empty")
    for piece in template.pieces:
        if isinstance(piece, str):
            if _NOT_TEXT.search(piece):
                raise ValueRefused(f"the {part} part has a character that no email may hold")
        elif piece.kind not in kinds:
            raise ValueRefused(f"the hole {piece.name!r} in the {part} part has the wrong kind")


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
