"""What a format is: how its files are recognised, and what one line of them says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from subscribers.transfer.rows import Row, UnreadableList

# By hand for a flat object: a million rows have one each, and json.dumps takes three times as long.
quoted = json.encoder.encode_basestring_ascii

# Called with the cells of one line, one for each column and an empty one. Raises ``Unsaid``.
Parse = Callable[[Sequence[str]], Row]

EMAIL = (
    "email",
    "email address",
    "e-mail",
    "e-mail address",
    "email_address",
    "emailaddress",
    "mail",
    "邮箱",
    "邮箱地址",
    "电子邮箱",
    "电子邮件",
    "电子邮件地址",
    "邮件地址",
)
NAME = ("name", "full name", "姓名", "名字", "昵称")
FIRST_NAME = ("first name", "first_name", "fname")
LAST_NAME = ("last name", "last_name", "lname")
ATTRIBUTE = "attributes."  # `--map "Company=attributes.company"` keeps a column
NAME_LENGTH = 200
ATTRIBUTE_LENGTH = 2_000


class Columns:
    """Where the columns of one file are."""

    def __init__(self, header: Sequence[str]) -> None:
        self.header = header
        self._at = {name: at for at, name in reversed(list(enumerate(header))) if name}

    def __contains__(self, name: str) -> bool:
        return name in self._at

    def at(self, *names: str) -> int | None:
        """Return where the first of ``names`` that is there is."""
        return next((self._at[name] for name in names if name in self._at), None)

    def has_email(self) -> bool:
        """Say whether there is a column of addresses."""
        return self.at(*EMAIL) is not None

    def email(self) -> int:
        """Return where the address is, or raise ``UnreadableList``."""
        at = self.at(*EMAIL)
        if at is None:
            names = ", ".join(name for name in self.header if name)[:300]
            raise UnreadableList(f'which column holds the address? Say --map "…=email"; there are {names}')
        return at

    def place(self, *names: str) -> int:
        """Return where the first of ``names`` is; where none is, the empty cell behind the last."""
        at = self.at(*names)
        return len(self.header) if at is None else at

    def recorder(self, *names: str) -> Callable[[Sequence[str]], str]:
        """Return what writes the cells of ``names`` that are not empty as one JSON object."""
        places = [(f"{quoted(name)}: ", at) for name in names if (at := self.at(name)) is not None]

        def record(cells: Sequence[str]) -> str:
            found = [key + quoted(cells[at][:ATTRIBUTE_LENGTH]) for key, at in places if cells[at]]
            return "{" + ", ".join(found) + "}" if found else ""

        return record

    def attributes(self) -> Callable[[Sequence[str]], dict[str, Any]]:
        """Return what takes the name and what ``--map`` made an attribute."""
        name, first, last = self.place(*NAME), self.place(*FIRST_NAME), self.place(*LAST_NAME)
        places = [
            (header.removeprefix(ATTRIBUTE), at)
            for at, header in enumerate(self.header)
            if header.startswith(ATTRIBUTE) and header != ATTRIBUTE
        ]

        def take(cells: Sequence[str]) -> dict[str, Any]:
            full = (cells[name] or f"{cells[first]} {cells[last]}").strip()
            found: dict[str, Any] = {"name": full[:NAME_LENGTH]} if full else {}
            for key, at in places:
                if cells[at]:
                    found[key] = cells[at][:ATTRIBUTE_LENGTH]
            return found

        return take


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of file."""

    name: str  # for --format
    title: str  # for people
    recognises: Callable[[str, frozenset[str]], bool]  # by the file's name and its columns
    reader: Callable[[str, Columns], Parse]  # may raise UnreadableList
    lossless: bool = False  # it says all that we know ourselves
    advice: str = ""  # what a person should know before relying on it
