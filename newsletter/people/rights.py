"""What each role may do. Pure: the table is the policy, and there is no other.

A person holds roles on one newsletter or on all. What they may do is all that their roles allow together; a
pair that is absent is not allowed. To send to everybody is apart from writing and from test mails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

ALL = ""  # the newsletter of a grant that holds for every one, also for those to come


class Right(StrEnum):
    """What one may be allowed to do."""

    VIEW = "view"  # editions, their books, alarms
    EDIT = "edit"  # digests
    TEST_SEND = "test-send"  # a digest to a few addresses, marked as a test
    PAUSE = "pause"  # let nothing more of an edition begin: whoever sees that something is wrong
    SEND = "send"  # to all: approve, send, resume, skip, cancel, reschedule
    READERS = "readers"  # see and change the list
    MANAGE_PEOPLE = "manage-people"  # who may do what, and what was done


class Role(StrEnum):
    """What a person is on a newsletter."""

    VIEWER = "viewer"
    EDITOR = "editor"
    SENDER = "sender"
    ADMIN = "admin"


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.VIEW}),
    Role.EDITOR: frozenset({Right.VIEW, Right.EDIT, Right.TEST_SEND, Right.PAUSE}),
    Role.SENDER: frozenset({Right.VIEW, Right.TEST_SEND, Right.PAUSE, Right.SEND}),
    Role.ADMIN: frozenset(Right),
}


def rights_on(newsletter: str, held: Iterable[tuple[str, Role]]) -> frozenset[Right]:
    """Return what grants, as (newsletter, role), allow on one newsletter; on ``ALL``, what holds for all."""
    return frozenset(
        right for granted, role in held if granted in (newsletter, ALL) for right in RIGHTS[role]
    )
