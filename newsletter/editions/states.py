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
    SENDING = "sending"  # frozen: everyone it is owed to has a row
    PAUSED = "paused"  # frozen, and nothing is handed over until it is resumed
    FINISHED = "finished"  # nothing more is going to be handed over
    CANCELLED = "cancelled"  # a person ended it; what was not handed over is withdrawn


class Happening(StrEnum):
    """What may happen to an edition."""

    NOT_FOUND = "not found"
    FAILED_GATE = "failed the gate"
    FROZEN = "frozen"
    DRAINED = "drained"
    JOINED = "joined"  # there is more to hand over: a late reader, or copies a person has sent again
    PAUSED = "paused"  # by a person, or because too much was refused
    RESUMED = "resumed"
    CANCELLED = "cancelled"


class EditionTransitionNotAllowed(NewsletterError):
    """The edition has moved on since it was looked at. Look again."""


TRANSITIONS: dict[tuple[State | None, Happening], State] = {
    (None, Happening.NOT_FOUND): State.MISSING,
    (None, Happening.FAILED_GATE): State.HELD,
    (None, Happening.FROZEN): State.SENDING,
    (State.MISSING, Happening.NOT_FOUND): State.MISSING,
    (State.MISSING, Happening.FAILED_GATE): State.HELD,
    (State.MISSING, Happening.FROZEN): State.SENDING,
    (State.HELD, Happening.NOT_FOUND): State.HELD,
    (State.HELD, Happening.FAILED_GATE): State.HELD,
    (State.HELD, Happening.FROZEN): State.SENDING,
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
