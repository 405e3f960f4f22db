"""What feedback does to an edition: many blocks for what it says, or for who we are, stop it.

Throttling is not meant here: the lane waits. The caller owns the transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery import control
from newsletter.delivery.tables import Batch
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from newsletter.feedback import readers
from newsletter.feedback.events import Event, Kind
from newsletter.feedback.rules import Rules
from newsletter.feedback.tables import Feedback, FeedbackMark
from newsletter.feedback.troubles import Sort, Trouble
from newsletter.replies import Meaning
from newsletter.transports.base import discreet

_AGAINST_US = (Meaning.CONTENT, Meaning.POLICY)
_FEWEST = 2  # one filter of one company is no share


def reach(session: Session, events: Iterable[Event], *, rules: Rules, now: datetime) -> list[Trouble]:
    """Stop editions of which too much is blocked, and return what people must know."""
    troubles: list[Trouble] = []
    dropped: Counter[tuple[int, str]] = Counter()
    blocked: set[int] = set()
    for event in events:
        if event.edition_id is None:
            continue
        if event.kind is Kind.DROPPED and (event.alert or readers.is_spared(session, event)):
            dropped[event.edition_id, discreet(event.reply or "no reason given")] += 1
        if event.kind in (Kind.BLOCKED, Kind.DROPPED) and event.meaning in _AGAINST_US:
            blocked.add(event.edition_id)
    for (edition_id, reason), copies in sorted(dropped.items()):
        troubles.append(
            Trouble(
                sort=Sort.DROPPED,
                words=f"the provider drops copies: {reason}",
                edition_id=edition_id,
                about=reason,
                facts={"copies": copies, "reason": reason},
            )
        )
    for edition_id in sorted(blocked):
        troubles += _stop(session, edition_id, rules=rules, now=now)
    return troubles


def _stop(session: Session, edition_id: int, *, rules: Rules, now: datetime) -> list[Trouble]:
    """Pause an edition when too much of it is blocked, once: whoever resumes it has seen why."""
    mark = f"blocked-{edition_id}"
    if session.get(FeedbackMark, mark) is not None:
        return []
    handed_over = session.scalar(select(func.sum(Batch.accepted)).where(Batch.edition_id == edition_id)) or 0
    blocked = session.scalar(
        select(func.count())
        .select_from(Feedback)
        .where(
            Feedback.edition_id == edition_id,
            Feedback.kind.in_((Kind.BLOCKED, Kind.DROPPED)),
            Feedback.meaning.in_(_AGAINST_US),
        )
    )
    if not blocked or blocked < _FEWEST or blocked * 100 <= rules.blocks_percent * handed_over:
        return []
    edition = session.get(Edition, edition_id, with_for_update=True)
    if edition is None:
        return []
    because = f"{blocked:,} of {handed_over:,} copies were blocked for what they say or for who we are"
    if edition.state is State.SENDING:
        control.pause(session, edition, because=because)
    session.add(FeedbackMark(name=mark, at=now, words=because))
    facts = {"blocked": blocked, "handed_over": handed_over, "paused": edition.state is State.PAUSED}
    return [Trouble(sort=Sort.BLOCKED, words=because, edition_id=edition_id, facts=facts)]
