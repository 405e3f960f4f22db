"""A list with all kinds of people, an edition that went out, and an admin's browser."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import update

from newsletter.chores import Chores
from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Delivery
from newsletter.editions.edition import Edition
from newsletter.feedback.events import Kind
from newsletter.feedback.tables import Feedback
from subscribers import (
    Cadence,
    Consent,
    Event,
    Reason,
    Status,
    Subscriber,
    Subscription,
    suppress_address,
)
from tests.support import DAY, KEYS, SEVEN, SLUG, Reader, add, frozen, readers
from tests.web.support import House

HERE = f"/staff/{SLUG}"
EVIL = "<script>alert(1)</script>{{ 7*7 }}"


def furnish(house: House) -> None:
    """Put people on the list, send them an edition, and let something of it go wrong."""
    house.app.keys = KEYS
    with house.writing() as session:
        add(session, readers(60, domain="qq.com"))
        add(
            session,
            [
                Reader(address="li.lei@163.com", language="zh-CN"),
                Reader(address="waits@163.com", status=Status.PENDING),
                Reader(address="gone@gmail.com", status=Status.LEFT),
                Reader(address="weekly@gmail.com", cadence=Cadence.WEEKLY, language="en"),
                Reader(address="pausing@gmail.com", paused_until=DAY + timedelta(days=9)),
                Reader(address="bounces@outlook.com"),
            ],
        )
        session.execute(
            update(Subscriber).where(Subscriber.id == 61).values(attributes={"name": EVIL, "city": "上海"})
        )
        session.execute(
            update(Subscription).where(Subscription.subscriber_id == 61).values(tags=["vip", "=1+1"])
        )
        bounced = session.get_one(Subscriber, 66)
        suppress_address(
            session, bounced.address_hash, reason=Reason.BOUNCED, now=SEVEN, note="550 5.1.1 no such user"
        )
        for event, days in ((Event.ASKED, 3), (Event.CONFIRMED, 2)):
            session.add(
                Consent(
                    subscriber_id=61,
                    newsletter=SLUG,
                    event=event,
                    at=SEVEN - timedelta(days=days),
                    origin="sign-up page",
                    wording="请把早报寄给我。",
                )
            )
    edition = frozen(house.app.database)
    with house.writing() as session:
        states = {1: State.REFUSED, 2: State.REFUSED, 3: State.IN_DOUBT}
        mine = session.get_one(Edition, edition.id)
        mine.subject = "AI 早报"
        for delivery in session.query(Delivery).where(Delivery.edition_id == edition.id):
            delivery.state = states.get(delivery.subscriber_id, State.ACCEPTED)
            if delivery.state is State.REFUSED:
                delivery.reply = "550 5.1.1 <img src=x onerror=alert(1)> no such user"
        for batch in session.query(Batch).where(Batch.edition_id == edition.id):
            batch.refused, batch.accepted = 2, batch.size - 3
        session.add(Feedback(edition_id=edition.id, subscriber_id=61, kind=Kind.DELIVERED, at=SEVEN))


def work(house: House) -> None:
    """Let a worker do all that waits."""
    worker = Chores(app=house.app, owner="worker")
    while worker.step():
        pass


def found(client: TestClient, query: str = "") -> str:
    """Return the page of readers."""
    answer = client.get(f"{HERE}/readers{query}")
    assert answer.status_code == 200, answer.text
    return answer.text
