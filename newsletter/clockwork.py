"""The clockwork: at every tick, each newsletter's moments that have come. Safe in every replica at once.

*begin* is asked every time, so that the first copy leaves within seconds of the hour; the rest less often.
What fails for one newsletter is logged, tried again at the next tick, and keeps no other one back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter import slots
from newsletter.app import App
from newsletter.errors import NewsletterError
from newsletter.morning.unattended import Unattended

logger = logging.getLogger(__name__)

TICK = timedelta(seconds=2)
LOOK = timedelta(seconds=10)  # between two looks at a folder of digests, and at how a morning goes
LOOK_FAR = timedelta(seconds=60)  # the same where digests are fetched from elsewhere
JUMP = timedelta(seconds=30)  # a wall clock that moved by more against our own was set


@dataclass(kw_only=True)
class Clockwork:
    """Ticks for all newsletters of an installation."""

    app: App
    mornings: dict[str, Unattended]
    steady: Callable[[], float] = time.monotonic  # seconds of a clock that nobody sets
    ticked_at: float | None = None  # by ``steady``
    _due: dict[tuple[str, str], float] = field(default_factory=dict)
    _wall: tuple[float, datetime] | None = None

    def tick(self) -> None:
        """Do what is due now; never raise, for nobody would hear it."""
        try:
            self._notice_jumps()
            if not self.app.refusal():
                for slug, unattended in self.mornings.items():
                    self._moment(slug, "begin", unattended.begin, timedelta(0))
                    self._moment(slug, "weekly", unattended.begin_weekly, LOOK)
                    pause = LOOK if self.app.settings.newsletters[slug].source.is_folder else LOOK_FAR
                    self._moment(slug, "prepare", unattended.prepare, pause)
                    self._moment(slug, "watch", unattended.watch, LOOK)
        except Exception:
            # A tick must not end the ticking.
            logger.exception("tick failed")
        finally:
            self.ticked_at = self.steady()

    def _moment(self, slug: str, name: str, story: Callable[[], object], pause: timedelta) -> None:
        now = self.steady()
        if now < self._due.get((slug, name), now):
            return
        self._due[slug, name] = now + pause.total_seconds()
        try:
            story()
        except Exception as error:
            # One newsletter's trouble is not another's, and the next tick tries again.
            self._due[slug, name] = now + LOOK.total_seconds()
            trace = None if isinstance(error, NewsletterError) else error
            logger.error(
                "%s failed: %s", name, error, exc_info=trace, extra={"newsletter": slug, "moment": name}
            )

    def _notice_jumps(self) -> None:
        steady, wall = self.steady(), self.app.clock()
        if self._wall is not None:
            off = (wall - self._wall[1]) - timedelta(seconds=steady - self._wall[0])
            if abs(off) > JUMP:
                logger.warning(
                    "the clock was set by %+.0f s",
                    off.total_seconds(),
                    extra={"seconds": off.total_seconds()},
                )
                self._due.clear()
        self._wall = (steady, wall)

    def is_silent(self) -> bool:
        """Whether no tick has come for so long that one should be brought about."""
        return self.ticked_at is not None and self.steady() - self.ticked_at > 3 * TICK.total_seconds()

    def ticker(self) -> slots.Ticker:
        """Return what calls ``tick``."""
        return slots.Ticker(self.tick, every=TICK)
