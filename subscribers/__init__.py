"""The people: who reads which newsletter, by what consent, and who is never mailed.

This package knows nothing of editions or of sending. What it shows is listed here; its modules
are its own affair. Times are aware UTC; the caller owns the transaction.
"""

from subscribers.addresses import Address, AddressHasher, InvalidAddress, mask, normalise
from subscribers.base import Base, BigId, Choice, UtcDateTime
from subscribers.consent import Consent
from subscribers.counting import Census, Day, census
from subscribers.counting import is_due as census_is_due
from subscribers.counting import keep as keep_census
from subscribers.counting import take as take_census
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
from subscribers.erasure import erase, forget
from subscribers.figures import confirmations
from subscribers.lasting import Fact, Lasting, noted, remember, take
from subscribers.mac import Hmac
from subscribers.many import leave_all
from subscribers.preferences import (
    AddressChange,
    ask_to_move,
    confirm_move,
    forget_unconfirmed,
    has_moved_since,
    pause,
    prefer,
)
from subscribers.searching import Counted, Page, Person, Slice, Sought, count, highest, next_slice, search
from subscribers.segments import (
    LONGEST,
    Comparison,
    Field,
    Node,
    Operator,
    Problem,
    SegmentError,
    both,
    everybody,
    parts,
)
from subscribers.segments import read as read_segment
from subscribers.segments import write as write_segment
from subscribers.segments.saved import CannotSave, Segment
from subscribers.segments.saved import remove as remove_segment
from subscribers.segments.saved import save as save_segment
from subscribers.segments.saved import saved as saved_segments
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
    "LONGEST",
    "Address",
    "AddressChange",
    "AddressHasher",
    "Base",
    "BigId",
    "Cadence",
    "CannotLift",
    "CannotSave",
    "Census",
    "Choice",
    "Claim",
    "Comparison",
    "Consent",
    "Counted",
    "Day",
    "Event",
    "Evidence",
    "Exclusion",
    "ExportFilter",
    "Fact",
    "Field",
    "Hmac",
    "ImportOptions",
    "ImportProblem",
    "ImportTally",
    "ImportTerms",
    "Importer",
    "InvalidAddress",
    "Lasting",
    "Listed",
    "Node",
    "Operator",
    "Page",
    "Person",
    "Problem",
    "Purpose",
    "Reach",
    "Reason",
    "Segment",
    "SegmentError",
    "Slice",
    "Sought",
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
    "both",
    "bulk",
    "census",
    "census_is_due",
    "confirm_move",
    "confirmations",
    "considered",
    "count",
    "eligible",
    "erase",
    "everybody",
    "excluded",
    "export_people",
    "find",
    "forget",
    "forget_unconfirmed",
    "guard_cell",
    "happen",
    "has_moved_since",
    "has_readers",
    "highest",
    "history",
    "is_suppressed",
    "keep_census",
    "languages",
    "last_look",
    "leave_all",
    "lift",
    "mask",
    "next_slice",
    "next_status",
    "normalise",
    "noted",
    "own_data",
    "page",
    "parts",
    "pause",
    "prefer",
    "reach",
    "read_segment",
    "remember",
    "remove_segment",
    "save_segment",
    "saved_segments",
    "search",
    "subscriptions",
    "suppress_address",
    "suppress_addresses",
    "suppress_domain",
    "suppression_of",
    "take",
    "take_census",
    "write_segment",
]
