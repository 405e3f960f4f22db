"""What may become of an edition. Pure: the table is the policy."""

from __future__ import annotations

from enum import StrEnum

from newsletter.errors import NewsletterError


class Kind(StrEnum):
    """Why an edition goes out."""

    DAILY = "daily"
    WEEKLY = "weekly"
    CORRECTION = "correction"


class State(StrEnum):
    """Where an edition stands."""

    MISSING = "missing"  # its hour came and there was no digest: a row too
    HELD = "held"  # the gate found a reason not to send it unattended
    READY = "ready"  # examined and good: it goes out at its hour
    SKIPPED = "skipped"  # a day without an edition: a row too
    SENDING = "sending"  # frozen: everyone it is owed to has a row
    PAUSED = "paused"  # frozen, and nothing is handed over until it is resumed
    FINISHED = "finished"  # nothing more is going to be handed over
    CANCELLED = "cancelled"  # a person ended it; what was not handed over is withdrawn


class Happening(StrEnum):
    """What may happen to an edition."""

    NOT_FOUND = "not found"
    FAILED_GATE = "failed the gate"
    PREPARED = "prepared"  # its digest was found and passed the gate before its hour
    SKIPPED = "skipped"  # by the schedule, by a person, or because its hours were missed
    TAKEN_UP = "taken up"  # by a person, who takes back that it is skipped
    FROZEN = "frozen"
    DRAINED = "drained"
    JOINED = "joined"  # there is more to hand over: a late reader, or copies a person has sent again
    PAUSED = "paused"  # by a person, or because too much was refused
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    FOUND_BEGUN = "found begun"  # it went out from a database that is gone: the journal says so


class EditionTransitionNotAllowed(NewsletterError):
    """The edition has moved on since it was looked at. Look again."""


TRANSITIONS: dict[tuple[State | None, Happening], State] = {
    (None, Happening.NOT_FOUND): State.MISSING,
    (None, Happening.FAILED_GATE): State.HELD,
    (None, Happening.PREPARED): State.READY,
    (None, Happening.SKIPPED): State.SKIPPED,
    (None, Happening.FROZEN): State.SENDING,
    (State.MISSING, Happening.NOT_FOUND): State.MISSING,
    (State.MISSING, Happening.FAILED_GATE): State.HELD,
    (State.MISSING, Happening.PREPARED): State.READY,
    (State.MISSING, Happening.SKIPPED): State.SKIPPED,
    (State.MISSING, Happening.FROZEN): State.SENDING,
    # A digest that was there before is gone: what was found out about it holds no longer.
    (State.HELD, Happening.NOT_FOUND): State.MISSING,
    (State.HELD, Happening.FAILED_GATE): State.HELD,
    (State.HELD, Happening.PREPARED): State.READY,
    (State.HELD, Happening.SKIPPED): State.SKIPPED,
    (State.HELD, Happening.FROZEN): State.SENDING,
    (State.READY, Happening.NOT_FOUND): State.MISSING,
    (State.READY, Happening.FAILED_GATE): State.HELD,
    (State.READY, Happening.PREPARED): State.READY,
    (State.READY, Happening.SKIPPED): State.SKIPPED,
    (State.READY, Happening.FROZEN): State.SENDING,
    (State.SKIPPED, Happening.SKIPPED): State.SKIPPED,
    (State.SKIPPED, Happening.TAKEN_UP): State.MISSING,
    # Only a person sends on a day that was skipped, and then it is like any other.
    (State.SKIPPED, Happening.NOT_FOUND): State.SKIPPED,
    (State.SKIPPED, Happening.FAILED_GATE): State.HELD,
    (State.SKIPPED, Happening.FROZEN): State.SENDING,
    # It went out from a database that is gone, and who got it is not known: it never begins again.
    (State.MISSING, Happening.FOUND_BEGUN): State.CANCELLED,
    (State.HELD, Happening.FOUND_BEGUN): State.CANCELLED,
    (State.READY, Happening.FOUND_BEGUN): State.CANCELLED,
    (State.SKIPPED, Happening.FOUND_BEGUN): State.CANCELLED,
    (State.SENDING, Happening.DRAINED): State.FINISHED,
    (State.SENDING, Happening.JOINED): State.SENDING,
    (State.FINISHED, Happening.DRAINED): State.FINISHED,
    (State.FINISHED, Happening.JOINED): State.SENDING,
    (State.SENDING, Happening.PAUSED): State.PAUSED,
    (State.SENDING, Happening.RESUMED): State.SENDING,
    (State.SENDING, Happening.CANCELLED): State.CANCELLED,
    (State.PAUSED, Happening.PAUSED): State.PAUSED,
    (State.PAUSED, Happening.JOINED): State.PAUSED,
    (State.PAUSED, Happening.RESUMED): State.SENDING,
    (State.PAUSED, Happening.CANCELLED): State.CANCELLED,
    (State.PAUSED, Happening.DRAINED): State.FINISHED,
    (State.CANCELLED, Happening.CANCELLED): State.CANCELLED,
    (State.CANCELLED, Happening.DRAINED): State.CANCELLED,
}


def next_state(state: State | None, happening: Happening) -> State:
    """Return the state after ``happening`` (None: no row yet), or raise."""
    if (state, happening) not in TRANSITIONS:
        raise EditionTransitionNotAllowed(f"an edition that is {state or 'unknown'} cannot be {happening}")
    return TRANSITIONS[state, happening]
