"""A digest that somebody sends us: typed, pasted or as a file, and never larger than a digest may be.

A file is bytes that are read as text: its name is never used for anything, and nothing in it is unpacked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from newsletter.digests.decoding import LARGEST_BYTES, decode
from newsletter.errors import DigestError

LARGEST_BODY = LARGEST_BYTES + 200_000  # the form around it; text in a form is longer than in a file
LARGEST_FORM = 3 * LARGEST_BYTES + 200_000  # Chinese is three times as long, urlencoded
_MOST_FIELDS = 200  # a box for each story
_BOXES = ("place", "to")
_LONGEST_FIELD = 2_000  # characters of any field but the text


@dataclass(frozen=True, slots=True, kw_only=True)
class SentText:
    """What a form brought: a text, and small fields beside it."""

    text: str
    fields: dict[str, str]
    ticked: dict[str, tuple[str, ...]]  # the values of boxes that may be ticked together
    problem: DigestError | None = None  # the file is no text

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of all boxes of a name that are ticked."""
        return self.ticked.get(name, ())

    def number(self, name: str) -> int:
        """Return a field as a number; 0 for what is none."""
        value = self.fields.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0


async def _read(request: Request) -> SentText:
    try:
        form = await request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=LARGEST_FORM)
    except HTTPException as error:
        if error.status_code == 413:
            raise
        raise HTTPException(400) from error
    except ValueError as error:  # what the parser itself throws
        raise HTTPException(400) from error
    fields: dict[str, str] = {}
    ticked: dict[str, list[str]] = {}
    text, problem = "", None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            data = await value.read(LARGEST_BYTES + 1)
            if data:
                try:
                    text = decode(data, file="upload.md")
                except DigestError as error:
                    problem = error
        elif name == "text":
            text = text or _clean(value)
        elif name in _BOXES:
            ticked.setdefault(name, []).append(_clean(value)[:_LONGEST_FIELD])
        else:
            fields[name] = _clean(value)[:_LONGEST_FIELD]
    await form.close()
    boxes = {name: tuple(values) for name, values in ticked.items()}
    return SentText(text=text, fields=fields, ticked=boxes, problem=problem)


def _clean(value: str) -> str:
    # Half a character, or a zero, is nothing that a database or a page can hold.
    value = value.encode("utf-8", "replace").decode().replace("\0", "")
    return value.replace("\r\n", "\n").replace("\r", "\n")


Written = Annotated[SentText, Depends(_read)]
