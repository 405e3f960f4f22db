"""The worker processes of a run, and what is done to them."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.chaos import worker

END_SECONDS = 30
# Workers are forked from a process that has imported everything: starting one two hundred times would
# otherwise be most of what is measured. It has no thread, no connection and no file of ours open.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "tests.chaos.run",
        "newsletter.delivery.cluster",
        "newsletter.transports.file",
        "newsletter.transports.sendgrid",
        "newsletter.transports.smtp",
    ]
)


class Process:
    """One worker."""

    def __init__(self, config: Path, log: Path, *, is_plain: bool, is_sabotaged: bool) -> None:
        self._command: subprocess.Popen[bytes] | None = None
        self._fork = _FORKS.Process(
            target=worker.serve, args=(config, log), kwargs={"is_sabotaged": is_sabotaged}
        )
        if not is_plain:
            self._fork.start()
            return
        # The very command that is installed.
        command = [str(Path(sys.executable).with_name("newsletter")), "--config", str(config), "worker"]
        with log.open("ab") as file:
            self._command = subprocess.Popen(command, stdout=file, stderr=file)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it is there to get one."""
        if self.exit_code() is None:
            pid = self._command.pid if self._command else self._fork.pid
            os.kill(pid or 0, number)

    def exit_code(self) -> int | None:
        """Return how it ended; None while it lives."""
        return self._command.poll() if self._command else self._fork.exitcode

    def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        if self._command:
            return self._command.wait(END_SECONDS)
        self._fork.join(END_SECONDS)
        code = self._fork.exitcode
        if code is None:
            raise TimeoutError(f"a worker did not end within {END_SECONDS} s of being told to")
        return code


class Fleet:
    """``size`` workers over one configuration; who dies is replaced."""

    def __init__(
        self,
        config: Path,
        *,
        size: int,
        chance: random.Random,
        is_plain: bool = False,
        is_sabotaged: bool = False,
    ) -> None:
        self.size = size
        self.log = config.with_suffix(".log")
        self._config, self._is_plain, self._is_sabotaged = config, is_plain, is_sabotaged
        self._chance = chance
        self._working: list[Process] = []
        self._frozen: list[tuple[float, Process]] = []
        self.deaths: list[int] = []  # exit codes of those that ended by themselves

    def __enter__(self) -> Self:
        self.top_up()
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self._working, *(process for _, process in self._frozen)]:
            process.signal(signal.SIGKILL)
            process.wait()

    def top_up(self, *, more: int = 0) -> None:
        """Start as many workers as are missing."""
        self._bury()
        self.size += more
        while len(self._working) < self.size:
            self._working.append(
                Process(self._config, self.log, is_plain=self._is_plain, is_sabotaged=self._is_sabotaged)
            )

    def supervise(self) -> None:
        """Do what an init system does: start those again that ended by themselves."""
        if self._bury() and not self._frozen:
            self.top_up()

    def _bury(self) -> bool:
        codes = [(process, process.exit_code()) for process in self._working]
        self._working = [process for process, code in codes if code is None]
        dead = [code for _, code in codes if code is not None]
        self.deaths += dead
        return bool(dead)

    def kill(self) -> None:
        """End a worker with −9."""
        process = self._take()
        process.signal(signal.SIGKILL)
        process.wait()
        self.top_up()

    def freeze(self, seconds: float, *, others_go_on: bool) -> None:
        """Stop a worker in the middle of whatever it does; ``thaw`` lets it go on."""
        process = self._take()
        process.signal(signal.SIGSTOP)
        self._frozen.append((time.monotonic() + seconds, process))
        if others_go_on:
            self.top_up()

    def thaw(self, *, at_once: bool = False) -> None:
        """Let those go on whose time has come; they believe that no time has passed."""
        now = time.monotonic()
        left = []
        for at, process in self._frozen:
            if at <= now or at_once:
                process.signal(signal.SIGCONT)
                self._working.append(process)
            else:
                left.append((at, process))
        self._frozen = left

    @property
    def has_frozen(self) -> bool:
        """Whether somebody has still to thaw."""
        return bool(self._frozen)

    def end_one(self) -> None:
        """Ask a worker to end, as a deploy does, and start the next one at once."""
        process = self._take()
        process.signal(signal.SIGTERM)
        self.top_up()
        process.wait()

    def end(self) -> list[int]:
        """Ask all workers to end; return how they did (0 is well)."""
        self.thaw(at_once=True)
        for process in self._working:
            process.signal(signal.SIGTERM)
        codes = [process.wait() for process in self._working]
        self._working = []
        return codes

    def _take(self) -> Process:
        self._bury()
        if not self._working:
            self.thaw(at_once=True)
        if not self._working:
            self.top_up()
        return self._working.pop(self._chance.randrange(len(self._working)))
