"""The addresses on which mail comes back to us: each names one copy, and can do one thing.

``bounces+<token>@news.example.com``: one is what a copy is sent from (VERP), so that whatever is returned
says which copy it was; another one leaves the list, for ``mailto:`` in List-Unsubscribe. The tokens are
signed under a purpose each and survive a server that loses the case of letters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsletter.keys import Keys
from subscribers import Purpose, base36

ROOM = 15  # letters before the plus: with a token of the longest kind the left stays within 64
_SHAPE = r"\+([A-Za-z0-9]{1,8}-[A-Za-z0-9-]{1,40}-[A-Za-z2-7]{20})@"
_COPY = re.compile(r"e(\d{1,18})-s(\d{1,18})")
_NOTICE = re.compile(r"n(\d{1,18})")
_BODY = re.compile(r"([0-9a-z]{1,12})-([0-9a-z]{1,12})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a genuine address names: a purpose, and our own name for the copy or the notice."""

    purpose: Purpose
    ref: str


@dataclass(frozen=True, slots=True)
class Returns:
    """Makes and reads these addresses. ``mailbox`` is the plain address of the mailbox they lead to."""

    keys: Keys
    mailbox: str
    _shape: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        local, _, domain = self.mailbox.partition("@")
        shape = rf"(?<![\w.+-]){re.escape(local)}{_SHAPE}{re.escape(domain)}(?![\w-])"
        object.__setattr__(self, "_shape", re.compile(shape, re.IGNORECASE | re.ASCII))

    def sender_of(self, ref: str) -> str:
        """Return what a copy or a notice is sent from; the plain address for a name that is not ours."""
        return self._address(Purpose.BOUNCE, ref)

    def leave(self, ref: str) -> str:
        """Return the address that takes the reader of a copy off the list."""
        return self._address(Purpose.LEAVE_BY_MAIL, ref)

    def read(self, text: str) -> list[Named]:
        """Return what the genuine ones among the addresses in ``text`` name."""
        found = []
        for token in self._shape.findall(text):
            for purpose in (Purpose.BOUNCE, Purpose.LEAVE_BY_MAIL):
                body = self.keys.tokens.verify_local(purpose, token)
                if body is not None and (ref := _ref(body)):
                    found.append(Named(purpose=purpose, ref=ref))
        return found

    def _address(self, purpose: Purpose, ref: str) -> str:
        body = _body(ref)
        if body is None:
            return self.mailbox
        local, _, domain = self.mailbox.partition("@")
        return f"{local}+{self.keys.tokens.sign_local(purpose, body)}@{domain}"


def _body(ref: str) -> str | None:
    if copy := _COPY.fullmatch(ref):
        return f"{base36(int(copy[1]))}-{base36(int(copy[2]))}"
    notice = _NOTICE.fullmatch(ref)
    return base36(int(notice[1])) if notice else None


def _ref(body: str) -> str | None:
    if copy := _BODY.fullmatch(body):
        return f"e{int(copy[1], 36)}-s{int(copy[2], 36)}"
    return f"n{int(body, 36)}" if re.fullmatch(r"[0-9a-z]{1,12}", body) else None
