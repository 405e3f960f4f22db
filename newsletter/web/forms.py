"""Reading what a form sent, from a browser or from a mailbox provider: never an error, at worst empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

_MOST_FIELDS = 40
_LONGEST_FIELD = 4096  # characters; longer is cut
TRAP = "website"  # a field that people do not see and programs fill in

Fields = Mapping[str, str]


async def _read(request: Request) -> Fields:
    """Return the text fields of a form, urlencoded or multipart; none of one that cannot be read."""
    try:
        form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    except HTTPException as error:
        if error.status_code == 413:
            raise
        return {}
    except ValueError:  # what the parser itself throws
        return {}
    return {name: _clean(value) for name, value in form.items() if isinstance(value, str)}


def _clean(value: str) -> str:
    # Half a character, or a zero, is nothing that a database or a page can hold.
    return value[:_LONGEST_FIELD].encode("utf-8", "replace").decode().replace("\0", "")


Sent = Annotated[Fields, Depends(_read)]
