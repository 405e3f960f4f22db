"""The worker processes of a run, and what is done to them."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

END_SECONDS = 30


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
        # The plain one is the very command that is installed.
        plain = [str(Path(sys.executable).with_name("newsletter")), "--config", str(config), "worker"]
        self._command = plain if is_plain else [sys.executable, "-m", "tests.chaos.worker", str(config)]
        self._command += ["--sabotage"] * is_sabotaged
        self._chance = chance
        self._working: list[subprocess.Popen[bytes]] = []
        self._frozen: list[tuple[float, subprocess.Popen[bytes]]] = []
        self.deaths: list[int] = []  # exit codes of those that ended by themselves

    def __enter__(self) -> Self:
        self.top_up()
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self._working, *(process for _, process in self._frozen)]:
            process.kill()
            process.wait()

    def top_up(self, *, more: int = 0) -> None:
        """Start as many workers as are missing."""
        self._bury()
        self.size += more
        while len(self._working) < self.size:
            with self.log.open("ab") as log:
                self._working.append(subprocess.Popen(self._command, stdout=log, stderr=log))

    def supervise(self) -> None:
        """Do what an init system does: start those again that ended by themselves."""
        if self._bury() and not self._frozen:
            self.top_up()

    def _bury(self) -> bool:
        dead = [process.returncode for process in self._working if process.poll() is not None]
        self.deaths += dead
        self._working = [process for process in self._working if process.returncode is None]
        return bool(dead)

    def kill(self) -> None:
        """End a worker with −9."""
        process = self._take()
        process.kill()
        process.wait()
        self.top_up()

    def freeze(self, seconds: float, *, others_go_on: bool) -> None:
        """Stop a worker in the middle of whatever it does; ``thaw`` lets it go on."""
        process = self._take()
        process.send_signal(signal.SIGSTOP)
        self._frozen.append((time.monotonic() + seconds, process))
        if others_go_on:
            self.top_up()

    def thaw(self, *, at_once: bool = False) -> None:
        """Let those go on whose time has come; they believe that no time has passed."""
        now = time.monotonic()
        left = []
        for at, process in self._frozen:
            if at <= now or at_once:
                process.send_signal(signal.SIGCONT)
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
        process.terminate()
        self.top_up()
        process.wait(END_SECONDS)

    def end(self) -> list[int]:
        """Ask all workers to end; return how they did (0 is well)."""
        self.thaw(at_once=True)
        for process in self._working:
            process.terminate()
        codes = [process.wait(END_SECONDS) for process in self._working]
        self._working = []
        return codes

    def _take(self) -> subprocess.Popen[bytes]:
        self._bury()
        if not self._working:
            self.thaw(at_once=True)
        if not self._working:
            self.top_up()
        return self._working.pop(self._chance.randrange(len(self._working)))
