"""What may become of a job. Pure: the table is the policy."""

from __future__ import annotations

from enum import StrEnum

from newsletter.errors import NewsletterError


class JobKind(StrEnum):
    """What a job does to many people."""

    LEAVE = "leave"
    RECONFIRM = "reconfirm"
    BLOCK = "block"
    ERASE = "erase"
    IMPORT = "import"


class JobState(StrEnum):
    """Where a job stands."""

    COUNTING = "counting"  # whom it is about; nothing is changed
    ASKED = "asked"  # waits for a person to say yes
    WAITING = "waiting"  # for a worker, or for its next slice
    DONE = "done"
    STOPPED = "stopped"  # by a person; what was done stays done
    FAILED = "failed"


class Step(StrEnum):
    """What may happen to a job."""

    COUNTED = "counted"
    APPROVED = "approved"
    WORKED = "worked"  # a slice is done and there is more
    ENDED = "ended"
    STOPPED = "stopped"
    FAILED = "failed"
    RECOUNTED = "recounted"  # a dry run is asked for again


WORKABLE = (JobState.COUNTING, JobState.WAITING)
OVER = (JobState.DONE, JobState.STOPPED, JobState.FAILED)

TRANSITIONS: dict[tuple[JobState, Step], JobState] = {
    (JobState.COUNTING, Step.WORKED): JobState.COUNTING,
    (JobState.COUNTING, Step.COUNTED): JobState.ASKED,
    (JobState.COUNTING, Step.STOPPED): JobState.STOPPED,
    (JobState.COUNTING, Step.FAILED): JobState.FAILED,
    (JobState.ASKED, Step.APPROVED): JobState.WAITING,
    (JobState.ASKED, Step.RECOUNTED): JobState.COUNTING,
    (JobState.ASKED, Step.STOPPED): JobState.STOPPED,
    (JobState.WAITING, Step.WORKED): JobState.WAITING,
    (JobState.WAITING, Step.ENDED): JobState.DONE,
    (JobState.WAITING, Step.STOPPED): JobState.STOPPED,
    (JobState.WAITING, Step.FAILED): JobState.FAILED,
}


class JobHasMovedOn(NewsletterError):
    """The job is no longer as it was shown. Look again."""


def next_state(state: JobState, step: Step) -> JobState:
    """Return the state after ``step``, or raise ``JobHasMovedOn``."""
    if (state, step) not in TRANSITIONS:
        raise JobHasMovedOn(f"a job that is {state} cannot be {step}")
    return TRANSITIONS[state, step]
