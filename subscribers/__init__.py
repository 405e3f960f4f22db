"""The people: who reads which newsletter, by what consent, and who is never mailed.

This package knows nothing of editions or of sending. What it shows is listed here; its modules
are its own affair. Times are aware UTC; the caller owns the transaction.
"""

from subscribers.addresses import Address, AddressHasher, InvalidAddress, mask, normalise
from subscribers.base import Base, BigId, Choice, UtcDateTime
from subscribers.consent import Consent
from subscribers.eligible import (
    Exclusion,
    Reach,
    considered,
    eligible,
    excluded,
    has_readers,
    languages,
    last_look,
    reach,
)
from subscribers.erasure import erase
from subscribers.figures import confirmations
from subscribers.mac import Hmac
from subscribers.preferences import (
    AddressChange,
    ask_to_move,
    confirm_move,
    forget_unconfirmed,
    has_moved_since,
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
from subscribers.tokens import LIFETIMES, Claim, Purpose, TokenKeys, base36
from subscribers.transfer import (
    IMPORT_FORMATS,
    ExportFilter,
    Importer,
    ImportOptions,
    ImportProblem,
    ImportTally,
    ImportTerms,
    Standing,
    UnreadableList,
    bulk,
    export_people,
    guard_cell,
    own_data,
)
from subscribers.verdicts import Verdict, suppress_addresses

__all__ = [
    "IMPORT_FORMATS",
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
    "ExportFilter",
    "Hmac",
    "ImportOptions",
    "ImportProblem",
    "ImportTally",
    "ImportTerms",
    "Importer",
    "InvalidAddress",
    "Listed",
    "Purpose",
    "Reach",
    "Reason",
    "Standing",
    "Status",
    "Subscriber",
    "Subscription",
    "Suppression",
    "TokenKeys",
    "TransitionNotAllowed",
    "UnreadableList",
    "UtcDateTime",
    "Verdict",
    "apply",
    "ask_to_move",
    "base36",
    "bulk",
    "confirm_move",
    "confirmations",
    "considered",
    "eligible",
    "erase",
    "excluded",
    "export_people",
    "find",
    "forget_unconfirmed",
    "guard_cell",
    "happen",
    "has_moved_since",
    "has_readers",
    "history",
    "is_suppressed",
    "languages",
    "last_look",
    "lift",
    "mask",
    "next_status",
    "normalise",
    "own_data",
    "page",
    "pause",
    "prefer",
    "reach",
    "subscriptions",
    "suppress_address",
    "suppress_addresses",
    "suppress_domain",
    "suppression_of",
]
