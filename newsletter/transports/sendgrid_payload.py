"""A mailing and its copies as the body of ``POST /v3/mail/send``. Pure, but for the random tokens.

The parts go out once, with a token in each hole; every copy brings its own values for the tokens
(``substitutions``) and its own headers, because SendGrid replaces tokens in the parts only. Two
holes of one name but different kinds have different tokens: in HTML the value is escaped, in text
it is not. SendGrid writes Date and Message-ID itself.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.utils import parseaddr
from json.encoder import encode_basestring  # what json.dumps writes a string with; here without the dict
from typing import Any

from newsletter.mailing import Copy, Hole, HoleKind, Mailing, Template, ValueRefused, addr_spec
from newsletter.transports.base import Misconfigured
from newsletter.transports.wire import header_value

LARGEST_BODY = 25_000_000  # bytes; SendGrid takes 30 MB
MOST_COPIES = 1000  # in one request
_MOST_SUBSTITUTIONS = 150
_MOST_SUBSTITUTION_BYTES = 10_000  # for one copy

# Where a value stands in what a copy brings: its name, its address, then the holes.
_REF, _ADDRESS, _FIRST_HOLE = 0, 1, 2

Personalization = str  # one copy's share of a body, as JSON

_NO_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    # On, it would put its own List-Unsubscribe in the place of ours.
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}

# Opens and clicks told by SendGrid; the text part stays as it is.
_TRACKING = _NO_TRACKING | {
    "click_tracking": {"enable": True, "enable_text": False},
    "open_tracking": {"enable": True},
}


class Payload:
    """A mailing ready to be joined with its copies. Raises ``Misconfigured`` when SendGrid cannot take it.

    What is the same for every copy is turned into JSON once. A copy costs its values: each is checked,
    written and quoted once, however often it stands in the copy.
    """

    def __init__(self, mailing: Mailing, *, ip_pool: str = "", tracks_reading: bool = False) -> None:
        holes = {hole for part in (mailing.text, mailing.html) for hole in part.holes()}
        if len(holes) > _MOST_SUBSTITUTIONS:
            raise Misconfigured(f"the template has {len(holes)} holes; SendGrid takes {_MOST_SUBSTITUTIONS}")
        tokens = _tokens(mailing, holes)
        own_headers = _own_headers(mailing)
        self._mailbox = _mailbox(mailing.sender.name, mailing.sender.address)
        root: dict[str, Any] = {
            "from": self._mailbox,
            "subject": mailing.subject,
            # Text first: SendGrid refuses any other order (RFC 2046, 5.1.4).
            "content": [
                {"type": "text/plain", "value": _with_tokens(mailing.text, tokens)},
                {
                    "type": "text/html",
                    "value": _with_tokens(
                        _untracked(mailing.html) if tracks_reading else mailing.html, tokens
                    ),
                },
            ],
            "categories": [mailing.edition],
            "tracking_settings": _TRACKING if tracks_reading else _NO_TRACKING,
            **_same_headers(mailing),
        }
        if ip_pool:
            root["ip_pool_name"] = ip_pool
        self._root = _json(root)[:-1].encode()  # open, for what is added to it
        self._token_bytes = sum(map(len, tokens.values()))
        self._in_parts = len(tokens)  # so many of the holes are replaced in the parts
        self._holes = list(tokens)
        frame = ['{"to":[{"email":"', _ADDRESS, '"}],"custom_args":{"nl_ref":"', _REF, '"}']
        if tokens:
            frame += [
                ',"substitutions":{',
                *self._between((token, [hole]) for hole, token in tokens.items()),
                "}",
            ]
        if own_headers:
            frame += [
                ',"headers":{',
                *self._between((name, template.pieces) for name, template in own_headers),
                "}",
            ]
        self._places = [piece for piece in frame if isinstance(piece, int)]
        # In a URL, as in an address, nothing may stand that JSON would have to quote.
        self._is_free = [hole.kind is not HoleKind.URL for hole in self._holes]
        self._frame = "".join(
            "%s" if isinstance(piece, int) else piece.replace("%", "%%") for piece in [*frame, "}"]
        )

    def personalization(self, copy: Copy) -> Personalization:
        """Return one copy's share of a body, or raise ``ValueRefused``."""
        values = copy.values
        written = [hole.write(values.get(hole.name, hole.default)) for hole in self._holes]
        in_parts = written[: self._in_parts]
        # No character takes more than 4 bytes, so mostly nothing needs to be counted exactly.
        if self._token_bytes + 4 * sum(map(len, in_parts)) > _MOST_SUBSTITUTION_BYTES:
            size = self._token_bytes + sum(len(value.encode()) for value in in_parts)
            if size > _MOST_SUBSTITUTION_BYTES:
                raise ValueRefused(
                    f"its values take {size} bytes; SendGrid takes {_MOST_SUBSTITUTION_BYTES} a copy"
                )
        row = [_quoted(copy.ref), addr_spec(copy.address)]
        row += [
            _quoted(value) if is_free else value
            for value, is_free in zip(written, self._is_free, strict=True)
        ]
        return self._frame % tuple([row[place] for place in self._places])

    def body(self, personalizations: Iterable[Personalization], *, call_id: str) -> bytes:
        """Return a request for these copies. Every event about them will carry ``call_id``."""
        return self._body({"custom_args": {"nl_call": call_id}}, personalizations)

    def probe(self, personalization: Personalization | None = None) -> bytes:
        """Return a request that is checked like any other but sends nothing; for no reader, or for one."""
        nobody = _json({"to": [{"email": self._mailbox["email"]}]})
        return self._body({"mail_settings": {"sandbox_mode": {"enable": True}}}, [personalization or nobody])

    def _body(self, added: dict[str, Any], personalizations: Iterable[Personalization]) -> bytes:
        start = f',{_json(added)[1:-1]},"personalizations":['
        # Joined as text the copies, mostly ASCII, would take as much room a letter as the Chinese parts.
        return b"".join((self._root, start.encode(), ",".join(personalizations).encode(), b"]}"))

    def _between(self, named: Iterable[tuple[str, Sequence[str | Hole]]]) -> Iterator[str | int]:
        """Yield the inside of a JSON object, with the place of a value wherever a copy brings one."""
        for number, (name, pieces) in enumerate(named):
            yield f'{"," if number else ""}{_json(name)}:"'
            for piece in pieces:
                yield _quoted(piece) if isinstance(piece, str) else self._place(piece)
            yield '"'

    def _place(self, hole: Hole) -> int:
        if hole not in self._holes:
            self._holes.append(hole)
        return _FIRST_HOLE + self._holes.index(hole)


def _with_tokens(template: Template, tokens: Mapping[Hole, str]) -> str:
    return "".join(piece if isinstance(piece, str) else tokens[piece] for piece in template.pieces)


def _untracked(template: Template) -> Template:
    """Return HTML in which no link of a reader's own (to leave, to manage) goes through SendGrid."""
    pieces: list[str | Hole] = list(template.pieces)
    for place, piece in enumerate(pieces[1:], 1):
        before = pieces[place - 1]
        if isinstance(piece, Hole) and piece.kind is HoleKind.URL and isinstance(before, str):
            start = before.rfind("<a ")
            if start >= 0 and ">" not in before[start:]:
                pieces[place - 1] = f'{before[: start + 3]}clicktracking="off" {before[start + 3 :]}'
    return Template(tuple(pieces))


def _same_headers(mailing: Mailing) -> dict[str, Any]:
    """Return what of the headers is the same for every copy, as SendGrid wants it."""
    headers: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name, template in mailing.headers:
        if name.lower() == "reply-to":
            found["reply_to"] = _mailbox(*parseaddr(template.fill({})))
        elif not any(template.holes()):
            headers[name] = header_value(template.fill({}))
    return {**found, "headers": headers} if headers else found


def _own_headers(mailing: Mailing) -> list[tuple[str, Template]]:
    own = [(name, template) for name, template in mailing.headers if any(template.holes())]
    if any(name.lower() == "reply-to" for name, _ in own):
        raise Misconfigured("over SendGrid, Reply-To must be the same for every reader")
    return own


def _tokens(mailing: Mailing, holes: set[Hole]) -> dict[Hole, str]:
    """Return a token for each hole that stands nowhere in the mailing."""
    # SendGrid replaces tokens in the subject too.
    texts = (mailing.subject, *mailing.text.pieces, *mailing.html.pieces)
    while True:
        start = f"%%nl{secrets.token_hex(6)}x"
        if not any(start in text for text in texts if isinstance(text, str)):
            ordered = sorted(holes, key=lambda hole: (hole.name, hole.kind, hole.default))
            return {hole: f"{start}{number}%%" for number, hole in enumerate(ordered)}


def _mailbox(name: str, address: str) -> dict[str, str]:
    return {"email": address, "name": name} if name.strip() else {"email": address}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _quoted(text: str) -> str:
    """Return ``text`` as it stands between the quotes of a JSON string."""
    return encode_basestring(text)[1:-1]
