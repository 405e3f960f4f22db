"""From settings to where the digests of a newsletter come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from newsletter import extending
from newsletter.config.newsletters import SourceSettings
from newsletter.digests.sources.feed import FeedSource
from newsletter.digests.sources.folder import FolderSource
from newsletter.digests.sources.url import UrlSource
from newsletter.digests.sources.wanted import Source
from newsletter.fetching.visits import Visits


def make_source(chosen: SourceSettings, *, setting: str, visits: Callable[[], Visits]) -> Source:
    """Return the source that ``setting``, as ``newsletters.x.source``, describes."""
    if chosen.own:
        return extending.made(extending.SOURCES, chosen.own, chosen.options, setting=f"{setting}.own")
    if chosen.url:
        return UrlSource(url=chosen.url, visits=visits())
    if chosen.feed:
        return FeedSource(url=chosen.feed, visits=visits(), entries=chosen.feed_entries or None)
    return FolderSource(chosen.folder or Path("digests"))
