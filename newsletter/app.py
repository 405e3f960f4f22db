"""The wiring: from settings to parts that work together. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from newsletter import keys as key_file
from newsletter.clock import Clock, utc_now
from newsletter.config import Settings
from newsletter.config.reach import REACHES_REAL_READERS, why_nobody_could_leave
from newsletter.database import Database, connect
from newsletter.keys import Keys
from newsletter.lanes import Lane
from newsletter.urls import Urls

if TYPE_CHECKING:
    from newsletter.alarms import Alarms
    from newsletter.alarms.posting import Poster
    from newsletter.backup.nightly import Backups
    from newsletter.delivery.engine import Engine
    from newsletter.delivery.notice_sender import NoticeSender
    from newsletter.delivery.pacing import Limits
    from newsletter.delivery.stopping import Stopping
    from newsletter.delivery.worker import Courier
    from newsletter.digests.sources import Source
    from newsletter.feedback.applier import Applier
    from newsletter.feedback.making import Returning
    from newsletter.fence import Fence
    from newsletter.fetching import Fetcher
    from newsletter.fetching.visits import Visits
    from newsletter.journal.file import JournalFile
    from newsletter.morning import Morning, Press
    from newsletter.morning.probing import Prober
    from newsletter.morning.unattended import Unattended
    from newsletter.morning.weekly import Clicks
    from newsletter.rendering.notice import NoticeRenderer
    from newsletter.rendering.renderer import Renderer
    from newsletter.returns import Returns
    from newsletter.signup.mail import Mailer
    from newsletter.transports.base import Transport


class App:
    """One installation, opened. Parts are made when they are first asked for."""

    def __init__(self, settings: Settings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock

    @cached_property
    def database(self) -> Database:
        """The database, as it is; see ``migrations.require_current``."""
        database = connect(self.settings.database.url)
        if self.settings.webhooks:  # before the journal, which takes what was noted
            from newsletter.outgoing import watch

            watch(database, self.settings.webhooks, self.clock)
        if self.journal is not None:
            from newsletter.journal.writing import keep

            keep(database, self.journal)
        return database

    @cached_property
    def journal(self) -> JournalFile | None:
        """Where leaves, erasures, suppressions and editions begun are also written; None: nowhere."""
        from newsletter.journal.file import JournalFile

        path = self.settings.journal.file
        return JournalFile(path=path, chain=lambda: self.keys.journal, clock=self.clock) if path else None

    @cached_property
    def keys(self) -> Keys:
        """The installation's keys, or ``ConfigError``."""
        return key_file.load(self.settings.keys.file)

    def make_keys(self) -> None:
        """Make new keys where there are none yet."""
        key_file.create(self.settings.keys.file)

    @cached_property
    def fetcher(self) -> Fetcher:
        """The one way out for HTTP: sources, link probes, webhooks and pings."""
        from newsletter.fetching import Fetcher

        chosen = self.settings.fetching
        return Fetcher(
            allow=chosen.allow,
            ports=frozenset(chosen.ports),
            timeout=timedelta(seconds=chosen.timeout_seconds),
            max_bytes=chosen.max_bytes,
        )

    @cached_property
    def visits(self) -> Visits:
        """What comes back to the same addresses politely."""
        from newsletter.fetching.visits import Visits

        return Visits(fetcher=self.fetcher, database=self.database, clock=self.clock)

    @cached_property
    def renderer(self) -> Renderer:
        """The renderer over our templates and the user's."""
        from newsletter.rendering.renderer import Renderer

        return Renderer([self.settings.templates] if self.settings.templates else [])

    @cached_property
    def notice_renderer(self) -> NoticeRenderer:
        """The renderer of notices over our templates and the user's."""
        from newsletter.rendering.notice import NoticeRenderer

        return NoticeRenderer([self.settings.templates] if self.settings.templates else [])

    def mailer(self, slug: str) -> Mailer:
        """Return what posts notices to the readers of a newsletter."""
        from newsletter.signup.mail import Mailer

        return Mailer(
            slug=slug,
            newsletter=self.settings.newsletters[slug],
            renderer=self.notice_renderer,
            urls=self.urls(slug),
            keys=self.keys,
        )

    def notice_sender(self) -> NoticeSender:
        """Return what hands notices over, ready to run beside the editions."""
        from newsletter.delivery.notice_sender import NoticeSender
        from newsletter.signup.mail import Unwanted

        return NoticeSender(
            database=self.database,
            transport=self.notice_transport,
            keys=self.keys,
            clock=self.clock,
            lease=self.settings.sending.lease,
            owner=self.owner,
            unwanted=Unwanted(self.keys, self.clock),
            why_fenced=self.why_fenced,
            returns=self.returns,
        )

    @cached_property
    def returns(self) -> Returns | None:
        """The addresses on which mail comes back; None: no mailbox is looked after."""
        from newsletter.returns import Returns

        mailbox = self.settings.mailbox.returns_to
        return Returns(self.keys, mailbox) if mailbox else None

    def urls(self, slug: str) -> Urls:
        """The public addresses of a newsletter."""
        return Urls(base=self.settings.base_url, newsletter=slug, mailbox=self.settings.mailbox.returns_to)

    @cached_property
    def transport(self) -> Transport:
        """The transport that the settings choose, for editions."""
        return self._make_transport()

    @cached_property
    def notice_transport(self) -> Transport:
        """The way out of notices: of their own where editions could take up all connections."""
        return self._make_transport() if self.reaches_real_readers else self.transport

    @property
    def reaches_real_readers(self) -> bool:
        """Whether what is sent leaves this machine."""
        return self.settings.transport.kind in REACHES_REAL_READERS

    def _make_transport(self) -> Transport:
        from newsletter.transports.making import make_transport

        return make_transport(self.settings, self.clock)

    @cached_property
    def owner(self) -> str:
        """The name of this process in the ledger."""
        from newsletter.delivery.worker import new_owner

        return new_owner()

    @cached_property
    def limits(self) -> Mapping[Lane, Limits]:
        """How fast each lane may go."""
        from newsletter.delivery.pacing import Limits

        return {lane: Limits(**pace.model_dump()) for lane, pace in self.settings.pacing.items()}

    @cached_property
    def engine(self) -> Engine:
        """What wakes the workers of this installation."""
        from newsletter.delivery.engine import engine_for

        return engine_for(self.settings.sending.engine, self.settings.database.url)

    def courier(self, stopping: Stopping | None = None) -> Courier:
        """Return what sends the editions of all newsletters that are due, until ``stopping``."""
        from newsletter.delivery.composer import Composer
        from newsletter.delivery.pacer import Pacer
        from newsletter.delivery.sender import Sender
        from newsletter.delivery.stopping import Stopping
        from newsletter.delivery.worker import Courier, Limit

        sending, newsletters = self.settings.sending, self.settings.newsletters
        stopping = stopping or Stopping(sending.shutdown_grace)
        zone = next((entry.schedule.tz for entry in newsletters.values()), None)
        pacer = Pacer(self.limits, zone) if zone else Pacer(self.limits)
        senders = {
            slug: Sender(
                database=self.database,
                transport=self.transport,
                composer=Composer(self.keys, self.urls(slug)),
                clock=self.clock,
                lease=sending.lease,
                owner=self.owner,
                pacer=pacer,
                stopping=stopping,
            )
            for slug in newsletters
        }
        return Courier(
            database=self.database,
            senders=senders,
            clock=self.clock,
            lease=sending.lease,
            owner=self.owner,
            threads=sending.threads,
            pacer=pacer,
            stopping=stopping,
            engine=self.engine,
            limit=Limit(percent=sending.refused_limit_percent, after_outcomes=sending.refused_limit_after),
            on_paused=self.alarms.paused,
        )

    @cached_property
    def alarms(self) -> Alarms:
        """What tells the people of ``[alarms]`` that one of them is needed."""
        from newsletter.alarms import Alarms
        from newsletter.alarms.telling import Teller

        return Alarms(
            settings=self.settings.alarms,
            teller=Teller(
                newsletters=self.settings.newsletters,
                base_url=self.settings.public_url,
                keys=lambda: self.keys,
            ),
            database=self.database,
            clock=self.clock,
        )

    @cached_property
    def returning(self) -> Returning:
        """What looks after all that comes back."""
        from newsletter.feedback.making import Returning

        return Returning(
            settings=self.settings,
            database=self.database,
            keys=self.keys,
            returns=self.returns,
            alarms=self.alarms,
            clock=self.clock,
        )

    @property
    def applier(self) -> Applier:
        """What lets the posts of providers take effect."""
        return self.returning.applier

    @cached_property
    def backups(self) -> Backups:
        """What makes backups, by hand and at night."""
        from newsletter.backup.nightly import Backups

        return Backups(settings=self.settings, database=self.database, owner=self.owner, clock=self.clock)

    def source(self, slug: str) -> Source:
        """Return where the digests of a newsletter come from."""
        from newsletter.digests.sources.making import make_source

        chosen = self.settings.newsletters[slug].source
        return make_source(chosen, setting=f"newsletters.{slug}.source", visits=lambda: self.visits)

    @cached_property
    def poster(self) -> Poster:
        """What posts to webhooks and tells of good mornings."""
        from newsletter.outgoing.posting import make_poster

        return make_poster(
            self.settings,
            database=self.database,
            ping_url=self.alarms.ping_url,
            fetcher=self.fetcher,
            clock=self.clock,
            owner=self.owner,
        )

    def prober(self, *, remembers: bool = True) -> Prober:
        """Return what opens the links and images of a digest."""
        from newsletter.morning.probing import Prober

        return Prober(fetcher=self.fetcher, database=self.database if remembers else None, clock=self.clock)

    def _opens_links(self, slug: str) -> bool:
        """Say whether a morning does; one that only tries things out asks nobody."""
        return self.reaches_real_readers and self.settings.newsletters[slug].gate.probe_links

    def morning(self, slug: str) -> Morning:
        """Return the morning of a newsletter, ready to run."""
        from newsletter.morning import Morning

        return Morning(
            slug=slug,
            newsletter=self.settings.newsletters[slug],
            database=self.database,
            source=self.source(slug),
            prober=self.prober() if self._opens_links(slug) else None,
            renderer=self.renderer,
            urls=self.urls(slug),
            batch_size=self.settings.sending.batch_size,
            why_refused=self.refusal,
            courier=self.courier(),
            on_frozen=self.returning.canaries.begin if self.returning.canaries else None,
        )

    def unattended(self, slug: str) -> Unattended:
        """Return a newsletter's mornings as the schedule does them."""
        from newsletter.morning.unattended import Unattended

        return Unattended(
            morning=self.morning(slug),
            alarms=self.alarms,
            is_limited=bool(self.settings.pacing),
            clicks=self.clicks,
        )

    @property
    def clicks(self) -> Clicks | None:
        """How often each link was followed, where that is counted."""
        from newsletter.feedback.reading import clicks_by_link

        return clicks_by_link if self.settings.feedback.reading != "off" else None

    @cached_property
    def fence(self) -> Fence | None:
        """What keeps a copied or restored database from sending; None for one that lives in memory."""
        from newsletter.fence import Fence

        file = self.database.file
        if self.database.is_sqlite and file is None:
            return None
        journal = self.settings.journal.file
        witness = journal.with_name(f"{journal.name}.minute") if journal else None
        return Fence(file=file, instance=self.settings.database.instance, witness=witness)

    def establish(self) -> None:
        """Give the database its id and mark, where it has none yet."""
        if self.fence is None:
            return
        with self.database.readers() as session:
            if self.fence.is_established(session):
                return
        with self.database.sessions.begin() as session:
            self.fence.establish(session, now=self.clock())

    def press(self, slug: str) -> Press:
        """Return what makes and sends editions that are no morning's: weekly ones, corrections, revisions."""
        from newsletter.morning import Press

        return Press.of(self.morning(slug))

    def refusal(self) -> str:
        """Return why this installation may not send editions; empty when it may."""
        return why_nobody_could_leave(self.settings) or self.why_fenced()

    def why_fenced(self) -> str:
        """Return why nothing at all may be sent from this database; empty when it may."""
        from newsletter.fence import REMEDY

        if self.fence is None:
            return ""
        with self.database.readers() as session:
            closed = self.fence.why_closed(session)
            self.fence.keep(session)
        return f"nothing is sent: {closed}; {REMEDY}" if closed else ""

    def close(self) -> None:
        """Let go of connections that were opened."""
        for part in ("engine", "transport", "notice_transport", "database"):
            if part in self.__dict__:
                self.__dict__[part].close()
