"""The people: who reads which newsletter, by what consent, and who is never mailed.

This package knows nothing of editions or of sending. What it shows is listed here; its modules
are its own affair. Times are aware UTC; the caller owns the transaction.
"""

from subscribers.addresses import Address, AddressHasher, InvalidAddress, mask, normalise
from subscribers.base import Base, BigId, Choice, UtcDateTime
from subscribers.consent import Consent
from subscribers.eligible import Exclusion, Reach, considered, eligible, excluded, languages, reach
from subscribers.preferences import (
    AddressChange,
    ask_to_move,
    confirm_move,
    forget_unconfirmed,
    pause,
    prefer,
)
from subscribers.states import Event, Status, TransitionNotAllowed, next_status
from subscribers.store import (
    Evidence,
    Listed,
    apply,
    find,
    happen,
    history,
    lift,
    page,
    subscriptions,
    suppression_of,
)
from subscribers.subscriber import Cadence, Subscriber, Subscription
from subscribers.suppression import (
    CannotLift,
    Reason,
    Suppression,
    is_suppressed,
    suppress_address,
    suppress_domain,
)
from subscribers.tokens import LIFETIMES, Claim, Purpose, TokenKeys
from subscribers.transfer import Importer, Terms, Wish

__all__ = [
    "LIFETIMES",
    "Address",
    "AddressChange",
    "AddressHasher",
    "Base",
    "BigId",
    "Cadence",
    "CannotLift",
    "Choice",
    "Claim",
    "Consent",
    "Event",
    "Evidence",
    "Exclusion",
    "Importer",
    "InvalidAddress",
    "Listed",
    "Purpose",
    "Reach",
    "Reason",
    "Status",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Terms",
    "TokenKeys",
    "TransitionNotAllowed",
    "UtcDateTime",
    "Wish",
    "apply",
    "ask_to_move",
    "confirm_move",
    "considered",
    "eligible",
    "excluded",
    "find",
    "forget_unconfirmed",
    "happen",
    "history",
    "is_suppressed",
    "languages",
    "lift",
    "mask",
    "next_status",
    "normalise",
    "page",
    "pause",
    "prefer",
    "reach",
    "subscriptions",
    "suppress_address",
    "suppress_domain",
    "suppression_of",
]
