"""The people: who reads which newsletter, by what consent, and who is never mailed.

This package knows nothing of editions or of sending. What it shows is listed here; its modules
are its own affair. Times are aware UTC; the caller owns the transaction.
"""

from subscribers.addresses import Address, AddressHasher, InvalidAddress, mask, normalise
from subscribers.base import Base, BigId, Choice, UtcDateTime
from subscribers.consent import Consent
from subscribers.eligible import Exclusion, Reach, considered, eligible, excluded, languages, reach
from subscribers.states import Event, Status, TransitionNotAllowed, next_status
from subscribers.store import Evidence, Listed, apply, find, history, page, subscriptions, suppression_of
from subscribers.subscriber import Cadence, Subscriber, Subscription
from subscribers.suppression import Reason, Suppression, suppress_address, suppress_domain
from subscribers.tokens import LIFETIMES, Claim, Purpose, TokenKeys

__all__ = [
    "LIFETIMES",
    "Address",
    "AddressHasher",
    "Base",
    "BigId",
    "Cadence",
    "Choice",
    "Claim",
    "Consent",
    "Event",
    "Evidence",
    "Exclusion",
    "InvalidAddress",
    "Listed",
    "Purpose",
    "Reach",
    "Reason",
    "Status",
    "Subscriber",
    "Subscription",
    "Suppression",
    "TokenKeys",
    "TransitionNotAllowed",
    "UtcDateTime",
    "apply",
    "considered",
    "eligible",
    "excluded",
    "find",
    "history",
    "languages",
    "mask",
    "next_status",
    "normalise",
    "page",
    "reach",
    "subscriptions",
    "suppress_address",
    "suppress_domain",
    "suppression_of",
]
