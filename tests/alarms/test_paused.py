"""Alarms: an edition that is refused too much stops, the right people are told once, and it can go on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from newsletter.config import (
    DatabaseSettings,
    NewsletterSettings,
    Settings,
    TransportKind,
    TransportSettings,
)
from newsletter.config.alarms import AlarmSettings
from newsletter.config.sending import SendingSettings
from newsletter.delivery import books, control
from newsletter.delivery.states import BatchState
from newsletter.delivery.states import State as Copy
from newsletter.delivery.tables import Batch, Delivery, Notice
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from newsletter.mailing import Mailing
from newsletter.schedule import Worker
from newsletter.transports.base import Verdict
from newsletter.transports.memory import MemoryTransport
from tests.support import DAY, KEYS, SLUG, HandClock, frozen, open_database, readers

PEOPLE = 1_000
OPS = ("ops@example.com", "boss@example.com")


@pytest.fixture
def app(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Return an installation with people to alarm; three in ten copies are refused."""
    monkeypatch.setattr("newsletter.delivery.worker.TIDY_EVERY", 0.0)  # look after every batch
    app = App(
        Settings(
            public_url="https://news.example.com",
            database=DatabaseSettings(url=database_url),
            transport=TransportSettings(kind=TransportKind.MEMORY),
            sending=SendingSettings(threads=1),
            alarms=AlarmSettings(email=OPS),
            newsletters={SLUG: NewsletterSettings(name="全球 AI 早报")},
        ),
        clock=HandClock(),
    )
    app.__dict__["database"] = open_database(database_url)
    app.__dict__["keys"] = KEYS
    app.__dict__["transport"] = MemoryTransport(
        {f"e1-s{n}": Verdict.REFUSED for n in range(1, PEOPLE + 1) if n % 10 < 3}
    )
    yield app
    app.close()


def stands(app: App) -> tuple[State, int]:
    """Return how the edition stands: its state, and how many copies have an answer."""
    with app.database.readers() as session:
        edition = session.get_one(Edition, 1)
        counted = books.of_edition(session, edition)
        assert counted.balanced
        return edition.state, counted[Copy.ACCEPTED] + counted[Copy.REFUSED]


def alarms(app: App) -> list[Notice]:
    with app.database.readers() as session:
        return list(session.scalars(select(Notice).where(Notice.purpose == "alarm").order_by(Notice.id)))


def test_an_edition_refused_too_much_is_paused_and_everyone_to_be_told_is_told_once(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    frozen(app.database, readers(PEOPLE), batch_size=100)
    worker = Worker(app)

    with caplog.at_level(logging.ERROR):
        worker.send_editions()
        worker.send_editions()

    assert stands(app) == (State.PAUSED, 200)
    assert [notice.address for notice in alarms(app)] == list(OPS)
    assert "copies were refused" in caplog.text
    assert "ops@" not in caplog.text


def test_an_edition_is_never_paused_without_its_alarm(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen(app.database, readers(PEOPLE), batch_size=200)

    def dies(*_: object, **__: object) -> None:
        raise SystemExit("killed between the pause and its alarm")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("newsletter.alarms.alarms.Alarms.sound", dies)
        with pytest.raises(SystemExit):
            Worker(app).courier.send_one(_next_batch(app))
    between = stands(app)[0], len(alarms(app))
    Worker(app).courier.tidy()

    assert between == (State.SENDING, 0)
    assert (stands(app)[0], len(alarms(app))) == (State.PAUSED, len(OPS))


def test_whoever_resumes_it_is_not_stopped_again_at_once(app: App) -> None:
    frozen(app.database, readers(PEOPLE), batch_size=100)
    worker = Worker(app)
    worker.courier.send_one(_next_batch(app))
    first = stands(app)

    with app.database.sessions.begin() as session:
        control.resume(session, session.get_one(Edition, 1))
    worker.courier.tidy()
    second = stands(app)
    assert isinstance(app.clock, HandClock)
    app.clock.forward(timedelta(minutes=1))
    worker.courier.send_one(_next_batch(app))

    assert first == (State.PAUSED, 200)
    assert second == (State.SENDING, 200)
    assert stands(app) == (State.PAUSED, 400)
    assert len(alarms(app)) == 2 * len(OPS)


def _next_batch(app: App) -> int:
    with app.database.readers() as session:
        return (
            session.scalars(
                select(Batch.id).where(Batch.state == BatchState.WAITING).order_by(Batch.id)
            ).first()
            or 0
        )


def test_alarms_go_out_when_no_worker_is_there_to_send_them(app: App) -> None:
    frozen(app.database, readers(PEOPLE), batch_size=100)
    app.courier().send_due()

    app.alarms.send_without_worker(app.notice_sender(), app.poster)

    assert {notice.state for notice in alarms(app)} == {Copy.ACCEPTED}


def test_without_anyone_to_tell_the_edition_is_paused_all_the_same(app: App) -> None:
    app.__dict__["settings"] = app.settings.model_copy(update={"alarms": AlarmSettings()})
    frozen(app.database, readers(PEOPLE), batch_size=100)

    Worker(app).send_editions()

    assert stands(app)[0] is State.PAUSED
    assert alarms(app) == []


def test_the_mail_says_the_same_in_text_and_html_and_what_to_do(app: App) -> None:
    frozen(app.database, readers(PEOPLE), batch_size=100)
    with app.database.sessions.begin() as session:
        session.execute(update(Delivery).values(reply="550 <not> you & me"))

    Worker(app).send_editions()

    mailing = Mailing.from_bytes(alarms(app)[0].mailing)
    text, html = mailing.text.fill({}), mailing.html.fill({})
    assert mailing.subject == "【需处理】11月23日的日报已暂停发送"
    for fact in ("200", "60", "30%", "800", f"newsletter resume --newsletter {SLUG} --day {DAY}"):
        assert fact in text
        assert fact in html
