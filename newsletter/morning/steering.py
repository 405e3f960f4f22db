"""What a person does with an edition on its way: stop it, let it go on, end it, settle single copies.

The command line and the pages do it through these functions, and whoever calls has made sure that ``who``
may. Each writes down who did it, and takes back the alarm it answers. The caller owns the transaction.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.alarms import Alarms, Cause
from newsletter.delivery import control
from newsletter.delivery.control import Chosen
from newsletter.editions.decision import What, write_down
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Kind
from newsletter.errors import NewsletterError

# What stopped an edition, and is answered by whoever decides about it.
_OVER = (Cause.PAUSED, Cause.CANARY, Cause.BLOCKED)


class NotSent(NewsletterError):
    """There is no such edition, or nothing of it has been sent. The message says which."""


def the_edition(
    session: Session,
    newsletter: str,
    day: date | None = None,
    kind: Kind | None = None,
    serial: int | None = None,
    *,
    lock: bool = False,
) -> Edition:
    """Return the edition that is meant, frozen already: of a day, or the newest. Raises ``NotSent``."""
    query = (
        select(Edition)
        .where(Edition.newsletter == newsletter)
        .order_by(Edition.day.desc(), Edition.id.desc())
    )
    query = query.where(Edition.state.in_(SENT)) if day is None else query.where(Edition.day == day)
    if day is not None or kind is not None:
        query = query.where(Edition.kind == (kind or Kind.DAILY))
    if serial is not None:
        query = query.where(Edition.serial == serial)
    edition = session.scalars(query.limit(1).with_for_update() if lock else query.limit(1)).one_or_none()
    if edition is None:
        what = f"{kind if serial is None else f'{kind}-{serial}'} edition" if kind else "edition"
        raise NotSent(f"{newsletter}: there is no {what}" + (f" of {day}" if day else " sent yet"))
    if edition.state not in SENT:
        name = edition.label.removeprefix(f"{newsletter}-")
        raise NotSent(
            f"{newsletter} {name}: nothing of it has been sent, it is {edition.state}; "
            "see `newsletter status`"
        )
    return edition


def again(session: Session, edition: Edition) -> Edition:
    """Return the same edition once more, locked: it may have moved on while a person was asked."""
    return session.get_one(Edition, edition.id, with_for_update=True, populate_existing=True)


def pause(session: Session, edition: Edition, *, who: str, because: str = "", now: datetime) -> None:
    """Let nothing more of an edition begin; what is on its way ends within seconds."""
    control.pause(session, edition, because=said(who, because))
    write_down(session, edition, What.PAUSED, who=who, because=because, now=now)


def resume(session: Session, edition: Edition, *, alarms: Alarms, who: str, now: datetime) -> None:
    """Let a paused edition go on, and count anew what is refused."""
    control.resume(session, edition)
    _calm(session, edition, alarms, now)
    write_down(session, edition, What.RESUMED, who=who, now=now)


def cancel(
    session: Session, edition: Edition, *, alarms: Alarms, who: str, because: str = "", now: datetime
) -> int:
    """End an edition for good: withdraw every copy that was not handed over; return how many."""
    count = control.cancel(session, edition, because=said(who, because))
    _calm(session, edition, alarms, now)
    write_down(session, edition, What.CANCELLED, who=who, because=because, now=now)
    return count


def stop(session: Session, *, who: str, because: str, now: datetime) -> control.Switch | None:
    """Stop the sending of all editions, on every host; return the switch if it was off already."""
    was = control.switched_off(session)
    control.switch_off(session, because=said(who, because), now=now)
    return was


def retry(session: Session, edition: Edition, chosen: Chosen, *, who: str, now: datetime) -> int:
    """Try refused copies once more; return how many."""
    count = control.retry(session, edition, chosen, now=now)
    write_down(session, edition, What.RETRIED, who=who, because=f"{count:,} copies", now=now)
    return count


def settle(
    session: Session, edition: Edition, chosen: Chosen, *, who: str, because: str, now: datetime
) -> int:
    """Take copies in doubt for accepted, because a person found out; return how many."""
    count = control.settle(session, edition, chosen, because=because.strip())
    write_down(session, edition, What.SETTLED, who=who, because=f"{count:,}: {because.strip()}", now=now)
    return count


def resend(session: Session, edition: Edition, chosen: Chosen, *, who: str, now: datetime) -> int:
    """Send copies in doubt again, at the risk that somebody has two; return how many."""
    count = control.resend(session, edition, chosen, now=now)
    write_down(session, edition, What.RESENT, who=who, because=f"{count:,} copies", now=now)
    return count


def said(who: str, because: str) -> str:
    """Return a reason as it is kept: by whom, and why."""
    return f"{who}: {because.strip()}" if because.strip() else f"{who}, by hand"


def _calm(session: Session, edition: Edition, alarms: Alarms, now: datetime) -> None:
    """Tell whoever heard that the edition was paused that somebody has decided."""
    alarms.clear(session, newsletter=edition.newsletter, day=edition.day, causes=_OVER, now=now)
