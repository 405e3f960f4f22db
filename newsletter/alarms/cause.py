"""Why people are told, and what each cause lets them type.

Pure: values only.
"""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """What is wrong. Each has its words in the languages (``alarm.<cause>``)."""

    MISSING = "missing"  # no digest shortly before it is due
    HELD = "held"  # the gate holds it
    UNAPPROVED = "unapproved"  # nobody has approved it yet
    LATE = "late"  # it has not begun, and from now on nothing begins by itself
    SILENT = "silent"  # it should have begun, and nothing was accepted
    SLOW = "slow"  # an hour later much is still waiting
    PAUSED = "paused"  # too much is refused
    BOOKS = "books"  # a sum does not hold
    DOUBT = "doubt"  # nobody knows whether some copies arrived
    FENCE = "fence"  # the database looks restored from a copy
    SETTINGS = "settings"  # a setting keeps all editions back
    CLOCK = "clock"  # the machine's time is wrong
    SOURCE = "source"  # the place where digests come from is not reached
    HOLIDAYS = "holidays"  # the calendar of holidays runs out
    CANARY = "canary"  # a mailbox of ours did not get what it should
    FEEDBACK = "feedback"  # bounces and complaints do not come in
    UNREACHED = "unreached"  # a mailbox of ours is not reached
    QUEUED = "queued"  # readers have written, and a person must decide
    ACCOUNT = "account"  # how our account with the provider stands has changed
    BLOCKED = "blocked"  # mailbox providers send copies back for what they say, or for who we are
    DROPPED = "dropped"  # the provider drops copies for a reason that is ours
    UNAPPLIED = "unapplied"  # what came back could not be taken in
    BACKUP = "backup"  # the newest backup is too old, or could not be made
    JOURNAL = "journal"  # who left cannot be written down elsewhere


_STATUS = ("look", "newsletter status {which}")
_CHECK = ("check", "newsletter prepare {which}")
_CANCEL = ("cancel", "newsletter cancel {which}")
_SKIP = ("skip", 'newsletter skip {which} --because "…"')

# What to type: the key of its words (``alarm.command.<key>``), and the command. One that needs a fact
# that nobody gave is left out.
COMMANDS: dict[Cause, tuple[tuple[str, str], ...]] = {
    Cause.MISSING: (_CHECK, _SKIP),
    Cause.HELD: (_CHECK, ("approve", 'newsletter approve {which} --because "…"'), _SKIP),
    Cause.UNAPPROVED: (("agree", "newsletter approve {which}"), _SKIP),
    Cause.LATE: (_STATUS, ("late", "newsletter send {which} --late")),
    Cause.SILENT: (_STATUS, ("pause", "newsletter pause {which}")),
    Cause.SLOW: (_STATUS,),
    Cause.PAUSED: (_STATUS, ("resume", "newsletter resume {which}"), _CANCEL),
    Cause.CANARY: (_STATUS, ("resume", "newsletter resume {which}"), _CANCEL),
    Cause.BOOKS: (_STATUS, ("pause", "newsletter pause {which}")),
    Cause.DOUBT: (("settle", "newsletter settle {which}"),),
    Cause.FENCE: (("fence", "newsletter fence"),),
    Cause.SETTINGS: (("schedule", "newsletter schedule"),),
    Cause.SOURCE: (_CHECK,),
    Cause.ACCOUNT: (("go", "newsletter go"),),
    Cause.BLOCKED: (_STATUS, ("resume", "newsletter resume {which}"), _CANCEL),
    Cause.DROPPED: (("retry", "newsletter retry {which} --reply {quoted}"),),
    Cause.BACKUP: (("backup", "newsletter backup"),),
    Cause.JOURNAL: (("journal", "newsletter journal verify"),),
    Cause.UNAPPLIED: (("feedback", "newsletter feedback"),),
    Cause.QUEUED: (("mailbox", "newsletter mailbox"),),
}
