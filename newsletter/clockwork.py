"""The clockwork: at every tick, each newsletter's moments that have come. Safe in every replica at once.

*begin* is asked every time, so that the first copy leaves within seconds of the hour; the rest less often.
What fails for one newsletter is logged, tried again at the next tick, and keeps no other one back. Neither
does what takes long: whatever may wait for somebody else's server is done beside the ticking, one at a
time for each newsletter, and a begin never waits for a look ahead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from newsletter import clock, slots
from newsletter.app import App
from newsletter.beside import Beside
from newsletter.errors import NewsletterError
from newsletter.fitness import Fitness
from newsletter.morning.unattended import Unattended
from newsletter.timekeeping import Timekeeping

logger = logging.getLogger(__name__)

TICK = timedelta(seconds=2)
LOOK = timedelta(seconds=10)  # between two looks at a folder of digests, and at how a morning goes
LOOK_FAR = timedelta(seconds=60)  # the same where digests are fetched from elsewhere
PROMPT, PATIENT = 16, 4  # threads
HOUSE = ""  # in place of a newsletter: the installation itself


@dataclass(kw_only=True)
class Clockwork:
    """Ticks for all newsletters of an installation.

    Everything is done in ``tick`` itself until ``spread`` says that there are threads for it.
    """

    app: App
    mornings: dict[str, Unattended]
    steady: Callable[[], float] = clock.steady  # seconds of a clock that nobody sets
    ticked_at: float | None = None  # by ``steady``
    _due: dict[tuple[str, str], float] = field(default_factory=dict)
    _prompt: Beside = field(default_factory=Beside)  # what must not wait
    _patient: Beside = field(default_factory=Beside)  # what may wait for others, and must hold nothing up
    fitness: Fitness = field(init=False)
    timekeeping: Timekeeping = field(init=False)

    def __post_init__(self) -> None:
        self.fitness = Fitness(app=self.app)
        self.timekeeping = Timekeeping(app=self.app, steady=self._seconds)

    def _seconds(self) -> float:
        return self.steady()

    def spread(self) -> None:
        """Do from now on in threads what may take long."""
        self._prompt, self._patient = Beside(PROMPT, name="prompt"), Beside(PATIENT, name="patient")

    def tick(self) -> None:
        """Do what is due now; never raise, for nobody would hear it."""
        # What ails the mornings must not keep those who are told of it from being told.
        for part in (self._look_at_mornings, self._look_at_the_house):
            try:
                part()
            except Exception:
                # A tick must not end the ticking.
                logger.exception("tick failed")
        self.ticked_at = self.steady()

    def _look_at_mornings(self) -> None:
        if self.timekeeping.has_jumped():
            self._due.clear()
        if self.app.refusal():
            return
        # All that is due begins before anything else is looked at.
        for slug, unattended in self.mornings.items():
            self._moment(self._prompt, slug, "begin", unattended.begin, timedelta(0))
        for slug, unattended in self.mornings.items():
            self._moment(self._prompt, slug, "weekly", unattended.begin_weekly, LOOK)
        for slug, unattended in self.mornings.items():
            pause = LOOK if self.app.settings.newsletters[slug].source.is_folder else LOOK_FAR
            self._moment(self._patient, slug, "prepare", unattended.prepare, pause)
            self._moment(self._prompt, slug, "watch", unattended.watch, LOOK)

    def _look_at_the_house(self) -> None:
        now = self.app.clock()
        self._moment(self._prompt, HOUSE, "fitness", lambda: self.fitness.look(now=now), LOOK)
        self._moment(self._patient, HOUSE, "clock", self.timekeeping.look, LOOK)

    def _moment(
        self, beside: Beside, slug: str, name: str, story: Callable[[], object], pause: timedelta
    ) -> None:
        now = self.steady()
        if now < self._due.get((slug, name), now):
            return

        def step() -> None:
            try:
                story()
            except Exception as error:
                # One newsletter's trouble is not another's, and it is tried again.
                self._due[slug, name] = self.steady() + LOOK.total_seconds()
                trace = None if isinstance(error, NewsletterError) else error
                logger.error(
                    "%s failed: %s", name, error, exc_info=trace, extra={"newsletter": slug, "moment": name}
                )

        self._due[slug, name] = now + pause.total_seconds()
        beside.run((slug, name), step)

    def is_silent(self) -> bool:
        """Whether no tick has come for so long that one should be brought about."""
        return self.ticked_at is not None and self.steady() - self.ticked_at > 3 * TICK.total_seconds()

    def ticker(self) -> slots.Ticker:
        """Return what calls ``tick``."""
        return slots.Ticker(self.tick, every=TICK)

    def end(self) -> None:
        """Wait for what is being done beside the ticking."""
        self._prompt.end()
        self._patient.end()
