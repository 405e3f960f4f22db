"""Where digests come from, and which of them is the one for a day."""

from newsletter.digests.sources.folder import Candidate, Found, PassedOver, Reason, find

__all__ = ["Candidate", "Found", "PassedOver", "Reason", "find"]
