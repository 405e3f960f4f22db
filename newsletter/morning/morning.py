"""A morning: find the digest, examine it, freeze the edition, hand it over, and say how it went.

The same words for a person who types ``newsletter morning`` and for a schedule that wakes it. The
rows decide: told twice, or by two machines at once, it does the work once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.exc import IntegrityError, OperationalError

from newsletter.config import LANGUAGES, NewsletterSettings
from newsletter.database import Database
from newsletter.delivery import books, ledger
from newsletter.delivery.states import State as DeliveryState
from newsletter.delivery.worker import Courier
from newsletter.digests import sources
from newsletter.digests.day import day_in_name
from newsletter.digests.sources import Candidate, Found
from newsletter.editions import edition as editions
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import EditionTransitionNotAllowed, Happening, Kind, State
from newsletter.errors import ConfigError
from newsletter.morning.proof import Proof, as_json, prove
from newsletter.morning.report import Report, report_of
from newsletter.rendering.renderer import Renderer
from newsletter.urls import Urls
from subscribers import languages

RACES = 3  # how often another process may be quicker before we give up
LEAST_TIME = timedelta(hours=2)  # that an edition has to go out, however late it begins
SERIALIZATION_FAILURES = ("40001", "40P01")  # PostgreSQL, Appendix A


@dataclass(frozen=True, kw_only=True)
class Morning:
    """All that the morning of one newsletter needs."""

    slug: str
    newsletter: NewsletterSettings
    database: Database
    renderer: Renderer
    courier: Courier
    urls: Urls
    batch_size: int
    refusal: str = ""  # why this installation sends no editions yet

    @property
    def now(self) -> datetime:
        """This moment, aware UTC."""
        return self.courier.clock()

    def today(self) -> date:
        """The local day it is now."""
        return self.now.astimezone(self.newsletter.schedule.tz).date()

    def run(self, day: date | None = None, *, progress: Callable[[], None] | None = None) -> Report:
        """Do what is still to be done for ``day`` (today), and report.

        Raises ``ConfigError`` when the installation may not send, ``DatabaseBusy`` when another
        process is sending, and ``TransportError`` when a person must act.
        """
        day = day or self.today()
        if self.refusal:
            raise ConfigError(self.refusal)
        with self.database.sole_sender() as sole:
            edition = self._begun(day)
            if isinstance(edition, Report):
                return edition
            before = self._accepted(edition)
            if edition.state is State.SENDING:
                self.courier.send_due(edition_id=edition.id, sole_sender=sole, after_batch=progress)
            with self.database.readers() as session:
                edition = session.get_one(Edition, edition.id)
                return report_of(session, edition, sent_now=self._accepted(edition) - before)

    def _existing(self, day: date) -> Edition | None:
        with self.database.readers() as session:
            return editions.find(session, self.slug, day)

    def _accepted(self, edition: Edition) -> int:
        with self.database.readers() as session:
            return books.of_edition(session, edition)[DeliveryState.ACCEPTED]

    # ---- before anything is owed ----

    def _begun(self, day: date) -> Edition | Report:
        """Return the edition of the day, begun by us or by another process that was quicker."""
        for attempt in range(1, RACES + 1):
            edition = self._existing(day)
            if edition and edition.state in SENT:
                return edition
            try:
                return self._begin(day)
            except (IntegrityError, OperationalError, EditionTransitionNotAllowed) as error:
                # Another process wrote the row meanwhile. What it wrote is the edition of the day.
                if attempt == RACES or not _is_race(error):
                    raise
        raise AssertionError  # the last attempt returns or raises

    def _begin(self, day: date) -> Edition | Report:
        """Freeze the edition of the day, or write down why there is none yet."""
        found = self._find(day)
        problems = [str(error) for error in found.errors] + [str(passed) for passed in found.passed_over]
        if found.chosen is None or self._blocking(found, day):
            return self._note(day, Happening.NOT_FOUND, problems, unreadable=bool(found.errors))
        proof = prove(
            found.chosen.digest, self.slug, self.newsletter, renderer=self.renderer, urls=self.urls, day=day
        )
        if proof.held:
            return self._note(day, Happening.FAILED_GATE, problems, found.chosen, proof)
        return self._freeze(day, found.chosen, proof)

    def _find(self, day: date) -> Found:
        source = self.newsletter.source

        def is_used(candidate: Candidate) -> bool:
            with self.database.readers() as session:
                return editions.is_used(
                    session,
                    self.slug,
                    key=candidate.key,
                    title=candidate.digest.title,
                    day=candidate.day,
                    digest_hash=candidate.hash,
                )

        return sources.find(
            source.folder,
            day=day,
            now=self.now,
            tz=self.newsletter.schedule.tz,
            newsletter_name=self.newsletter.name,
            max_age=source.max_age,
            yesterday_evening=source.yesterday_evening,
            already_sent=is_used,
        )

    def _blocking(self, found: Found, day: date) -> bool:
        """Say whether a file that cannot be read may have been meant in place of the chosen one."""
        if found.chosen and found.chosen.day == day:
            return any(day_in_name(error.file) != day - timedelta(days=1) for error in found.errors)
        return bool(found.errors)

    def _note(
        self,
        day: date,
        happening: Happening,
        problems: list[str],
        chosen: Candidate | None = None,
        proof: Proof | None = None,
        *,
        unreadable: bool = False,
    ) -> Report:
        """Write down that the edition of the day does not go out for now, and why."""
        with self.database.sessions.begin() as session:
            edition = editions.find(session, self.slug, day, lock=True) or self._new(day)
            if edition.id is None:
                session.add(edition)
            edition.becomes(happening)
            if chosen or edition.state is State.MISSING:
                self._describe(edition, chosen, proof)
            session.flush()
            return Report(
                newsletter=self.slug,
                day=day,
                state=edition.state,
                subject=edition.subject,
                digest=edition.digest_key,
                findings=edition.findings,
                problems=problems,
                unreadable=unreadable,
            )

    def _freeze(self, day: date, chosen: Candidate, proof: Proof) -> Edition:
        with self.database.readers() as session:
            read = languages(session, self.slug, day)
        own = self.newsletter.language
        mailings = {own: proof.mailing}
        for language in LANGUAGES:
            if language in read and language != own:
                mailings[language] = self.renderer.render(
                    chosen.digest,
                    self.newsletter,
                    urls=self.urls,
                    language=language,
                    day=day,
                    edition=proof.mailing.edition,
                ).mailing
        # Committed before the snapshot, so that who joins meanwhile finds a row to wait for.
        with self.database.sessions.begin() as session:
            if editions.find(session, self.slug, day) is None:
                session.add(self._new(day))
        with self.database.snapshot() as session:
            edition = editions.find(session, self.slug, day, lock=True) or self._new(day)
            self._describe(edition, chosen, proof)
            ledger.freeze(
                session,
                edition,
                mailings,
                batch_size=self.batch_size,
                now=self.now,
                deliver_until=self._end(day),
            )
            self.courier.wake(session, edition_id=edition.id)
            return edition

    def _end(self, day: date) -> datetime:
        """Return when what is left of an edition expires; one begun very late by hand has a few hours."""
        schedule = self.newsletter.schedule
        return max(datetime.combine(day, schedule.deliver_until, schedule.tz), self.now + LEAST_TIME)

    def _new(self, day: date) -> Edition:
        return Edition(
            newsletter=self.slug,
            day=day,
            kind=Kind.DAILY,
            serial=1,
            state=State.MISSING,
            findings=[],
            excluded={},
            created_at=self.now,
        )

    def _describe(self, edition: Edition, chosen: Candidate | None, proof: Proof | None) -> None:
        edition.title = chosen.digest.title if chosen else None
        edition.digest_key = chosen.key if chosen else None
        edition.digest_hash = chosen.hash if chosen else None
        edition.digest_day = chosen.day if chosen else None
        edition.digest_source = chosen.digest.source if chosen else None
        edition.subject = proof.mailing.subject if proof else None
        edition.findings = [as_json(finding) for finding in proof.findings] if proof else []


def _is_race(error: Exception) -> bool:
    """Say whether an error only means that another process was quicker."""
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) in SERIALIZATION_FAILURES
    return True
