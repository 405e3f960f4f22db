"""What the desk answers programs: plain names and values."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi.responses import JSONResponse

from newsletter.desk.preview import Preview
from newsletter.editions.archive import Key
from newsletter.editions.edition import Edition
from newsletter.editions.revision import Revision


def clean(text: str) -> str:
    """Return what was sent as a database and a page can hold it."""
    return (
        text.encode("utf-8", "replace").decode().replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    )


def row_of(edition: Edition) -> dict[str, Any]:
    """Return an edition without its text."""
    return {
        "key": str(Key(edition.day, edition.kind, edition.serial)),
        "day": edition.day,
        "kind": edition.kind,
        "serial": edition.serial,
        "state": edition.state,
        "title": edition.title,
        "subject": edition.subject,
        "stopped_because": edition.stopped_because,
        "considered": edition.considered,
        "excluded": edition.excluded,
    }


def revision_of(revision: Revision) -> dict[str, Any]:
    """Return a revision without its text."""
    return {
        "number": revision.number,
        "author": revision.author,
        "created_at": revision.created_at,
        "is_source": revision.text is None,
        "left_out": list(revision.left_out),
        "note": revision.note,
    }


def looked_at(shown: Preview, *, whole: bool = False) -> dict[str, Any]:
    """Return what a look has found; with ``whole``, the email too."""
    email = shown.email
    told: dict[str, Any] = {
        "held": shown.held,
        "findings": list(shown.findings),
        "stories": [
            {"place": one.place, "number": one.number, "title": one.title, "line": one.line}
            for one in shown.stories
        ],
        "links": [
            {"url": one.url, "line": one.line, "sort": one.sort, "standing": one.standing}
            for one in shown.addresses
        ],
        "html_bytes": email.size.html_bytes if email else None,
        "sends_as": email.subject if email else None,
    }
    if whole and email is not None:
        told |= {"html": email.html, "plain_text": email.text, "headers": email.head}
    return told


def answer(**values: object) -> JSONResponse:
    """Return plain names and values as JSON."""
    return JSONResponse({name: _plain(value) for name, value in values.items()})


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case date():  # and moments
            return value.isoformat()
        case _:
            return value
