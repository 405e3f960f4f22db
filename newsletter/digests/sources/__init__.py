"""Where digests come from, and which of them is the one for a day.

A folder, a Markdown file at a URL, or a feed. All keep the same rules (``wanted``) and answer in the
same words (``found``).
"""

from newsletter.digests.sources.feed import FeedSource
from newsletter.digests.sources.folder import FolderSource
from newsletter.digests.sources.found import Candidate, Found, PassedOver, Reason
from newsletter.digests.sources.url import UrlSource
from newsletter.digests.sources.wanted import Source, Wanted

__all__ = [
    "Candidate",
    "FeedSource",
    "FolderSource",
    "Found",
    "PassedOver",
    "Reason",
    "Source",
    "UrlSource",
    "Wanted",
]
