"""What may become of a copy and of a batch. Pure: the tables are the policy.

Owed is the sum of all delivery states at every moment; ``OPEN`` is what is still to be done.
"""

from __future__ import annotations

from enum import StrEnum

from newsletter.errors import NewsletterError


class State(StrEnum):
    """Where one reader's copy of one edition stands."""

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"  # the intent is written; it may be on its way
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"  # not taken over yet; tried again later
    IN_DOUBT = "in_doubt"  # its worker died, or the answer was lost: never resent by itself
    WITHDRAWN = "withdrawn"  # the reader left, paused or was suppressed after the freeze
    EXPIRED = "expired"  # too late to be worth sending


# The database stores a small number; a number is never given twice.
CODES: dict[State, int] = {
    State.WAITING: 0,
    State.IN_FLIGHT: 1,
    State.ACCEPTED: 2,
    State.REFUSED: 3,
    State.DEFERRED: 4,
    State.IN_DOUBT: 5,
    State.WITHDRAWN: 6,
    State.EXPIRED: 7,
}


class Event(StrEnum):
    """What may happen to a copy."""

    TAKEN = "taken"  # a worker wrote its intent to hand it over
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    DOUBTED = "doubted"
    RELEASED = "released"  # the call failed before anything was handed over
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    GIVEN_UP = "given up"  # deferred too often
    RETRIED = "retried"  # a person has refused copies tried once more
    RESENT = "resent"  # a person accepts that somebody may get a second copy
    SETTLED = "settled"  # a person found out that it was accepted
    PROVED = "proved"  # an event from the far side shows that it was accepted
    RETURNED = "returned"  # the far side took it, and then dropped it for a reason that is ours


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.WAITING, Event.TAKEN): State.IN_FLIGHT,
    (State.WAITING, Event.WITHDRAWN): State.WITHDRAWN,
    (State.WAITING, Event.EXPIRED): State.EXPIRED,
    (State.DEFERRED, Event.TAKEN): State.IN_FLIGHT,
    (State.DEFERRED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.DEFERRED, Event.EXPIRED): State.EXPIRED,
    (State.DEFERRED, Event.GIVEN_UP): State.REFUSED,
    (State.IN_FLIGHT, Event.ACCEPTED): State.ACCEPTED,
    (State.IN_FLIGHT, Event.REFUSED): State.REFUSED,
    (State.IN_FLIGHT, Event.DEFERRED): State.DEFERRED,
    (State.IN_FLIGHT, Event.DOUBTED): State.IN_DOUBT,
    (State.IN_FLIGHT, Event.RELEASED): State.WAITING,
    # Evidence that arrives late settles doubt: the far side's answer reached a worker that had
    # been given up for dead. Nothing else leaves doubt by itself, least of all towards waiting.
    (State.IN_DOUBT, Event.ACCEPTED): State.ACCEPTED,
    (State.IN_DOUBT, Event.REFUSED): State.REFUSED,
    (State.IN_DOUBT, Event.DOUBTED): State.IN_DOUBT,
    (State.IN_DOUBT, Event.PROVED): State.ACCEPTED,
    # It never left the provider, so a person may have it tried once more.
    (State.ACCEPTED, Event.RETURNED): State.REFUSED,
    # What only a person may do.
    (State.REFUSED, Event.RETRIED): State.WAITING,
    (State.IN_DOUBT, Event.RESENT): State.WAITING,
    (State.IN_DOUBT, Event.SETTLED): State.ACCEPTED,
}

OPEN = (State.WAITING, State.IN_FLIGHT, State.DEFERRED)
SENDABLE = (State.WAITING, State.DEFERRED)


def before(event: Event) -> tuple[State, ...]:
    """Return the states in which ``event`` may happen: the WHERE of the ledger's update."""
    return tuple(state for state, happening in TRANSITIONS if happening is event)


def after(event: Event) -> State:
    """Return the one state that ``event`` leads to."""
    (state,) = {to for (_, happening), to in TRANSITIONS.items() if happening is event}
    return state


class BatchState(StrEnum):
    """Where a batch stands. A claim is a lease, not a state that lasts."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"  # none of its copies is open


class LeaseLost(NewsletterError):
    """This worker's claim has run out or was given to another. Hand nothing more over."""
