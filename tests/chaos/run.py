"""One scenario, from an empty database to its verdict."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from newsletter import keys
from newsletter.clock import utc_now
from newsletter.database import Database
from newsletter.delivery import books, control, handover
from newsletter.delivery.engine import engine_for
from newsletter.delivery.states import State
from newsletter.delivery.tables import Delivery
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from subscribers import Status, Subscription
from tests.chaos import worker
from tests.chaos.far_sides import CountingFarSide, FarSide, FileFarSide, SendGridFarSide, SmtpFarSide
from tests.chaos.fleet import Fleet
from tests.chaos.places import Disk, Servers, small_disk
from tests.chaos.scenarios import Scenario, Trouble
from tests.chaos.verdict import Verdict, examine
from tests.support import DAY, SLUG, Reader, frozen, open_database

DOMAINS = ("example.com", "example.com", "example.org", "qq.com", "163.com", "gmail.com")
SMTP_PACE_SECONDS = 0.0015  # a message
CALL_SECONDS = 0.2
LEAVE = 20  # readers who leave between the freeze and the first message
LOOK_SECONDS = 0.02
MANY = 50_000  # readers, for whom the stub keeps no messages
STALLED_SECONDS = 75  # without anything new: then it will not end any more


@dataclass(frozen=True, slots=True)
class Blow:
    """When something happens, and what."""

    at: float  # the share of the copies that have arrived
    after_seconds: float
    what: Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A line of the table."""

    scenario: Scenario
    readers: int
    blows: dict[Trouble, int]
    verdict: Verdict
    seconds: float
    bound: str
    log: Path

    @property
    def kills(self) -> int:
        """How many workers were killed or frozen."""
        return self.blows.get(Trouble.KILL, 0) + self.blows.get(Trouble.FREEZE, 0)


def schedule(scenario: Scenario, kills: int, chance: random.Random, *, is_short: bool) -> list[Blow]:
    """Return what happens in a run, in order."""
    several = [Trouble.FREEZE if chance.random() < scenario.freezes else Trouble.KILL for _ in range(kills)]
    several += dict.fromkeys(scenario.also) if is_short else scenario.also
    chance.shuffle(several)
    # Spread over the run, so that whatever a worker does, some die at it.
    return [
        Blow(0.8 * (number + chance.random()) / len(several), chance.random() * 0.15, what)
        for number, what in enumerate(several)
    ]


class Run:
    """A run under way."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: str,
        short: bool,
        folder: Path,
        servers: Servers,
        is_sabotaged: bool = False,
    ) -> None:
        self.scenario = scenario
        self._is_sabotaged = is_sabotaged
        self._chance = random.Random(f"{seed}/{scenario.name}")  # repeatable, no secret
        self._is_short = short
        self._kills = scenario.short_kills if short else scenario.kills
        self.readers = scenario.short_readers if short else scenario.readers
        self._folder = folder / scenario.name
        self._servers = servers
        self._arrivals: list[tuple[float, int]] = []
        self._edition = Edition()
        self._blows: dict[Trouble, int] = {}

    def run(self) -> Result:
        """Run it."""
        started = time.monotonic()
        with ExitStack() as stack:
            disk = None
            if Trouble.DISK in self.scenario.also:
                disk = stack.enter_context(small_disk(self._folder))
            self._folder.mkdir(parents=True, exist_ok=True)
            is_sqlite = self.scenario.database == "sqlite"
            url = f"sqlite:///{self._folder / 'chaos.db'}" if is_sqlite else self._servers.new_database()
            database = open_database(url)
            stack.callback(database.close)
            engine = engine_for(self.scenario.engine, url)
            engine.install()
            stack.callback(engine.close)
            gone = self._freeze(database)
            far = stack.enter_context(self._far_side())
            # What the workers say is wanted even when the small disk is gone.
            config = self._configure(self._folder.parent / f"{self.scenario.name}.toml", url, far)
            fleet = stack.enter_context(
                Fleet(
                    config,
                    size=self.scenario.workers,
                    chance=self._chance,
                    is_plain=self.scenario.is_plain and not self._is_sabotaged,
                    is_sabotaged=self._is_sabotaged,
                )
            )
            self._send(database, far, fleet, disk)
            resent = self._resend(database) if self.scenario.resends_doubt else set[int]()
            if resent:
                self._wait_for_end(database, far, fleet)
            codes = fleet.end()
            bound, told = self._doubt_bound(far)
            verdict = examine(
                database, self._edition.id, far.received(), doubt_bound=bound, resent=resent, gone=gone
            )
            # A worker that is told to end while it starts just ends. One that starts while there is no
            # database, or no room, says so and ends: whoever supervises it starts it again.
            may_die = any(what in self.scenario.also for what in (Trouble.DATABASE, Trouble.DISK))
            if not set(codes) <= {0, -signal.SIGTERM} or (fleet.deaths and not may_die):
                verdict.violated(f"workers ended by themselves, or badly: {fleet.deaths} {codes}")
            return Result(
                scenario=self.scenario,
                readers=self.readers,
                blows=self._blows,
                verdict=verdict,
                seconds=time.monotonic() - started,
                bound=told,
                log=fleet.log,
            )

    # ---- before ----

    @property
    def _addresses(self) -> Sequence[str]:
        return [f"r{number}@{DOMAINS[number % len(DOMAINS)]}" for number in range(1, self.readers + 1)]

    def _freeze(self, database: Database) -> set[int]:
        """Freeze the edition; return who left after that."""
        people = [Reader(address=address) for address in self._addresses]
        self._edition = frozen(database, people, batch_size=self.scenario.batch_size, now=utc_now())
        gone = set(self._chance.sample(range(1, self.readers + 1), k=LEAVE))
        with database.sessions.begin() as session:
            session.execute(
                update(Subscription).where(Subscription.subscriber_id.in_(gone)).values(status=Status.LEFT)
            )
        return gone

    def _far_side(self) -> FarSide:
        scenario, addresses = self.scenario, self._addresses
        match scenario.transport:
            case "smtp":
                return SmtpFarSide(
                    addresses, self._chance, trouble=scenario.trouble, pace_seconds=SMTP_PACE_SECONDS
                )
            case "sendgrid" if self.readers > MANY:
                return CountingFarSide(self.readers, call_seconds=CALL_SECONDS)
            case "sendgrid":
                return SendGridFarSide(
                    addresses,
                    self._chance,
                    trouble=scenario.trouble,
                    call_seconds=CALL_SECONDS,
                    copies_per_call=scenario.batch_size,
                )
            case "file":
                return FileFarSide(self._folder / "outbox", f"{SLUG}-{DAY}")

    def _configure(self, path: Path, url: str, far: FarSide) -> Path:
        key_file = path.with_suffix(".keys")
        keys.create(key_file)
        settings = {
            "public_url": "https://news.example.com",
            "database.url": url,
            "keys.file": str(key_file),
            "sending.batch_size": self.scenario.batch_size,
            "sending.threads": self.scenario.threads,
            "sending.engine": self.scenario.engine,
            "sending.shutdown_grace_seconds": 5,
            "sending.refused_limit_percent": 100,
            f"newsletters.{SLUG}.name": "全球AI新闻速递",
            **far.settings(),
        }
        lines = [f"{name} = {_toml(value)}" for name, value in settings.items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    # ---- while it goes out ----

    def _send(self, database: Database, far: FarSide, fleet: Fleet, disk: Disk | None) -> None:
        for blow in schedule(self.scenario, self._kills, self._chance, is_short=self._is_short):
            if not self._wait_until(blow.at, database, far, fleet):
                break  # it went out before its time
            self._look(far, blow.after_seconds)
            self._strike(blow.what, fleet, far, disk)
            self._blows[blow.what] = self._blows.get(blow.what, 0) + 1
        self._wait_for_end(database, far, fleet)

    def _strike(self, what: Trouble, fleet: Fleet, far: FarSide, disk: Disk | None) -> None:
        match what:
            case Trouble.KILL:
                fleet.kill()
            case Trouble.FREEZE:
                # On SQLite a frozen process has the file's lock: nobody can go on for it.
                seconds = worker.LEASE.total_seconds() + self._chance.random() * 2
                fleet.freeze(seconds, others_go_on=self.scenario.database != "sqlite")
            case Trouble.DEPLOY:
                fleet.end_one()
            case Trouble.ADD:
                fleet.top_up(more=1)
            case Trouble.DATABASE:
                self._servers.kill()
                self._look(far, 0.3)
                self._servers.start()
            case Trouble.DISK if disk:
                disk.fill()
                self._look(far, 2)
                disk.make_room()
            case _:
                raise AssertionError(what)

    def _wait_until(self, share: float, database: Database, far: FarSide, fleet: Fleet) -> bool:
        """Wait until so many copies have arrived; False: the edition ended before."""
        for arrived in self._watch(far, fleet):
            if arrived >= share * self.readers:
                return True
            if arrived >= 0.5 * self.readers and self._is_finished(database):
                return False
        return True  # stalled, and a blow may be what it needs

    def _wait_for_end(self, database: Database, far: FarSide, fleet: Fleet) -> None:
        for _ in self._watch(far, fleet):
            if not fleet.has_frozen and self._is_finished(database):
                return

    def _watch(self, far: FarSide, fleet: Fleet) -> Iterator[int]:
        """Yield how many copies have arrived, again and again, while anything moves."""
        moved_at, last = time.monotonic(), -1
        while time.monotonic() - moved_at < STALLED_SECONDS:
            self._look(far, LOOK_SECONDS * 3)
            fleet.thaw()
            fleet.supervise()
            arrived = self._arrivals[-1][1]
            if arrived != last:
                moved_at, last = time.monotonic(), arrived
            yield arrived

    def _look(self, far: FarSide, seconds: float) -> None:
        """Let time pass, and note how fast copies arrive."""
        ends = time.monotonic() + seconds
        while True:
            self._arrivals.append((time.monotonic(), far.copies))
            left = ends - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, LOOK_SECONDS))

    def _is_finished(self, database: Database) -> bool:
        """Say whether nothing is left, and look at the books, which must balance at every moment."""
        try:
            with database.readers() as session:
                edition = session.get_one(Edition, self._edition.id)
                if not books.of_edition(session, edition).balanced:
                    raise AssertionError("the books do not balance while it goes out")
                return edition.state is EditionState.FINISHED
        except DBAPIError:
            return False  # it is down, or full

    def _resend(self, database: Database) -> set[int]:
        """Do what a person may: send all that is in doubt again."""
        with database.sessions.begin() as session:
            edition = session.get_one(Edition, self._edition.id)
            doubted = select(Delivery.subscriber_id).where(
                Delivery.edition_id == edition.id, Delivery.state == State.IN_DOUBT
            )
            resent = set(session.scalars(doubted))
            control.resend(session, edition, control.Chosen(), now=utc_now())
        return resent

    # ---- after ----

    def _doubt_bound(self, far: FarSide) -> tuple[int, str]:
        """Return how many copies may be in doubt, and how that is reckoned."""
        scenario = self.scenario
        blows = sum(self._blows.get(what, 0) for what in (Trouble.KILL, Trouble.FREEZE, Trouble.DISK))
        blows += self._blows.get(Trouble.DATABASE, 0) * scenario.workers
        match scenario.transport:
            case "smtp":
                connections = 4
                rate = self._busiest_second()
                # A batch begins with a piece of its own size, whatever the rate.
                first = scenario.threads * handover.FIRST_PIECE
                each = int(max(rate * 0.2, first)) + connections
                told = f"{blows} × (the larger of {rate:.0f}/s × 0.2 s and {first}, + {connections})"
            case "sendgrid":
                each = scenario.threads * min(scenario.batch_size, 1000)
                told = f"{blows} × {scenario.threads} calls × {min(scenario.batch_size, 1000)}"
            case "file":
                each = scenario.threads * 100
                told = f"{blows} × {scenario.threads} threads × 100"
        return blows * each + far.doubtful, f"{told} + {far.doubtful} by the far side"

    def _busiest_second(self) -> float:
        """Return the most copies that arrived within a second."""
        busiest, first = 0, 0
        for at, count in self._arrivals:
            while at - self._arrivals[first][0] > 1:
                first += 1
            busiest = max(busiest, count - self._arrivals[first][1])
        return busiest


def _toml(value: object) -> str:
    return str(value) if isinstance(value, int | float) else f'"{value}"'


@contextmanager
def named(scenario: Scenario, seed: str) -> Iterator[None]:
    """Say in whatever is raised which scenario it was, and how to see it again."""
    try:
        yield
    except Exception as error:
        error.add_note(f"scenario {scenario.name}; again with --seed {seed} --only {scenario.name}")
        raise
