"""Watches what sessions do, and writes down what is to be told before they commit.

The stories know nothing of it: whatever changes a subscription or an edition, on whichever way, is seen.
Imports and exports tell nothing: they are not what readers do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from newsletter.alarms import hooks
from newsletter.clock import Clock
from newsletter.config.webhooks import EventWebhookSettings, WebhookEvent
from newsletter.database import Database
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from subscribers import Fact, Lasting, Reason, Status, Subscriber, Subscription, noted

_SEEN = "events to be told"
_BOUNCES = (Reason.BOUNCED, Reason.COMPLAINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event. The same event has the same ``key``, however often it is seen."""

    event: WebhookEvent
    newsletters: Sequence[str]  # that it is about
    key: str
    at: datetime
    about: Mapping[str, Any]


def watch(database: Database, webhooks: Sequence[EventWebhookSettings], clock: Clock) -> None:
    """Let the sessions of a database write down what ``webhooks`` are to hear, from now on."""

    @event.listens_for(database.sessions, "before_flush")
    def _before_flush(session: Session, *_: object) -> None:
        seen = session.info.setdefault(_SEEN, [])
        for row in (*session.new, *session.dirty):
            if isinstance(row, Subscription | Edition):
                change = _change(row)
                if change is not None:
                    seen.append((row, change))

    @event.listens_for(database.sessions, "before_commit")
    def _before_commit(session: Session) -> None:
        if session.in_nested_transaction():
            return
        session.flush()
        seen = session.info.pop(_SEEN, [])
        told = [*_of_rows(seen, clock()), *_of_facts(session, noted(session))]
        for each in _once(told):
            for webhook in webhooks:
                if _hears(webhook, each):
                    hooks.put(
                        session,
                        key=_digest(webhook.name, each.key),
                        target=hooks.EVENT + webhook.name,
                        content=_content(each),
                        now=clock(),
                    )

    @event.listens_for(database.sessions, "after_rollback")
    def _after_rollback(session: Session) -> None:
        session.info.pop(_SEEN, None)


def _change(row: Subscription | Edition) -> WebhookEvent | None:
    """Return what the change of a row that is about to be written means; None when it is nothing to tell."""
    history = inspect(row).attrs["status" if isinstance(row, Subscription) else "state"].history
    if not history.added:
        return None
    before, after = next(iter(history.deleted or ()), None), history.added[0]
    if isinstance(row, Edition):
        return {State.HELD: WebhookEvent.HELD, State.FINISHED: WebhookEvent.SENT}.get(after)
    if before is after:
        return None
    if after is Status.LEFT:
        return WebhookEvent.LEFT
    is_confirmed = before is Status.PENDING and after is Status.ACTIVE
    return WebhookEvent.CONFIRMED if is_confirmed else WebhookEvent.JOINED


def _of_rows(seen: Sequence[tuple[Subscription | Edition, WebhookEvent]], now: datetime) -> Iterator[Told]:
    for row, what in seen:
        if isinstance(row, Edition):
            # It is sent once, also when somebody who joins late gets a copy; it may be held again.
            when = "" if what is WebhookEvent.SENT else now.isoformat()
            yield Told(
                event=what,
                newsletters=[row.newsletter],
                key=f"{what}:{row.id}:{when}",
                at=now,
                about={
                    "newsletter": row.newsletter,
                    "edition": row.label,
                    "day": row.day.isoformat(),
                    "kind": row.kind.value,
                    "subject": row.subject,
                },
            )
        else:
            at = row.left_at if what is WebhookEvent.LEFT and row.left_at else now
            yield _about_reader(what, row.newsletter, row.subscriber_id, at)


def _of_facts(session: Session, facts: Sequence[Fact]) -> Iterator[Told]:
    """Yield what happened to many at once, which no row of the session shows."""
    for fact in facts:
        if fact.what is Lasting.LEFT:
            yield _about_reader(
                WebhookEvent.LEFT, str(fact.about["newsletter"]), int(fact.about["id"]), fact.at
            )
    bounced = {
        bytes.fromhex(str(fact.about["hash"])): fact
        for fact in facts
        if fact.what is Lasting.SUPPRESSED and "hash" in fact.about and fact.about["reason"] in _BOUNCES
    }
    if not bounced:
        return
    people = session.execute(
        select(Subscriber.id, Subscriber.address_hash).where(Subscriber.address_hash.in_(bounced))
    ).all()
    lists = _lists(session, [id_ for id_, _ in people])
    for id_, digest in people:
        fact = bounced[bytes(digest)]
        yield Told(
            event=WebhookEvent.BOUNCED,
            newsletters=lists.get(id_, []),
            key=f"{WebhookEvent.BOUNCED}:{id_}:{fact.at.isoformat()}",
            at=fact.at,
            about={"subscriber": id_, "reason": fact.about["reason"], "newsletters": lists.get(id_, [])},
        )


def _lists(session: Session, ids: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(Subscription.subscriber_id, Subscription.newsletter).order_by(Subscription.newsletter)
    for id_, newsletter in session.execute(query.where(Subscription.subscriber_id.in_(ids))):
        found.setdefault(id_, []).append(newsletter)
    return found


def _about_reader(what: WebhookEvent, newsletter: str, subscriber_id: int, at: datetime) -> Told:
    return Told(
        event=what,
        newsletters=[newsletter],
        key=f"{what}:{newsletter}:{subscriber_id}:{at.isoformat()}",
        at=at,
        about={"newsletter": newsletter, "subscriber": subscriber_id},
    )


def _once(told: Sequence[Told]) -> Iterator[Told]:
    yield from {each.key: each for each in told}.values()


def _hears(webhook: EventWebhookSettings, told: Told) -> bool:
    if told.event not in webhook.events:
        return False
    return not webhook.newsletters or bool(set(webhook.newsletters) & set(told.newsletters))


def _digest(*parts: str) -> str:
    return "event:" + hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _content(told: Told) -> dict[str, Any]:
    return {"type": told.event.value, "timestamp": told.at.isoformat(), "data": dict(told.about)}
