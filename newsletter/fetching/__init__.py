"""The one way out for HTTP of ours: sources, link probes, webhooks and pings.

Where an address leads is decided by somebody else: an editor, a feed, a redirect. So every connection is
checked at the moment it is made, against the very address it goes to, and an answer is read under a
deadline and a size. The SendGrid transport has a line of its own: its host is the operator's setting.
"""

from newsletter.fetching.errors import FetchError, FetchFailed, FetchRefused, Reason
from newsletter.fetching.fetcher import Fetched, Fetcher

__all__ = ["FetchError", "FetchFailed", "FetchRefused", "Fetched", "Fetcher", "Reason"]
