"""The life of a subscription: which status follows which, and on what event.

``TRANSITIONS`` is the policy; nothing else decides. A pair it does not hold is refused.
Pure: values in, values out.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a person stands with one newsletter. Everything finer is derived, not stored."""

    PENDING = "pending"  # asked, not yet confirmed: gets no edition
    ACTIVE = "active"
    LEFT = "left"


class Event(StrEnum):
    """What may happen to a subscription."""

    ASKED = "asked"  # somebody typed the address into a form
    CONFIRMED = "confirmed"  # the person pressed the button in our mail
    ENROLLED = "enrolled"  # an admin brings consent that was given elsewhere
    LEFT = "left"
    UNDONE = "undone"  # the person took leaving back, on the goodbye page
    LIFTED = "lifted"  # an admin lifted a bounce: they must confirm again


class TransitionNotAllowed(Exception):
    """This event cannot happen to a subscription in this status."""

    def __init__(self, status: Status | None, event: Event) -> None:
        what = f"a subscription that is {status}" if status else "somebody who is not on the list"
        super().__init__(f"{what} cannot be {event}")
        self.status = status
        self.event = event


TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (Status.PENDING, Event.ASKED): Status.PENDING,
    (Status.PENDING, Event.CONFIRMED): Status.ACTIVE,
    (Status.PENDING, Event.ENROLLED): Status.ACTIVE,
    (Status.PENDING, Event.LEFT): Status.LEFT,
    (Status.ACTIVE, Event.ASKED): Status.ACTIVE,
    (Status.ACTIVE, Event.CONFIRMED): Status.ACTIVE,
    (Status.ACTIVE, Event.ENROLLED): Status.ACTIVE,
    (Status.ACTIVE, Event.LEFT): Status.LEFT,
    (Status.PENDING, Event.LIFTED): Status.PENDING,
    (Status.ACTIVE, Event.LIFTED): Status.PENDING,
    (Status.LEFT, Event.LIFTED): Status.LEFT,
    (Status.LEFT, Event.LEFT): Status.LEFT,
    # Whoever left comes back by a new confirmation or by undoing it, never by an admin's file.
    (Status.LEFT, Event.ASKED): Status.PENDING,
    (Status.LEFT, Event.UNDONE): Status.ACTIVE,
}

# What a person who is not on the list at all becomes.
FIRST: dict[Event, Status] = {
    Event.ASKED: Status.PENDING,
    Event.ENROLLED: Status.ACTIVE,
}


def next_status(status: Status | None, event: Event) -> Status:
    """Return the status after ``event`` (None: not on the list), or raise ``TransitionNotAllowed``."""
    if status is None:
        if event in FIRST:
            return FIRST[event]
        raise TransitionNotAllowed(None, event)
    if (status, event) not in TRANSITIONS:
        raise TransitionNotAllowed(status, event)
    return TRANSITIONS[status, event]
