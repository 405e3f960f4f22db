"""What feedback says of our account with a provider. Suspended, it goes on saying 202 and sends nothing.

So sending stops at once, on every host, until a person lets it go on. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.delivery import control
from newsletter.feedback.events import Event, Kind
from newsletter.feedback.tables import FeedbackMark
from newsletter.feedback.troubles import Sort, Trouble

WELL = "reactivate"


def reach(session: Session, events: Iterable[Event], *, provider: str, now: datetime) -> list[Trouble]:
    """Stop all sending when an account was suspended, and return what people must know."""
    told = [event for event in events if event.kind is Kind.ACCOUNT]
    return [
        trouble
        for event in sorted(told, key=lambda event: event.at)
        for trouble in _heard(session, event, provider, now)
    ]


def is_well(session: Session, provider: str) -> bool:
    """Say whether nothing bad is known of our account."""
    mark = session.get(FeedbackMark, _name(provider))
    return mark is None or mark.words == WELL


def _heard(session: Session, event: Event, provider: str, now: datetime) -> list[Trouble]:
    status = event.reply or "unknown"
    mark = session.get(FeedbackMark, _name(provider))
    if mark is not None and mark.at > event.at:
        return []  # told late: something newer is known
    if mark is None:
        session.add(FeedbackMark(name=_name(provider), at=event.at, words=status))
    else:
        mark.at, mark.words = event.at, status
    session.flush()
    if status == WELL:
        words = (
            f"{provider} has let our account send again; when all is well, `newsletter go` lets sending go on"
        )
    else:
        words = f"{provider} has stopped our account ({status}); it takes mail and delivers none"
        control.switch_off(session, because=words, now=now)
    about = f"{provider} {status} {event.at:%Y-%m-%dT%H:%M:%SZ}"
    facts = {"provider": provider, "status": status, "at": event.at.isoformat()}
    return [Trouble(sort=Sort.ACCOUNT, words=words, about=about, facts=facts)]


def _name(provider: str) -> str:
    return f"account-{provider}"
