"""Canaries: mailboxes of our own get each edition first, and the readers once it arrived there well.

When an edition is frozen its canaries' copies are written as notices, and the readers' batches become due
only when the wait is over. A good verdict makes them due at once; a bad one pauses the edition and tells
people. So a process that dies holds nothing up but where the settings say that silence holds. Mailboxes are
looked into outside of any transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from newsletter.alarms import Alarms, Cause
from newsletter.clock import Clock
from newsletter.config.canaries import CanariesSettings, CanarySettings
from newsletter.database import Database
from newsletter.delivery import control, holding, notices
from newsletter.delivery.notices import Posted
from newsletter.delivery.tables import Notice
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from newsletter.feedback import wording
from newsletter.feedback.canary_rows import Canary, CanaryRun
from newsletter.feedback.letter import Letter
from newsletter.feedback.mailbox import MailboxError
from newsletter.feedback.reaching import Reaching
from newsletter.feedback.sighting import Outcome, Place, Sighting, see, verdict
from newsletter.language import Catalog, catalog, tags
from newsletter.mailing import Mailing

logger = logging.getLogger(__name__)

PURPOSE = "canary"
SAYS_NO = "a canary says no"
WATCHED = timedelta(minutes=45)  # a copy that comes later than that says nothing any more
LOST_AFTER = timedelta(hours=12)  # where silence holds and an edition has no end
# Looked into between editions too, so that a password that has ended is known before the morning.
TRIED_EVERY, TRIED_AGAIN_AFTER = timedelta(hours=1), timedelta(minutes=5)
NO_COPY = "none"  # a Feedback-ID that no copy has

Look = Callable[[CanarySettings, str, datetime], tuple[Place, bytes, datetime] | None]


@dataclass(kw_only=True)
class Canaries:
    """Looks after the canaries of an installation. ``look`` finds a copy in a mailbox, or raises."""

    settings: CanariesSettings
    database: Database
    alarms: Alarms
    clock: Clock
    look: Look
    _tried_at: dict[str, datetime] = field(default_factory=dict)  # by canary

    def begin(self, session: Session, edition: Edition, mailing: Mailing, now: datetime) -> None:
        """Send the canaries of an edition that was just frozen, and let its readers wait for them."""
        for mailbox in self.settings.mailboxes:
            posted = Posted(
                purpose=PURPOSE,
                dedupe_key=_key(edition.id, mailbox.name),
                mailing=mailing,
                newsletter=edition.newsletter,
                address=mailbox.address,
                priority=2,
            )
            notices.post(session, posted, now=now)
            session.add(Canary(edition_id=edition.id, name=mailbox.name))
        session.add(
            CanaryRun(
                edition_id=edition.id,
                began_at=now,
                decide_at=now + self.settings.wait,
                outcome=Outcome.WAITING,
            )
        )
        until = now + self.settings.wait
        if self.settings.when_silent == "hold":
            until = edition.deliver_until or now + LOST_AFTER
        holding.hold(session, edition.id, until=until)
        session.flush()

    def step(self) -> bool:
        """Look for what has not arrived yet, and decide. Nothing is ever to be done at once."""
        with self.database.readers() as session:
            # An undecided one is looked at however old it is: we may have been down all the while.
            is_watched = or_(
                CanaryRun.began_at > self.clock() - WATCHED, CanaryRun.outcome == Outcome.WAITING
            )
            runs = session.scalars(select(CanaryRun).where(is_watched)).all()
        for run in runs:
            self._watch(run)
        for mailbox in self.settings.mailboxes:
            if self._is_to_be_tried(mailbox):
                self.reach(mailbox)
        return False

    def reach(self, mailbox: CanarySettings) -> str | None:
        """Look into a mailbox for nothing; return why it is not reached."""
        try:
            self._look(mailbox, NO_COPY, self.clock())
        except MailboxError as error:
            return str(error)
        return None

    def _is_to_be_tried(self, mailbox: CanarySettings) -> bool:
        tried_at = self._tried_at.get(mailbox.name)
        if tried_at is None:
            return True
        every = TRIED_AGAIN_AFTER if self._reaching.is_away(_box(mailbox)) else TRIED_EVERY
        return self.clock() - tried_at >= every

    def _look(
        self, mailbox: CanarySettings, feedback_id: str, since: datetime
    ) -> tuple[Place, bytes, datetime] | None:
        """Look for a copy in a mailbox, and note whether it was reached. Raises ``MailboxError``."""
        self._tried_at[mailbox.name] = self.clock()
        try:
            found = self.look(mailbox, feedback_id, since)
        except MailboxError as error:
            self._reaching.note(_box(mailbox), str(error), address=mailbox.address, canary=mailbox.name)
            raise
        self._reaching.note(_box(mailbox), None)
        return found

    @property
    def _reaching(self) -> Reaching:
        return Reaching(database=self.database, alarms=self.alarms, clock=self.clock)

    def _watch(self, run: CanaryRun) -> None:
        with self.database.readers() as session:
            missing = session.scalars(
                select(Canary.name).where(Canary.edition_id == run.edition_id, Canary.place.is_(None))
            ).all()
            mailing = self._mailing(session, run.edition_id) if missing else None
        seen: dict[str, Sighting] = {}
        away: dict[str, str] = {}
        for mailbox in self.settings.mailboxes:
            if mailing is None or mailbox.name not in missing:
                continue
            try:
                found = self._found(mailbox, mailing, run.began_at)
            except MailboxError as error:
                # It counts as silence: the others may still speak.
                logger.warning("canary not reached: %s", error, extra={"canary": mailbox.name})
                away[mailbox.name] = str(error)
            else:
                if found is not None:
                    seen[mailbox.name] = found
        if seen or run.outcome is Outcome.WAITING:
            with self.database.sessions.begin() as session:
                self._decide(session, run.edition_id, seen, away)

    def _found(self, mailbox: CanarySettings, mailing: Mailing, began_at: datetime) -> Sighting | None:
        feedback_id = dict(mailing.headers)["Feedback-ID"].fill({})
        found = self._look(mailbox, feedback_id, began_at)
        if found is None:
            return None
        place, raw, arrived_at = found
        text, html = mailing.text.fill({}), mailing.html.fill({})
        return see(Letter(raw), place=place, arrived_at=arrived_at, text=text, html=html)

    def _mailing(self, session: Session, edition_id: int) -> Mailing | None:
        stored = session.scalar(
            select(Notice.mailing).where(
                Notice.purpose == PURPOSE, Notice.dedupe_key.startswith(_key(edition_id, ""))
            )
        )
        return Mailing.from_bytes(stored) if stored else None

    # ---- the verdict ----

    def _decide(
        self, session: Session, edition_id: int, seen: Mapping[str, Sighting], away: Mapping[str, str]
    ) -> None:
        now = self.clock()
        edition = session.get(Edition, edition_id, with_for_update=True)
        run = session.get(CanaryRun, edition_id, with_for_update=True, populate_existing=True)
        if edition is None or run is None:
            return
        rows = session.scalars(
            select(Canary).where(Canary.edition_id == edition_id).execution_options(populate_existing=True)
        ).all()
        for row in rows:
            if row.place is None and (found := seen.get(row.name)):
                row.place, row.arrived_at = found.place, found.arrived_at
                row.spf, row.dkim, row.dmarc = found.spf, found.dkim, found.dmarc
                row.is_whole, row.faults = found.is_whole, " ".join(found.faults)
            row.unreached = away.get(row.name)
        told = {row.name: None if row.place is None else (row.faults or "").split() for row in rows}
        outcome = verdict(told, is_over=now >= run.decide_at)
        if outcome is run.outcome or outcome is Outcome.WAITING or run.outcome is Outcome.BAD:
            return
        run.outcome, run.decided_at = outcome, run.decided_at or now
        self._follow(session, edition, outcome, rows, now=now)

    def _follow(
        self, session: Session, edition: Edition, outcome: Outcome, rows: Sequence[Canary], *, now: datetime
    ) -> None:
        holding.let_go(session, edition.id, now=now)  # also where it is paused: it goes once resumed
        if outcome is Outcome.GOOD:
            if edition.state is State.PAUSED and (edition.stopped_because or "").startswith(SAYS_NO):
                control.resume(session, edition)  # it was only late
            self.alarms.clear(
                session, newsletter=edition.newsletter, day=edition.day, now=now, causes={Cause.CANARY}
            )
            return
        wrong = [row for row in rows if row.faults or row.place is None]
        because = "; ".join(_line(row, catalog("en")) for row in wrong)
        holds = outcome is Outcome.BAD or self.settings.when_silent == "hold"
        if holds and edition.state is State.SENDING:
            control.pause(session, edition, because=f"{SAYS_NO}: {because}")
        self.alarms.sound(
            session,
            Cause.CANARY,
            newsletter=edition.newsletter,
            day=edition.day,
            now=now,
            facts={
                "mailbox": ", ".join(row.name for row in wrong),
                "details": [{tag: _line(row, catalog(tag)) for tag in tags()} for row in wrong],
                "paused": edition.state is State.PAUSED,
            },
        )


def _line(row: Canary, words: Catalog) -> str:
    return words.say("canary.line", name=row.name, what=wording.canary(row, words))


def _box(mailbox: CanarySettings) -> str:
    return f"canary {mailbox.name}"


def _key(edition_id: int, name: str) -> str:
    return f"{PURPOSE}:{edition_id}:{name}"


def last_runs(session: Session, *, limit: int) -> Sequence[tuple[Edition, CanaryRun, Sequence[Canary]]]:
    """Return what the canaries of the newest editions said, the newest first."""
    runs = session.execute(
        select(Edition, CanaryRun)
        .join(CanaryRun, CanaryRun.edition_id == Edition.id)
        .order_by(CanaryRun.began_at.desc())
        .limit(limit)
    ).all()
    found = []
    for edition, run in runs:
        rows = select(Canary).where(Canary.edition_id == edition.id).order_by(Canary.name)
        found.append((edition, run, session.scalars(rows).all()))
    return found


def of_edition(session: Session, edition_id: int) -> tuple[CanaryRun, Sequence[Canary]] | None:
    """Return what the canaries of an edition said; None when it had none."""
    run = session.get(CanaryRun, edition_id)
    if run is None:
        return None
    rows = session.scalars(select(Canary).where(Canary.edition_id == edition_id).order_by(Canary.name))
    return run, rows.all()
