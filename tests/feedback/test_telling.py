"""What feedback finds reaches people as alarms, once, with words of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.alarms import Alarm, Cause
from newsletter.delivery import control
from newsletter.delivery.tables import Call, Notice
from newsletter.feedback import inbox, sendgrid
from newsletter.mailing import Mailing
from newsletter.testing.certificate import SigningKey
from newsletter.testing.event_webhook import wire
from newsletter.testing.sendgrid_events import account_status_change
from newsletter.transports.memory import MemoryTransport
from tests.feedback.support import about, hand_over
from tests.support import SEVEN, frozen, readers
from tests.web.support import House, a_house

HALF_AN_HOUR = timedelta(minutes=31)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = a_house(tmp_path, feedback={"sendgrid_keys": [SigningKey().public_key]})
    yield opened
    opened.app.close()


def post(house: House, *told: dict[str, object]) -> None:
    with house.writing() as session:
        inbox.put(session, sendgrid.NAME, inbox.pack(wire(list(told))), now=house.clock())
    house.app.applier.step()


def causes(house: House) -> list[tuple[Cause, bool]]:
    with house.app.database.readers() as session:
        rows = session.scalars(select(Alarm).order_by(Alarm.id)).all()
        return [(alarm.cause, alarm.cleared_at is not None) for alarm in rows]


def subjects(house: House) -> list[str]:
    with house.app.database.readers() as session:
        return [Mailing.from_bytes(row.mailing).subject for row in session.scalars(select(Notice))]


def test_a_suspended_account_is_told_and_stops_sending(house: House) -> None:
    event = account_status_change("compliance_suspend", house.clock())

    post(house, event)
    post(house, event)

    assert causes(house) == [(Cause.ACCOUNT, False)]
    assert subjects(house) == ["【需处理】我们在发信服务商那里的账号有变化"]
    with house.app.database.readers() as session:
        assert control.switched_off(session)


def test_drops_and_blocks_are_told_for_their_edition(house: House) -> None:
    edition = frozen(house.app.database, readers(20))
    hand_over(house.app.database, edition, MemoryTransport())
    quota = {"event": "dropped", "reason": "Recipient List over Package Quota"}
    policy = {"event": "bounce", "type": "blocked", "reason": "550 5.7.1 sender reputation"}

    post(
        house,
        about(house.app.database, edition, 1, quota),
        about(house.app.database, edition, 2, policy),
        about(house.app.database, edition, 3, policy),
    )

    assert sorted(causes(house)) == [(Cause.BLOCKED, False), (Cause.DROPPED, False)]


def test_when_no_report_comes_in_people_are_told_and_told_again_when_one_does(house: House) -> None:
    house.clock.now = SEVEN
    edition = frozen(house.app.database, readers(150))
    hand_over(house.app.database, edition, MemoryTransport())
    with house.writing() as session:
        session.execute(update(Call).values(transport="sendgrid", provider_id="m1"))
    applier = house.app.applier

    applier.step()
    early = causes(house)
    house.clock.forward(HALF_AN_HOUR)
    applier.step()
    late = causes(house)
    post(house, about(house.app.database, edition, 1, {"event": "processed"}))
    house.clock.forward(timedelta(minutes=2))
    applier.step()

    assert early == []
    assert late == [(Cause.FEEDBACK, False)]
    assert causes(house) == [(Cause.FEEDBACK, True)]
