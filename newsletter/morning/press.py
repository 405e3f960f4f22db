"""The press: from a digest of any kind to an edition that is let out and handed over.

What a weekly edition, a correction and a revision share. The rows decide between processes that do the
same at the same time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.config import LANGUAGES, NewsletterSettings
from newsletter.database import Database, DatabaseBusy
from newsletter.delivery import audience, books, ledger
from newsletter.delivery.holding import OnFrozen
from newsletter.delivery.states import State as CopyState
from newsletter.delivery.worker import Courier
from newsletter.digests.digest import Digest
from newsletter.digests.reader import read
from newsletter.editions import edition as editions
from newsletter.editions.edition import Edition
from newsletter.editions.gate import Evidence, examine
from newsletter.editions.states import Kind, State
from newsletter.errors import ConfigError
from newsletter.mailing import Mailing
from newsletter.morning.morning import Morning
from newsletter.morning.proof import Proof, as_json
from newsletter.morning.report import Report, report_of
from newsletter.morning.strictness import policy_of
from newsletter.rendering.renderer import Renderer
from newsletter.urls import Urls

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Press:
    """All that makes and sends the editions of one newsletter."""

    slug: str
    newsletter: NewsletterSettings
    database: Database
    renderer: Renderer
    courier: Courier
    urls: Urls
    batch_size: int
    why_refused: Callable[[], str] = lambda: ""  # why this installation sends no editions
    on_frozen: OnFrozen | None = None

    @classmethod
    def of(cls, morning: Morning) -> Press:
        """Return the press that a newsletter's mornings use too."""
        return cls(
            slug=morning.slug,
            newsletter=morning.newsletter,
            database=morning.database,
            renderer=morning.renderer,
            courier=morning.courier,
            urls=morning.urls,
            batch_size=morning.batch_size,
            why_refused=morning.why_refused,
            on_frozen=morning.on_frozen,
        )

    @property
    def now(self) -> datetime:
        """This moment, aware UTC."""
        return self.courier.clock()

    def today(self) -> date:
        """The local day it is now."""
        return self.now.astimezone(self.newsletter.schedule.tz).date()

    def may_send(self) -> None:
        """Raise ``ConfigError`` when this installation may not send editions."""
        if refusal := self.why_refused():
            raise ConfigError(refusal)

    # ---- a digest as it would go out ----

    def read(self, source: str, *, day: date, file: str = "digest.md") -> Digest:
        """Read a digest that is kept, or made by us; raise ``DigestError``."""
        return read(
            source.encode(),
            file=file,
            newsletter_name=self.newsletter.name,
            tz=self.newsletter.schedule.tz,
            default_day=day,
        )

    def prove(
        self, digest: Digest, edition: Edition, *, answers: str = "", without: Iterable[str] = ()
    ) -> Proof:
        """Render a digest and examine it, but for the checks ``without``. Writes nothing.

        ``answers`` is the domain in the Message-ID of what a correction answers to.
        """
        rendered = self.renderer.render(
            digest,
            self.newsletter,
            urls=self.urls,
            language=self.newsletter.language,
            day=edition.day,
            edition=edition.label,
            kind=edition.kind,
            serial=edition.serial,
            answers=answers,
        )
        findings = examine(
            Evidence(
                digest=digest,
                policy=policy_of(edition.newsletter, self.newsletter),
                language=self.newsletter.language,
                own_site=self.urls.base,
                subject=rendered.mailing.subject,
                preheader=rendered.preheader,
                html_bytes=rendered.html_bytes,
                story_bytes=rendered.story_bytes,
                text_part=rendered.mailing.text.fill({}),
            )
        )
        left_out = set(without)
        kept = [finding for finding in findings if finding.check not in left_out]
        return Proof(digest=digest, day=edition.day, mailing=rendered.mailing, findings=kept)

    def mailings(
        self, proof: Proof, edition: Edition, languages: Iterable[str | None], *, answers: str = ""
    ) -> dict[str, Mailing]:
        """Return the mailing of each language that is read, the newsletter's own first."""
        wanted, own = set(languages), self.newsletter.language
        mailings = {own: proof.mailing}
        for language in LANGUAGES:
            if language in wanted and language != own:
                mailings[language] = self.renderer.render(
                    proof.digest,
                    self.newsletter,
                    urls=self.urls,
                    language=language,
                    day=edition.day,
                    edition=edition.label,
                    kind=edition.kind,
                    serial=edition.serial,
                    answers=answers,
                ).mailing
        return mailings

    # ---- the edition ----

    def new(self, day: date, kind: Kind, serial: int = 1) -> Edition:
        """Return an edition that has no row yet."""
        return editions.new(self.slug, day, kind, serial, now=self.now)

    def freeze(
        self, wanted: Edition, proof: Proof, *, digest_hash: str, answers: str = "", least: timedelta
    ) -> Edition:
        """Write down everyone who is owed the edition ``wanted``, and let it go out.

        What is left of it expires at the end of the day, and not before ``least`` is over.
        """
        with self.database.readers() as session:
            languages = audience.languages(session, wanted)
        mailings = self.mailings(proof, wanted, languages, answers=answers)
        schedule, now = self.newsletter.schedule, self.now
        end = datetime.combine(wanted.day, schedule.deliver_until, schedule.tz)
        with self.database.snapshot() as session:
            edition = (
                editions.find(session, self.slug, wanted.day, wanted.kind, wanted.serial, lock=True) or wanted
            )
            describe(edition, proof, digest_hash=digest_hash)
            edition.stopped_because = None
            ledger.freeze(
                session,
                edition,
                mailings,
                batch_size=self.batch_size,
                now=now,
                deliver_until=max(end, now + least),
            )
            if self.on_frozen is not None:
                self.on_frozen(session, edition, mailings[self.newsletter.language], now)
            self.courier.wake(session, edition_id=edition.id)
            return edition

    def send(self, edition: Edition, *, progress: Callable[[], None] | None = None) -> Report:
        """Hand over what is due of an edition, and report.

        Where another process is sending already, it sends this one too. Raises ``TransportError`` when a
        person must act.
        """
        before = self._accepted(edition)
        if edition.state is State.SENDING:
            try:
                with self.database.sole_sender() as sole:
                    self.courier.send_due(edition_id=edition.id, sole_sender=sole, after_batch=progress)
            except DatabaseBusy:
                logger.info("another process is sending editions, and sends %s", edition.label)
        with self.database.readers() as session:
            edition = session.get_one(Edition, edition.id)
            return report_of(session, edition, sent_now=self._accepted(edition) - before)

    def _accepted(self, edition: Edition) -> int:
        with self.database.readers() as session:
            return books.of_edition(session, edition)[CopyState.ACCEPTED]


def describe(edition: Edition, proof: Proof, *, digest_hash: str) -> None:
    """Write down what an edition is made of."""
    edition.title = proof.digest.title
    edition.subject = proof.mailing.subject
    edition.digest_hash = digest_hash
    edition.digest_source = proof.digest.source
    edition.findings = [as_json(finding) for finding in proof.findings]
