"""What a person decides about an edition to come: it may go out, it must wait, not today, at another hour.

The command line and the pages do it through these functions, and whoever calls has made sure that ``who``
may. What is decided is a row: the clockwork keeps to it within seconds, in every replica, and an edition
that is about to begin at this very moment looks once more. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.editions import approval
from newsletter.editions import edition as editions
from newsletter.editions.approval import HELD_BY_HAND, WAITS
from newsletter.editions.decision import Decision, What, decisions, latest_decision, write_down
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Happening, State
from newsletter.errors import ExitCode, NewsletterError
from newsletter.morning.proof import as_json
from newsletter.morning.waits import held_by_hand
from newsletter.timetable import Timetable

GRACE = timedelta(seconds=60)  # between "send it now" and the first copy: as long as it can be undone


class NothingToDecide(NewsletterError):
    """There is nothing to decide here as things stand. The message says why, and what would help."""


class TooLate(NothingToDecide):
    """It has begun, or its hour is over. Pause what is going out, or correct what went out."""


class ChangedMeanwhile(NothingToDecide):
    """The digest is not the one that was looked at. Look again."""


class ReasonMissing(NewsletterError):
    """Say why, for whoever waits for the edition."""

    exit_code = ExitCode.UNREADABLE


def in_hand(session: Session, newsletter: str, timetable: Timetable, *, now: datetime) -> date:
    """Return the day that is meant when none is named: until it is too late, the one whose hour came."""
    due = timetable.due(now)
    row = editions.find(session, newsletter, due.day)
    if now <= due.latest and row and row.state in (State.HELD, State.READY, State.MISSING):
        return due.day
    return timetable.next(now).day


def to_undo(session: Session, newsletter: str, timetable: Timetable, *, now: datetime) -> date:
    """Return the day whose last decision can be taken back, when none is named."""
    since = timetable.due(now).day
    last = latest_decision(session, newsletter, since=since, among=UNDOABLE)
    if last is None or last.what is What.UNDONE:
        raise NothingToDecide(f"{newsletter}: nothing was decided that can be undone; name the day")
    return last.day


def approve(
    session: Session,
    newsletter: str,
    day: date,
    *,
    who: str,
    because: str = "",
    digest_hash: str | None = None,
    now: datetime,
) -> Edition:
    """Let an edition go out at its hour that waits for an approval, or that the gate or a person holds.

    ``digest_hash`` is of the text that was looked at. Raises ``NothingToDecide`` and its kinds, and
    ``NotApprovable``: ``ReasonNeeded`` when the gate holds it and nobody says ``because``.
    """
    edition = _to_come(session, newsletter, day)
    if edition.digest_hash is None:
        raise NothingToDecide(f"{newsletter} {day}: there is no digest to approve yet")
    if digest_hash is not None and digest_hash != edition.digest_hash:
        raise ChangedMeanwhile(f"{newsletter} {day}: the digest was changed at this moment; look again")
    if edition.state is State.READY:
        raise NothingToDecide(f"{newsletter} {day}: it is ready and needs no approval")
    approval.approve(session, edition, by=who, because=because, now=now)
    edition.held_because = None
    edition.findings = [finding for finding in edition.findings if finding["check"] not in WAITS]
    edition.becomes(Happening.PREPARED)
    write_down(session, edition, What.APPROVED, who=who, because=because, now=now)
    return edition


def hold(session: Session, newsletter: str, day: date, *, who: str, because: str, now: datetime) -> Edition:
    """Keep an edition back until somebody approves it, whatever its digest says by then."""
    reason = _reason(because)
    edition = _to_come(session, newsletter, day, or_new=now)
    _keep_back(edition, f"{who}: {reason}")
    write_down(session, edition, What.HELD, who=who, because=reason, now=now)
    return edition


def skip(session: Session, newsletter: str, day: date, *, who: str, because: str, now: datetime) -> Edition:
    """Let a day have no edition; ``undo`` takes it back."""
    reason = _reason(because)
    edition = _to_come(session, newsletter, day, or_new=now, or_skipped=True)
    edition.becomes(Happening.SKIPPED)
    edition.stopped_because = f"{who}: {reason}"
    edition.begin_at = None
    edition.is_carried = False
    write_down(session, edition, What.SKIPPED, who=who, because=reason, now=now)
    return edition


def reschedule(
    session: Session,
    newsletter: str,
    day: date,
    *,
    at: datetime,
    timetable: Timetable,
    who: str,
    because: str = "",
    now: datetime,
) -> Edition:
    """Let an edition begin at another moment of its day than its hour."""
    moments = Timetable(timetable.schedule).moments(day)
    if at <= now:
        raise NothingToDecide("the moment lies in the past: choose one that is still to come")
    if at.astimezone(timetable.schedule.tz).date() != day or at >= moments.deliver_until:
        until = moments.deliver_until.astimezone(timetable.schedule.tz)
        raise NothingToDecide(f"choose a moment on {day} before {until:%H:%M}, when what is left expires")
    edition = _to_move(session, newsletter, day, timetable, now)
    edition.begin_at = at
    write_down(session, edition, What.MOVED, who=who, because=because, begin_at=at, now=now)
    return edition


def send_now(
    session: Session,
    newsletter: str,
    day: date,
    *,
    timetable: Timetable,
    who: str,
    because: str = "",
    now: datetime,
) -> Edition:
    """Let an edition that is ready begin after ``GRACE``, before its hour or too late for it.

    Until then ``undo`` takes it back. How many it goes to is for the caller to make sure of.
    """
    if day != now.astimezone(timetable.schedule.tz).date():
        raise NothingToDecide(f"an edition goes out on its day, and today is not {day}")
    edition = _to_move(session, newsletter, day, timetable, now)
    if edition.state is not State.READY:
        raise NothingToDecide(
            f"{newsletter} {day}: only what is ready is sent, and it is {edition.state}; "
            "examine it (`newsletter prepare`), or approve it"
        )
    edition.begin_at = now + GRACE
    write_down(session, edition, What.SENT_NOW, who=who, because=because, begin_at=edition.begin_at, now=now)
    return edition


def undo(
    session: Session, newsletter: str, day: date, *, timetable: Timetable, who: str, now: datetime
) -> Edition:
    """Take back that an edition is sent now, moved or skipped, as long as it has not begun.

    One whose hour is past by then does not begin by surprise: it is held, or has ``GRACE``.
    """
    edition = _to_come(session, newsletter, day, or_skipped=True)
    made = [one for one in decisions(session, newsletter, day) if one.what in UNDOABLE]
    last = made[-1] if made else None
    if last is None or last.what is What.UNDONE:
        raise NothingToDecide(f"{newsletter} {day}: nothing was decided that can be undone")
    before = _begin_at_before_the_last(made)
    if last.what is What.SKIPPED:
        if edition.state is State.SKIPPED:
            edition.becomes(Happening.TAKEN_UP)
        edition.stopped_because = edition.examined_at = None
        edition.begin_at = now + GRACE if _is_its_hour(timetable, day, before, now) else before
    else:
        edition.begin_at = before
        if _is_its_hour(timetable, day, edition.begin_at, now):
            _keep_back(edition, f"{who}: taken back after its hour")
    write_down(session, edition, What.UNDONE, who=who, begin_at=edition.begin_at, now=now)
    return edition


UNDOABLE = frozenset({What.SKIPPED, What.MOVED, What.SENT_NOW, What.UNDONE})


def _begin_at_before_the_last(made: Sequence[Decision]) -> datetime | None:
    """Return when the edition was to begin before the last decision; None: at its hour."""
    chosen: list[datetime | None] = [None]
    for one in made[:-1]:
        if one.what is What.UNDONE:
            chosen.pop()
            chosen[-1:] = [one.begin_at]
        else:
            chosen.append(one.begin_at)  # of a day that is skipped: none
    return chosen[-1]


def _is_its_hour(timetable: Timetable, day: date, begin_at: datetime | None, now: datetime) -> bool:
    """Say whether an edition would begin at once by its hour, or by the moment it was moved to."""
    moved = {day: begin_at} if begin_at else {}
    moments = Timetable(timetable.schedule, moved).moments(day)
    return moments.send_at <= now <= moments.latest


def _keep_back(edition: Edition, because: str) -> None:
    edition.held_because = because
    finding = as_json(held_by_hand(because))
    edition.findings = [finding, *(one for one in edition.findings if one["check"] != HELD_BY_HAND)]
    edition.becomes(Happening.FAILED_GATE if edition.digest_hash else Happening.NOT_FOUND)


def _to_come(
    session: Session,
    newsletter: str,
    day: date,
    *,
    or_new: datetime | None = None,
    or_skipped: bool = False,
) -> Edition:
    """Return the edition of a day that has not begun, locked; raise ``NothingToDecide`` without one."""
    edition = editions.find(session, newsletter, day, lock=True)
    if edition is None and or_new is not None:
        edition = editions.new(newsletter, day, now=or_new)
        session.add(edition)
    if edition is None:
        raise NothingToDecide(
            f"{newsletter} {day}: nothing is known of it yet; `newsletter prepare` looks for its digest"
        )
    if edition.state in SENT:
        raise TooLate(
            f"{newsletter} {day}: it is {edition.state} already; `newsletter pause` or `cancel` stops "
            "what is left of it"
        )
    if edition.state is State.SKIPPED and not or_skipped:
        raise NothingToDecide(
            f"{newsletter} {day}: it is skipped ({edition.stopped_because}); `newsletter undo` takes back "
            "what a person skipped, `newsletter send --late` sends it all the same"
        )
    return edition


def _to_move(session: Session, newsletter: str, day: date, timetable: Timetable, now: datetime) -> Edition:
    decision = timetable.decide(day)
    if not decision.goes:
        raise NothingToDecide(
            f"{newsletter} {day}: by the schedule it has no edition ({decision.because}); "
            "`newsletter morning` sends one all the same"
        )
    return _to_come(session, newsletter, day, or_new=now)


def _reason(because: str) -> str:
    if not because.strip():
        raise ReasonMissing("say why, for whoever waits for the edition")
    return because.strip()
