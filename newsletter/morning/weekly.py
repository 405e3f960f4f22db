"""The weekly edition: what the week's editions brought, for readers who want one email a week.

Compiled from what went out, as the archive shows it: a corrected digest is told as it was corrected. The
rows decide: told twice, or by two machines at once, a day has one weekly edition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.alarms import Alarms, Cause
from newsletter.digests.digest import Digest
from newsletter.digests.weekly import Past, weekly
from newsletter.digests.writing import write
from newsletter.editions import archive
from newsletter.editions import edition as editions
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Happening, Kind, State
from newsletter.language import catalog
from newsletter.morning.press import Press, describe
from newsletter.morning.proof import Proof
from newsletter.morning.races import unless_outrun
from newsletter.morning.report import Report
from subscribers import Cadence, has_readers

LEAST_TIME = timedelta(hours=12)  # that a weekly edition has to go out
WEEK = timedelta(days=7)
LONGEST = timedelta(days=14)  # what is older is not told, however long there was no weekly edition
CATCH_UP = timedelta(hours=12)  # how late the schedule may begin it

Clicks = Callable[[Session, list[Edition]], Mapping[str, int]]


@dataclass(frozen=True, kw_only=True)
class Weekly:
    """The weekly editions of one newsletter.

    ``clicks`` tells how often each link was opened; ``alarms`` tells people when the gate holds one.
    """

    press: Press
    clicks: Clicks | None = None
    alarms: Alarms | None = None

    def due_day(self) -> date | None:
        """Return the day whose weekly edition is due by the schedule now; None when none is."""
        press, settings = self.press, self.press.newsletter.weekly
        now = press.now
        day = press.today()
        while day.weekday() != settings.weekday:
            day -= timedelta(days=1)
        zone = press.newsletter.schedule.tz
        due = datetime.combine(day, settings.send_at, zone)
        return day if due <= now < due + CATCH_UP else None

    def begin_due(self) -> Edition | None:
        """Let the weekly edition begin that is due by the schedule; None when there is nothing to do.

        One that could not begin is left to people: it is not tried again by itself.
        """
        day = self.due_day()
        if day is None or self.press.why_refused() or self._existing(day) is not None:
            return None
        with self.press.database.readers() as session:
            if not has_readers(session, self.press.slug, Cadence.WEEKLY):
                return None
        return self.begin(day)

    def run(self, day: date | None = None, *, progress: Callable[[], None] | None = None) -> Report:
        """Do what is still to be done for the week that ``day`` (today) ends, and report."""
        self.press.may_send()
        return self.press.send(self.begin(day or self.press.today()), progress=progress)

    def begin(self, day: date) -> Edition:
        """Return the weekly edition of ``day``, begun by us or by another process that was quicker."""
        return unless_outrun(lambda: self._begun(day))

    def _existing(self, day: date) -> Edition | None:
        with self.press.database.readers() as session:
            return editions.find(session, self.press.slug, day, Kind.WEEKLY)

    def _begun(self, day: date) -> Edition:
        edition = self._existing(day)
        if edition and edition.state in SENT:
            return edition
        with self.press.database.readers() as session:
            if not has_readers(session, self.press.slug, Cadence.WEEKLY):
                return self._note(day, Happening.SKIPPED, "nobody asked for one email a week")
            digest = self._digest(session, day)
        if digest is None:
            return self._note(day, Happening.SKIPPED, "no edition went out since the last weekly one")
        proof = self.press.prove(digest, edition or self.press.new(day, Kind.WEEKLY))
        if proof.held:
            return self._note(day, Happening.FAILED_GATE, None, proof)
        return self.press.freeze(
            edition or self.press.new(day, Kind.WEEKLY), proof, digest_hash=_hash(digest), least=LEAST_TIME
        )

    def _note(
        self, day: date, happening: Happening, because: str | None, proof: Proof | None = None
    ) -> Edition:
        """Write down that there is no weekly edition for now, and why."""
        press = self.press
        with press.database.sessions.begin() as session:
            edition = editions.find(session, press.slug, day, Kind.WEEKLY, lock=True)
            edition = edition or press.new(day, Kind.WEEKLY)
            if edition.id is None:
                session.add(edition)
            edition.becomes(happening)
            edition.stopped_because = because
            edition.examined_at = press.now
            if proof is not None:
                describe(edition, proof, digest_hash=_hash(proof.digest))
                if self.alarms is not None:
                    self.alarms.sound(
                        session,
                        Cause.HELD,
                        newsletter=press.slug,
                        day=day,
                        about=Kind.WEEKLY,
                        facts={"subject": edition.subject},
                        findings=edition.findings,
                        now=press.now,
                    )
            session.flush()
            return edition

    # ---- the week ----

    def _digest(self, session: Session, day: date) -> Digest | None:
        """Compile what went out since the last weekly edition, or in the week that ``day`` ends."""
        press, settings = self.press, self.press.newsletter.weekly
        last = self._last(session, day)
        found = self._week(session, day, last)
        pasts = [
            Past(
                day=edition.day,
                digest=press.read(archive.source_of(session, edition), day=edition.day),
                url=press.urls.edition(edition.day),
            )
            for edition in found
        ]
        before = press.read(last.digest_source or "", day=last.day).stories if last else ()
        compiled = weekly(
            pasts,
            day=day,
            words=catalog(press.newsletter.language),
            stories=settings.stories,
            clicks=self.clicks(session, found) if self.clicks else None,
            dropped=[story.url for story in before if story.url],
        )
        # Read again, so that what is mailed is what the archive keeps.
        return press.read(write(compiled), day=day, file="weekly.md") if compiled else None

    def _last(self, session: Session, day: date) -> Edition | None:
        return session.scalars(
            select(Edition)
            .where(
                Edition.newsletter == self.press.slug,
                Edition.kind == Kind.WEEKLY,
                Edition.day < day,
                Edition.day > day - LONGEST,
                Edition.state.in_(SENT),
                Edition.digest_source.is_not(None),
            )
            .order_by(Edition.day.desc())
        ).first()

    def _week(self, session: Session, day: date, last: Edition | None) -> list[Edition]:
        """Return the daily editions of the week; one that was late for the last weekly edition too.

        What a person has paused or cancelled is not told: something was wrong with it.
        """
        query = select(Edition).where(
            Edition.newsletter == self.press.slug,
            Edition.kind == Kind.DAILY,
            Edition.day <= day,
            Edition.state.in_((State.SENDING, State.FINISHED)),
            Edition.digest_source.is_not(None),
        )
        if last is not None and last.frozen_at is not None:
            query = query.where(Edition.frozen_at > last.frozen_at, Edition.day > day - LONGEST)
        else:
            query = query.where(Edition.day > day - WEEK)
        return list(session.scalars(query.order_by(Edition.day)))


def _hash(digest: Digest) -> str:
    return hashlib.sha256(digest.source.encode()).hexdigest()
