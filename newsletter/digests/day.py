"""Which day a digest is for: what its front matter says, else what its file is called.

Pure.
"""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from pathlib import PurePath

from newsletter.digests.digest import FrontMatter

_DATED_NAME = re.compile(r"(\d{4})([-_.]?)(\d{2})\2(\d{2})(?!\d)")


def day_in_name(file: str) -> date | None:
    """Return the day that ``2025-11-13-title.md`` or ``2025-11-13-title/index.md`` starts with."""
    path = PurePath(file)
    name = path.parent.name if path.stem == "index" else path.name
    found = _DATED_NAME.match(name)
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def day_in_front(front: FrontMatter, tz: tzinfo) -> date | None:
    """Return the local day of the front matter's date."""
    if isinstance(front.date, datetime):
        return front.date.astimezone(tz).date()
    return front.date
