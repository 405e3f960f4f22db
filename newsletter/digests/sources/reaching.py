"""Getting a page of a source, or an error that names it: a source that is away is never "no digest"."""

from __future__ import annotations

from urllib.parse import urlsplit

from newsletter.errors import SourceUnreachable
from newsletter.fetching import FetchError, FetchRefused
from newsletter.fetching.visits import Page, Visits

_GONE = (404, 410)


def shown(url: str) -> str:
    """Return an address as a person is told it: without its query, which may hold a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def reach(
    visits: Visits, url: str, *, accept: str, setting: str, may_be_missing: bool = False
) -> Page | None:
    """Return the page at ``url``, or None when there is none yet and that may be.

    Raise ``SourceUnreachable``.
    """
    try:
        page = visits.get(url, accept=accept)
    except FetchRefused as error:
        raise SourceUnreachable(
            f"is not fetched ({error})", remedy=f"change {setting}", file=shown(url)
        ) from error
    except FetchError as error:
        raise SourceUnreachable(
            f"cannot be reached ({error})",
            remedy=f"look whether its server is up; it is {setting}",
            file=shown(url),
        ) from error
    if page.status in _GONE and may_be_missing:
        return None
    if page.status != 200:
        raise SourceUnreachable(
            f"answers with status {page.status}",
            remedy=f"open it in a browser without logging in; it is {setting}",
            file=shown(url),
        )
    return page
