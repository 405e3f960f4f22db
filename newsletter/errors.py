"""Every error a person may have to act on, and the exit code it ends a command with.

One class per *reaction*, not per cause. Messages name settings, files and ids; never an
address, never a secret.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ends; documented in the README."""

    DONE = 0
    FAILED = 1  # something went wrong, or copies are left in doubt
    UNREADABLE = 2  # bad usage, a bad setting or unreadable input
    HELD = 3  # the gate held the edition, or there is no digest


class NewsletterError(Exception):
    """Something a person can be told in one sentence."""

    exit_code = ExitCode.FAILED


class ConfigError(NewsletterError):
    """A setting is missing or wrong. Change the setting that the message names."""

    exit_code = ExitCode.UNREADABLE


class DigestError(NewsletterError):
    """A digest cannot be read. Mend the file at the place the message names.

    Printed as ``file:line:column: what is wrong; what to do``.
    """

    exit_code = ExitCode.UNREADABLE

    def __init__(
        self, problem: str, *, remedy: str, file: str = "", line: int | None = None, column: int | None = None
    ) -> None:
        place = ":".join(str(part) for part in (file, line, column) if part not in (None, ""))
        super().__init__(f"{place}: {problem}; {remedy}" if place else f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.file = file
        self.line = line
        self.column = column


class SourceUnreachable(DigestError):
    """The place that digests come from did not answer, or not with one. It may answer later."""
