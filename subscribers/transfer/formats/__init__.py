"""The formats we take in, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Mapping

from subscribers.transfer.formats.base import Columns, Format, Parse, quoted
from subscribers.transfer.formats.buttondown import BUTTONDOWN
from subscribers.transfer.formats.ghost import GHOST
from subscribers.transfer.formats.listmonk import LISTMONK
from subscribers.transfer.formats.mailchimp import MAILCHIMP
from subscribers.transfer.formats.ours import HEADER, OURS
from subscribers.transfer.formats.plain import IGNORE, PLAIN
from subscribers.transfer.formats.sendgrid import SENDGRID
from subscribers.transfer.formats.substack import DASHBOARD, SUBSTACK

_KNOWN = (OURS, MAILCHIMP, LISTMONK, GHOST, SUBSTACK, DASHBOARD, BUTTONDOWN, *SENDGRID)
IMPORT_FORMATS: Mapping[str, Format] = {known.name: known for known in (*_KNOWN, PLAIN)}

__all__ = ["HEADER", "IGNORE", "IMPORT_FORMATS", "PLAIN", "Columns", "Format", "Parse", "detect", "quoted"]


def detect(file: str, header: frozenset[str], *, plain: bool) -> Format | None:
    """Return the format of a file by its name and columns; ``plain`` allows the one that takes any list."""
    for known in _KNOWN:
        if known.recognises(file, header):
            return known
    return PLAIN if plain and PLAIN.recognises(file, header) else None
