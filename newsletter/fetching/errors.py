"""The two ways a fetch ends without an answer: we would not, or it did not work."""

from __future__ import annotations

from enum import StrEnum

from newsletter.errors import NewsletterError


class FetchError(NewsletterError):
    """There is no answer. The message names scheme, host and reason, and never a path or a query."""


class FetchRefused(FetchError):
    """We will not: an address, scheme, port, redirect or size that is not allowed. Trying again is no use."""


class Reason(StrEnum):
    """What kept us from an answer."""

    NO_SUCH_NAME = "no_such_name"  # the DNS says that the name does not exist
    NAME_UNKNOWN = "name_unknown"  # the DNS did not answer
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS = "tls"
    GARBLED = "garbled"  # not HTTP, or cut off in the middle


class FetchFailed(FetchError):
    """It was not reached, or its answer cannot be understood. It may work later."""

    def __init__(self, message: str, *, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason
