"""One line of the journal, and the chain that binds it to those before.

A line is the code of its chain in hex, a blank, and a JSON document. The code is an HMAC over the code
before and the document, with a key made from the installation's own: whoever has no keys can neither
change, take out nor add a line without its being seen. Pure: values in, values out.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from newsletter.errors import NewsletterError
from subscribers import Fact, Hmac, Lasting

SEED = bytes(32)  # stands for the code before the first line
VERSION = 1
OPENED = "journal"  # what the first line says
_CODE_LENGTH = 64  # hex letters


class JournalBroken(NewsletterError):
    """The journal is not as it was written. Find the whole file; without it, somebody must decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A fact as it stands in the journal."""

    number: int
    fact: Fact


def opening(chain: Hmac, *, now: datetime) -> tuple[bytes, bytes]:
    """Return the first line of a journal and its code."""
    return _line(chain, SEED, {"n": 0, "at": _iso(now), "what": OPENED, "version": VERSION})


def written(chain: Hmac, before: bytes, number: int, fact: Fact) -> tuple[bytes, bytes]:
    """Return the line of a fact and its code, which the next line continues."""
    body = {"n": number, "at": _iso(fact.at), "what": fact.what.value, **fact.about}
    return _line(chain, before, body)


def read(chain: Hmac, before: bytes, number: int, line: bytes) -> tuple[Entry | None, bytes]:
    """Return the entry of a line and its code; None for the first line. Raises ``JournalBroken``."""
    try:
        told, body = line[:_CODE_LENGTH], line[_CODE_LENGTH + 1 :]
        code = chain.digest(before + body)
        if not hmac.compare_digest(code.hex().encode(), told):
            raise JournalBroken(
                f"line {number + 1} of the journal was changed, or a line before it is missing"
            )
        document: dict[str, Any] = json.loads(body)
        if document.pop("n") != number:
            raise JournalBroken(f"line {number + 1} of the journal is not the one that was written there")
        at, what = datetime.fromisoformat(document.pop("at")), document.pop("what")
        if what == OPENED:
            if document.get("version") != VERSION:
                raise JournalBroken("the journal is of a newer release; upgrade the software")
            return None, code
        return Entry(number=number, fact=Fact(what=Lasting(what), at=at, about=document)), code
    except (ValueError, KeyError, TypeError) as error:
        raise JournalBroken(f"line {number + 1} of the journal cannot be read") from error


def code_of(line: bytes) -> tuple[int, bytes]:
    """Return the number and the code of a whole line that is believed as it stands."""
    try:
        return int(json.loads(line[_CODE_LENGTH + 1 :])["n"]), bytes.fromhex(
            line[:_CODE_LENGTH].decode("ascii")
        )
    except (ValueError, KeyError, TypeError) as error:
        raise JournalBroken("the last line of the journal cannot be read") from error


def opened_at(line: bytes) -> datetime:
    """Return when a journal was begun, by its first line."""
    try:
        return datetime.fromisoformat(json.loads(line[_CODE_LENGTH + 1 :])["at"])
    except (ValueError, KeyError, TypeError) as error:
        raise JournalBroken("the first line of the journal cannot be read") from error


def _line(chain: Hmac, before: bytes, document: Mapping[str, object]) -> tuple[bytes, bytes]:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    code = chain.digest(before + body)
    return code.hex().encode() + b" " + body + b"\n", code


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
