"""What a file may do to a person: nobody becomes active but who is new and stands against nothing.

The whole policy of moving in is ``decide``. Whoever we know stays as they are, except that a file may
say that they left, or that their address must never be mailed. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from subscribers.states import Status
from subscribers.suppression import Reason
from subscribers.transfer.rows import Standing


class Known(NamedTuple):
    """What we know of a person before a file is taken in."""

    status: Status | None = None  # None: not on this list
    erased: bool = False
    suppressed: Reason | None = None  # by the address or by its domain

    @property
    def standing(self) -> Standing | None:
        """Where they stand; None for somebody of whom nothing is known."""
        if self.suppressed:
            return Standing(self.suppressed)
        if self.erased:
            return Standing.LEFT
        return Standing(self.status) if self.status else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done, and where the person stands then. Nothing is done where all are None."""

    before: Standing | None
    after: Standing
    enters_as: Status | None = None  # a new subscription with this status
    leaves: bool = False  # the subscription that there is becomes left
    suppress: Reason | None = None
    kept_out: Standing | None = None  # the file would have them on the list, but they stand so


@lru_cache  # there are a few dozen cases, and a million people
def decide(known: Known, standing: Standing, *, listed: bool) -> Decision:
    """Return what a row that says ``standing`` does to somebody who is ``known`` so.

    ``listed`` is false for a row that says only who is never mailed, not who is on a list.
    """
    if standing in (Standing.ACTIVE, Standing.PENDING):
        return _welcome(known, standing)
    suppress = _worse(known.suppressed, standing.reason)
    return Decision(
        before=known.standing,
        after=Standing(suppress or known.suppressed or _status_after(known, standing)),
        enters_as=Status.LEFT if listed and known.status is None and not known.erased else None,
        leaves=standing is Standing.LEFT and known.status in (Status.PENDING, Status.ACTIVE),
        suppress=suppress,
    )


def _welcome(known: Known, standing: Standing) -> Decision:
    before = known.standing
    if before is None:
        return Decision(before=None, after=standing, enters_as=standing.status)
    # Pending stays pending, too: somebody who left and of whom a form was filled in is pending,
    # and only they themselves may confirm it.
    kept_out = before if before.severity > standing.severity else None
    return Decision(before=before, after=before, kept_out=kept_out)


def _worse(known: Reason | None, said: Reason | None) -> Reason | None:
    """Return the reason to write: the first one stays, but a complaint replaces any other."""
    if said is None or known is said:
        return None
    return said if known is None or said is Reason.COMPLAINED else None


def _status_after(known: Known, standing: Standing) -> Status:
    return Status.LEFT if standing is Standing.LEFT or known.status is None else known.status
