"""What an admin may do to people of a list, one at a time or many: never a field to be filled in.

Each verb is a story that exists: leaving, a confirmation mail, a suppression, being forgotten. Who did it and
why is kept with the evidence. Twice is the same as once. The caller owns the transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

import subscribers
from newsletter.app import App
from newsletter.delivery import notices
from newsletter.feedback import trail
from newsletter.reports.states import JobKind
from newsletter.signup.mail import Mail
from newsletter.signup.requests import may_mail
from subscribers import Address, Evidence, Reason, Status, Subscriber, Subscription, Verdict

LONGEST_ORIGIN = 200
CHANGED, UNCHANGED = "changed", "unchanged"
NEVER_MAILED, TOO_OFTEN = "never_mailed", "too_often"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Who does something, and why: kept with every person it was done to."""

    by_whom: str
    because: str
    now: datetime

    def __post_init__(self) -> None:
        if not self.because.strip():
            raise ValueError("say why: it is kept as evidence")

    @property
    def origin(self) -> str:
        """What the evidence says."""
        return f"{self.by_whom}: {self.because.strip()}"[:LONGEST_ORIGIN]

    @property
    def evidence(self) -> Evidence:
        """The evidence of the deed."""
        return Evidence(origin=self.origin)


@dataclass(slots=True)
class Done:
    """How many people were changed, and how many were not, by why."""

    counts: Counter[str] = field(default_factory=Counter[str])

    @property
    def changed(self) -> int:
        """How many people are other than before."""
        return self.counts[CHANGED]


Act = Callable[[Session, App, str, Collection[int], Deed], Done]


def do(session: Session, app: App, verb: JobKind, newsletter: str, ids: Collection[int], deed: Deed) -> Done:
    """Do one thing to people of a list, given by id."""
    return _ACTS[verb](session, app, newsletter, ids, deed)


def _leave(session: Session, _app: App, newsletter: str, ids: Collection[int], deed: Deed) -> Done:
    left = subscribers.leave_all(session, newsletter, ids, evidence=deed.evidence, now=deed.now)
    return _done(len(left), len(ids))


def _block(session: Session, _app: App, newsletter: str, ids: Collection[int], deed: Deed) -> Done:
    people = _listed(session, newsletter, ids)
    verdict = Verdict(Reason.BLOCKED, deed.now, deed.origin)
    new = subscribers.suppress_addresses(session, {person.address_hash: verdict for person, _ in people})
    return _done(new, len(ids))


def _erase(session: Session, _app: App, newsletter: str, ids: Collection[int], deed: Deed) -> Done:
    erased = 0
    for person, _ in _listed(session, newsletter, ids):
        if person.address is None:
            continue
        notices.forget_address(session, person.address)
        subscribers.forget(session, person, now=deed.now)
        trail.forget_person(session, person.id)
        erased += 1
    return _done(erased, len(ids))


def _reconfirm(session: Session, app: App, newsletter: str, ids: Collection[int], deed: Deed) -> Done:
    """Mail those who have not confirmed once more: once a day at most, within everybody's limits."""
    done, mailer = Done(), app.mailer(newsletter)
    for person, listed in _listed(session, newsletter, ids):
        if listed.status is not Status.PENDING or person.address is None:
            done.counts[UNCHANGED] += 1
        elif subscribers.suppression_of(session, person):
            done.counts[NEVER_MAILED] += 1
        elif not may_mail(session, mailer, Address(person.address), at=deed.now):
            done.counts[TOO_OFTEN] += 1
        else:
            occasion = f"again-{person.id}-{deed.now:%Y%m%d}"
            is_new = mailer.post(session, Mail.CONFIRM, person, occasion=occasion, now=deed.now)
            done.counts[CHANGED if is_new else TOO_OFTEN] += 1
    done.counts[UNCHANGED] += len(ids) - done.counts.total()
    return done


_ACTS: dict[JobKind, Act] = {
    JobKind.LEAVE: _leave,
    JobKind.BLOCK: _block,
    JobKind.ERASE: _erase,
    JobKind.RECONFIRM: _reconfirm,
}
VERBS = tuple(_ACTS)


def _done(changed: int, asked: int) -> Done:
    return Done(Counter({CHANGED: changed, UNCHANGED: asked - changed}))


def _listed(
    session: Session, newsletter: str, ids: Collection[int]
) -> Sequence[tuple[Subscriber, Subscription]]:
    rows = session.execute(
        select(Subscriber, Subscription)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.newsletter == newsletter, Subscriber.id.in_(ids))
        .order_by(Subscriber.id)
    )
    return [(person, listed) for person, listed in rows]
