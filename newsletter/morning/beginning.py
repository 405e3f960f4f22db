"""How an edition begins: find the digest of a day, examine it, and write down what follows from it.

``look`` writes nothing. ``note`` writes that the edition does not go out for now, or would at its hour.
``freeze`` lets it go out. The rows decide between processes that do the same at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.clock import Clock
from newsletter.config import LANGUAGES, NewsletterSettings
from newsletter.database import Database
from newsletter.delivery import late, ledger
from newsletter.delivery.holding import OnFrozen
from newsletter.digests.day import day_in_name
from newsletter.digests.sources import Candidate, Found, Reason, Source, Wanted
from newsletter.editions import edition as editions
from newsletter.editions import revision as revisions
from newsletter.editions.approval import HELD_BY_HAND, Approval, approval_of
from newsletter.editions.edition import UNDECIDED, Decided, Edition
from newsletter.editions.gate import Finding, Severity
from newsletter.editions.states import EditionTransitionNotAllowed, Happening, Kind
from newsletter.errors import ConfigError, DigestError, SourceUnreachable
from newsletter.morning import earlier, missed
from newsletter.morning.evidence import gather
from newsletter.morning.probing import Prober
from newsletter.morning.proof import Proof, as_json, prove
from newsletter.morning.revised import changed_finding, revised
from newsletter.morning.waits import NOT_APPROVED, UNREACHABLE, held_by_hand
from newsletter.rendering.renderer import Renderer
from newsletter.timetable import LEAST_TIME, Timetable
from newsletter.urls import Urls
from subscribers import languages

AT_THE_HOUR = timedelta(seconds=2)  # for links: they were looked at before


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at the sources found for a day."""

    found: Found
    blocked: bool  # a file that cannot be read may have been meant in place of the chosen one
    proof: Proof | None = None  # None: nothing was chosen, or what was chosen is not to be examined
    approval: Approval | None = None
    carried: tuple[int, ...] = ()  # editions whose stories go out with this one
    merged_source: str | None = None  # the whole of it then, as Markdown
    decided: Decided = UNDECIDED  # by people, as it was before the look

    @property
    def chosen(self) -> Candidate | None:
        """The digest that is meant."""
        return None if self.blocked else self.found.chosen

    @property
    def held(self) -> bool:
        """Whether it does not go out by itself."""
        if self.proof is None:
            return False
        if any(finding.check == HELD_BY_HAND for finding in self.proof.findings):
            return True  # whatever was approved before
        return any(
            finding.severity is Severity.HOLD
            and not (self.approval is not None and self.approval.overrules(finding.check))
            for finding in self.proof.findings
        )

    @property
    def happening(self) -> Happening:
        """What it means for an edition that does not go out now."""
        if self.chosen is None:
            return Happening.NOT_FOUND
        return Happening.FAILED_GATE if self.held else Happening.PREPARED

    @property
    def is_settling(self) -> bool:
        """Whether somebody is writing a file at this moment: look again soon."""
        return any(passed.reason is Reason.UNSETTLED for passed in self.found.passed_over)

    @property
    def problems(self) -> list[str]:
        """What a person should know of files that were not chosen, or not read."""
        return [str(error) for error in self.found.errors] + [str(one) for one in self.found.passed_over]

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What is wrong, as it is stored."""
        if self.proof is not None:
            return [as_json(finding) for finding in self.proof.findings]
        return [as_json(unreadable(error)) for error in self.found.errors]


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """Begins the editions of one newsletter."""

    slug: str
    newsletter: NewsletterSettings
    database: Database
    source: Source
    prober: Prober | None
    renderer: Renderer
    urls: Urls
    batch_size: int
    clock: Clock
    on_frozen: OnFrozen | None = None  # what happens before the first copy leaves, in our transaction
    wake: Callable[[Session, int], object]  # tells the engine of an edition, in our transaction

    def find(self, day: date) -> Found:
        """Return the digest of ``day``: the newest revision of the desk, or else what the source holds."""
        found = self.find_in_source(day)
        with self.database.readers() as session:
            revision = revisions.newest(session, self.slug, day)
        return revised(found, revision, self.newsletter, already_sent=self._is_used)

    def find_in_source(self, day: date) -> Found:
        """Search the source for the digest of ``day``."""
        settings = self.newsletter.source
        timetable = Timetable(self.newsletter.schedule)
        before = timetable.before(day)
        with self.database.readers() as session:
            # Only a feed may be made of single stories.
            left = earlier.left(session, self.slug, self.newsletter, day) if settings.feed else None

        wanted = Wanted(
            day=day,
            now=self.clock(),
            hour=timetable.moments(day).send_at,
            tz=self.newsletter.schedule.tz,
            newsletter_name=self.newsletter.name,
            max_age=settings.max_age,
            yesterday_evening=settings.yesterday_evening,
            since=before.send_at,
            left_since=left.since if left else None,
            used=left.used if left else frozenset(),
            already_sent=self._is_used,
        )
        try:
            return self.source.find(wanted)
        except ConfigError as error:  # a folder that is not mounted is away like a server that is down
            away = SourceUnreachable(str(error), remedy="mend the setting, or what it leads to")
            return Found(chosen=None, errors=(away,))

    def decided(self, day: date) -> Decided:
        """Return what people have decided about the edition of a day, before it is looked for."""
        with self.database.readers() as session:
            row = editions.find(session, self.slug, day)
        return row.decided if row else UNDECIDED

    def look(
        self,
        day: date,
        *,
        found: Found | None = None,
        decided: Decided | None = None,
        by_hand: bool = False,
        promptly: bool = False,
    ) -> Look:
        """Find and examine; ``by_hand`` says that a person sends it, which is an approval.

        ``decided`` is as it was when whoever calls chose to look; ``promptly`` that it is to begin now.
        """
        decided = decided or self.decided(day)
        found = found or self.find(day)
        blocked = is_blocked(found, day)
        if found.chosen is None or blocked:
            return Look(found=found, blocked=blocked, decided=decided)
        with self.database.readers() as session:
            approval = approval_of(session, self.slug, day, Kind.DAILY, found.chosen.hash)
            left = missed.waiting(session, self.slug, self.newsletter, day)
            known = gather(session, self.slug, self.newsletter, day)
        digest = found.chosen.digest
        # What goes out itself after all, mended or not, is not told once more below.
        added = [(edition, old) for edition, old in left if not missed.is_same(edition, found.chosen)]
        if added:
            known = replace(known, recent=None)  # two days in one: neither count nor links are as usual
            digest = missed.with_missed(digest, added, self.newsletter)
        proof = prove(
            digest,
            self.slug,
            self.newsletter,
            renderer=self.renderer,
            urls=self.urls,
            day=day,
            known=known,
            probes=self.prober.probe(digest, within=AT_THE_HOUR if promptly else None)
            if self.prober
            else None,
            now=self.clock(),
        )
        if found.chosen.contested:
            proof = replace(proof, findings=[changed_finding(found.chosen), *proof.findings])
        if not (self.newsletter.source.unattended or by_hand or approval):
            proof = replace(proof, findings=[NOT_APPROVED, *proof.findings])
        _, held_because, _ = decided
        if held_because:
            proof = replace(proof, findings=[held_by_hand(held_because), *proof.findings])
        return Look(
            found=found,
            blocked=False,
            proof=proof,
            approval=approval,
            carried=tuple(edition.id for edition, _ in left),
            merged_source=missed.text_of(digest, added, self.newsletter) if added else None,
            decided=decided,
        )

    # ---- writing it down ----

    def note(self, day: date, look: Look) -> Edition:
        """Write down that the edition does not go out for now, or that it would, and why."""
        with self.database.sessions.begin() as session:
            edition = self._locked(session, day, look)
            edition.becomes(look.happening)
            self._describe(edition, look)
            session.flush()
            return edition

    def skip(self, day: date, *, because: str, look: Look | None = None, carry: bool = False) -> Edition:
        """Write down that a day has no edition; with ``carry``, its stories go out with the next one."""
        with self.database.sessions.begin() as session:
            edition = self._locked(session, day, look)
            edition.becomes(Happening.SKIPPED)
            edition.stopped_because = because
            edition.is_carried = carry
            if look is not None:
                self._describe(edition, look)
            session.flush()
            return edition

    def freeze(self, day: date, look: Look) -> Edition:
        """Write down everyone who is owed the edition, and let it go out."""
        if look.proof is None:
            raise ValueError("there is nothing to freeze")
        mailings = self._mailings(day, look.proof)
        now = self.clock()
        # Committed before the snapshot, so that who joins meanwhile finds a row to wait for.
        with self.database.sessions.begin() as session:
            late.await_joining(session, self.slug, day)
            if editions.find(session, self.slug, day) is None:
                session.add(self.new(day))
        with self.database.snapshot() as session:
            edition = self._locked(session, day, look)
            self._describe(edition, look)
            # Only now: one that waits itself is carried over without what it would have carried.
            edition.digest_source = look.merged_source or edition.digest_source
            edition.stopped_because = None
            ledger.freeze(
                session,
                edition,
                mailings,
                batch_size=self.batch_size,
                now=now,
                deliver_until=self._end(day, now),
            )
            for old in session.scalars(select(Edition).where(Edition.id.in_(look.carried))):
                old.carried_into_id = edition.id
                if old.digest_hash != edition.digest_hash:
                    old.used_hash = old.digest_hash
            if self.on_frozen is not None:
                self.on_frozen(session, edition, mailings[self.newsletter.language], now)
            self.wake(session, edition.id)
            return edition

    def _mailings(self, day: date, proof: Proof) -> dict[str, Any]:
        with self.database.readers() as session:
            wanted = languages(session, self.slug, day)
        own = self.newsletter.language
        mailings = {own: proof.mailing}
        for language in LANGUAGES:
            if language in wanted and language != own:
                mailings[language] = self.renderer.render(
                    proof.digest,
                    self.newsletter,
                    urls=self.urls,
                    language=language,
                    day=day,
                    edition=proof.mailing.edition,
                ).mailing
        return mailings

    def _end(self, day: date, now: datetime) -> datetime:
        """Return when what is left of an edition expires; one begun very late by hand has a few hours."""
        schedule = self.newsletter.schedule
        return max(datetime.combine(day, schedule.deliver_until, schedule.tz), now + LEAST_TIME)

    def new(self, day: date) -> Edition:
        """Return an edition that has no row yet."""
        return editions.new(self.slug, day, now=self.clock())

    def _locked(self, session: Session, day: date, look: Look | None) -> Edition:
        """Return the row of a day for writing, made where there is none.

        Raises ``EditionTransitionNotAllowed`` when somebody has decided on it since the look: a look takes
        as long as the slowest link, and what a person says meanwhile holds.
        """
        edition = editions.find(session, self.slug, day, lock=True)
        if look is not None and (edition.decided if edition else UNDECIDED) != look.decided:
            raise EditionTransitionNotAllowed(f"somebody has decided on {self.slug} {day} meanwhile")
        if edition is None:
            edition = self.new(day)
            session.add(edition)
        return edition

    def _describe(self, edition: Edition, look: Look) -> None:
        chosen, proof = look.chosen, look.proof
        edition.title = chosen.digest.title if chosen else None
        edition.digest_key = chosen.key if chosen else None
        edition.digest_hash = chosen.hash if chosen else None
        edition.digest_day = chosen.day if chosen else None
        edition.digest_source = chosen.digest.source if chosen else None
        if proof and proof.is_shorter:
            edition.digest_source = proof.digest.source  # what the archive and the weekly may show
        edition.subject = proof.mailing.subject if proof else None
        edition.findings = look.findings
        edition.examined_at = self.clock()

    def _is_used(self, candidate: Candidate) -> bool:
        with self.database.readers() as session:
            return editions.is_used(
                session,
                self.slug,
                key=candidate.key,
                title=candidate.digest.title,
                day=candidate.day,
                digest_hash=candidate.hash,
            )


def is_blocked(found: Found, day: date) -> bool:
    """Say whether a file that cannot be read may have been meant in place of the chosen one."""
    own = found.chosen is not None and found.chosen.day == day
    if found.chosen and not own and any(one.reason is Reason.UNSETTLED for one in found.passed_over):
        return True  # somebody is writing at this moment what may be the day's own: it is a matter of seconds
    if own:
        return any(day_in_name(error.file) != day - timedelta(days=1) for error in found.errors)
    return bool(found.errors)


def unreadable(error: DigestError) -> Finding:
    """Return what people are told of a digest that cannot be read, or of a source that is not reached."""
    is_away, place = isinstance(error, SourceUnreachable), f"{error.file} " if error.file else ""
    return Finding(
        check=UNREACHABLE if is_away else "unreadable",
        severity=Severity.HOLD,
        line=error.line,
        message_zh=f"稿子的来源读不到：{place}{error.problem}"
        if is_away
        else f"{error.file} 无法读取：{error.problem}",
        message_en=f"The source is not reached: {place}{error.problem}"
        if is_away
        else f"{error.file} cannot be read: {error.problem}",
        remedy_zh=f"请按提示修改（{error.remedy}）",
        remedy_en=error.remedy,
    )
