"""Where a login leads back to: a page of ours under /staff, and nowhere else."""

from __future__ import annotations

import re

LOGIN_PAGE = "/staff/login"
_OURS = re.compile(r"/staff(/[A-Za-z0-9._~-]+)*(\?[A-Za-z0-9._~=&%+-]*)?")
_LONGEST = 500
_NOT_BACK_TO = (LOGIN_PAGE, "/staff/logout", "/staff/welcome")


def safe(wanted: str) -> str:
    """Return a path of ours to go to after the login, or nothing: never another site."""
    if len(wanted) > _LONGEST or not _OURS.fullmatch(wanted) or "/.." in wanted or "/./" in wanted:
        return ""
    path = wanted.partition("?")[0]
    return "" if path == "/staff" or path.startswith(_NOT_BACK_TO) else wanted
