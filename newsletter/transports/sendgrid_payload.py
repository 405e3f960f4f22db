"""A mailing and its copies as the body of ``POST /v3/mail/send``. Pure, but for the random tokens.

The parts go out once, with a token in each hole; every copy brings its own values for the tokens
(``substitutions``) and its own headers, because SendGrid replaces tokens in the parts only. Two
holes of one name but different kinds have different tokens: in HTML the value is escaped, in text
it is not. SendGrid writes Date and Message-ID itself.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from email.utils import parseaddr
from typing import Any

from newsletter.mailing import Copy, Hole, Mailing, Template, ValueRefused, addr_spec
from newsletter.transports.base import Misconfigured
from newsletter.transports.wire import header_value

LARGEST_BODY = 25_000_000  # bytes; SendGrid takes 30 MB
MOST_COPIES = 1000  # in one request
_MOST_SUBSTITUTIONS = 150
_MOST_SUBSTITUTION_BYTES = 10_000  # for one copy

_NO_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    # On, it would put its own List-Unsubscribe in the place of ours.
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}

Personalization = dict[str, Any]


class Payload:
    """A mailing ready to be joined with its copies. Raises ``Misconfigured`` when SendGrid cannot take it."""

    def __init__(self, mailing: Mailing) -> None:
        holes = {hole for part in (mailing.text, mailing.html) for hole in part.holes()}
        if len(holes) > _MOST_SUBSTITUTIONS:
            raise Misconfigured(f"the template has {len(holes)} holes; SendGrid takes {_MOST_SUBSTITUTIONS}")
        self._tokens = _tokens(mailing, holes)
        self._own_headers: list[tuple[str, Template]] = []
        headers: dict[str, str] = {}
        self._root: dict[str, Any] = {
            "from": _mailbox(mailing.sender.name, mailing.sender.address),
            "subject": mailing.subject,
            # Text first: SendGrid refuses any other order (RFC 2046, 5.1.4).
            "content": [
                {"type": "text/plain", "value": self._with_tokens(mailing.text)},
                {"type": "text/html", "value": self._with_tokens(mailing.html)},
            ],
            "headers": headers,
            "categories": [mailing.edition],
            "tracking_settings": _NO_TRACKING,
        }
        for name, template in mailing.headers:
            has_holes = any(template.holes())
            if name.lower() == "reply-to":
                if has_holes:
                    raise Misconfigured("over SendGrid, Reply-To must be the same for every reader")
                self._root["reply_to"] = _mailbox(*parseaddr(template.fill({})))
            elif has_holes:
                self._own_headers.append((name, template))
            else:
                headers[name] = header_value(template.fill({}))
        if not headers:
            del self._root["headers"]

    def personalization(self, copy: Copy) -> Personalization:
        """Return one copy's share of a body, or raise ``ValueRefused``."""
        values = copy.values
        own: Personalization = {
            "to": [{"email": addr_spec(copy.address)}],
            "custom_args": {"nl_ref": copy.ref},
        }
        if self._tokens:
            substitutions = {
                token: hole.write(values.get(hole.name, hole.default)) for hole, token in self._tokens.items()
            }
            size = sum(len(token) + len(value.encode()) for token, value in substitutions.items())
            if size > _MOST_SUBSTITUTION_BYTES:
                raise ValueRefused(
                    f"its values take {size} bytes; SendGrid takes {_MOST_SUBSTITUTION_BYTES} a copy"
                )
            own["substitutions"] = substitutions
        if self._own_headers:
            own["headers"] = {name: template.fill(values) for name, template in self._own_headers}
        return own

    def body(self, personalizations: Iterable[Personalization], *, call_id: str) -> bytes:
        """Return a request for these copies. Every event about them will carry ``call_id``."""
        return _bytes(
            {
                **self._root,
                "custom_args": {"nl_call": call_id},
                "personalizations": list(personalizations),
            }
        )

    def probe(self) -> bytes:
        """Return a request that is checked like any other but sends nothing, for no reader."""
        return _bytes(
            {
                **self._root,
                "personalizations": [{"to": [{"email": self._root["from"]["email"]}]}],
                "mail_settings": {"sandbox_mode": {"enable": True}},
            }
        )

    def _with_tokens(self, template: Template) -> str:
        return "".join(piece if isinstance(piece, str) else self._tokens[piece] for piece in template.pieces)


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


def _bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
