"""What came back is taken in once, from a Maildir and over IMAP, and only a signature changes a reader."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.alarms import Alarm, Cause
from newsletter.config import NewsletterSettings
from newsletter.config.alarms import AlarmSettings
from newsletter.database import Database
from newsletter.delivery.tables import Notice
from newsletter.feedback import carried, inbox, queue, returned, settling
from newsletter.feedback.apply import apply
from newsletter.feedback.collector import Collector
from newsletter.feedback.events import Kind
from newsletter.feedback.forwarding import Forwarder
from newsletter.feedback.imap import quoted
from newsletter.feedback.mailbox import Box, Found, MailboxError
from newsletter.feedback.maildir import MaildirBox
from newsletter.feedback.reaching import Reaching
from newsletter.feedback.returned import Fate, ReturnedMail
from newsletter.feedback.troubles import Sort
from newsletter.mailing import Mailing
from subscribers import Reason, Status, subscriptions
from tests.alarms.support import PEOPLE
from tests.alarms.support import House as AlarmHouse
from tests.feedback import mails
from tests.feedback.dovecot import Dovecot, dovecot, needs_dovecot
from tests.feedback.support import NOW, RULES, sent, standing, suppressed
from tests.support import KEYS, SLUG, HandClock

GONE = mails.dsn("550 5.1.1 user unknown", status="5.1.1")


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (tmp_path / "maildir" / part).mkdir(parents=True)
    return tmp_path / "maildir"


def put(maildir: Path, *raws: bytes) -> None:
    for number, raw in enumerate(raws):
        (maildir / "new" / f"{len(list(maildir.rglob('*')))}.{number}.example").write_bytes(raw)


def a_collector(database: Database, maildir: Path, *, forward_to: str = "") -> Collector:
    forwarder = None
    if forward_to:
        forwarder = Forwarder(to=forward_to, newsletters={SLUG: NewsletterSettings(name="全球AI新闻速递")})
    return Collector(
        database=database,
        keys=KEYS,
        returns=mails.RETURNS,
        clock=HandClock(NOW),
        open_box=lambda: MaildirBox(maildir, done_folder="Processed"),
        forwarder=forwarder,
    )


def take_effect(database: Database) -> None:
    """Let what lies in the inbox take effect, as the applier does."""
    with database.sessions.begin() as session:
        posts = inbox.next_posts(session, limit=100)
        events = [
            event
            for post in posts
            for event in carried.read_post(post.body, received_at=post.received_at).events
        ]
        inbox.take_out(session, [post.id for post in posts])
        apply(session, events, provider=carried.NAME, keys=KEYS, rules=RULES, now=NOW)


def statuses(database: Database) -> dict[int, Status]:
    with database.readers() as session:
        return {id_: subscriptions(session, id_)[0].status for id_ in (1, 2, 3)}


def fates(session: Session) -> list[Fate]:
    return list(session.scalars(select(ReturnedMail.fate).order_by(ReturnedMail.id)))


def test_a_bounce_with_a_signature_ends_mail_to_its_reader_and_no_other(
    database: Database, maildir: Path
) -> None:
    sent(database, 3)
    put(maildir, GONE)

    assert a_collector(database, maildir).poll() == {"bounce": 1}
    take_effect(database)

    assert standing(database) == {2: Kind.BOUNCED}
    with database.readers() as session:
        assert list(suppressed(session).values()) == [Reason.BOUNCED]
    assert len(list(maildir.glob(".Processed/cur/*"))) == 1


def test_qq_saying_too_fast_costs_nobody(database: Database, maildir: Path) -> None:
    sent(database, 3)
    put(maildir, mails.dsn("550 Domain frequency limited", recipient="r2@qq.com"))

    a_collector(database, maildir).poll()
    take_effect(database)

    assert standing(database) == {2: Kind.BLOCKED}
    with database.readers() as session:
        assert suppressed(session) == {}


def test_a_complaint_ends_mail_to_its_reader(database: Database, maildir: Path) -> None:
    sent(database, 3)
    put(maildir, mails.arf("abuse"))

    a_collector(database, maildir).poll()
    take_effect(database)

    with database.readers() as session:
        assert list(suppressed(session).values()) == [Reason.COMPLAINED]


def test_a_bounce_that_anybody_may_have_written_changes_nothing_and_is_shown(
    database: Database, maildir: Path
) -> None:
    sent(database, 3)
    put(maildir, mails.dsn("550 5.1.1 no", to="bounces@news.example.com", returned="X: y\r\n"))

    a_collector(database, maildir).poll()
    take_effect(database)

    assert standing(database) == {}
    with database.readers() as session:
        assert [mail.fate for mail in returned.waiting(session)] == [Fate.UNSIGNED]
        assert suppressed(session) == {}


@pytest.mark.parametrize(
    "raw", [mails.answer("", to=mails.LEAVE_TO, headers=()), mails.answer("退订"), mails.answer("TD")]
)
def test_a_reader_leaves_by_mail(database: Database, maildir: Path, raw: bytes) -> None:
    sent(database, 3)
    put(maildir, raw)

    a_collector(database, maildir).poll()
    take_effect(database)

    assert statuses(database) == {1: Status.ACTIVE, 2: Status.LEFT, 3: Status.ACTIVE}


def test_a_reader_leaves_by_the_link_that_their_answer_quotes(database: Database, maildir: Path) -> None:
    from subscribers import Purpose

    sent(database, 3)
    link = (
        f"https://news.example.com/leave/{KEYS.tokens.sign(Purpose.LEAVE, newsletter=SLUG, subscriber_id=2)}"
    )
    put(maildir, mails.answer(f"退订\n\n> 退订：{link}", headers=()))

    a_collector(database, maildir).poll()
    take_effect(database)

    assert statuses(database)[2] is Status.LEFT


@pytest.mark.parametrize(
    "raw",
    [
        mails.answer("退订", headers=()),  # no signature at all
        mails.answer("退订", sender="stranger@example.com"),  # a copy that was forwarded to them
        mails.answer("退订", to=mails.TO, headers=()),  # signed for another purpose
    ],
)
def test_a_wish_to_leave_without_proof_waits_for_a_person(
    database: Database, maildir: Path, raw: bytes
) -> None:
    sent(database, 3)
    put(maildir, raw)

    a_collector(database, maildir).poll()
    take_effect(database)

    assert set(statuses(database).values()) == {Status.ACTIVE}
    with database.readers() as session:
        assert fates(session) == [Fate.QUEUED]


def test_a_person_lets_somebody_leave_and_what_they_wrote_is_forgotten(
    database: Database, maildir: Path
) -> None:
    sent(database, 3)
    put(maildir, mails.answer("退订", headers=()))
    a_collector(database, maildir).poll()

    with database.sessions.begin() as session:
        (mail,) = returned.waiting(session)
        assert settling.leave(session, mail, keys=KEYS, now=NOW) == 1

    assert statuses(database)[2] is Status.LEFT
    with database.readers() as session:
        assert [(each.fate, each.sender, each.words) for each in session.scalars(select(ReturnedMail))] == [
            (Fate.DONE, None, None)
        ]


def test_an_answer_goes_to_the_editor_and_holiday_replies_go_nowhere(
    database: Database, maildir: Path
) -> None:
    sent(database, 3)
    put(
        maildir,
        mails.answer("第三条的链接 <b>打不开</b>了"),
        mails.answer("我在休假", subject="自动回复"),
    )

    a_collector(database, maildir, forward_to="editor@example.com").poll()

    with database.readers() as session:
        (notice,) = session.scalars(select(Notice))
        mailing = Mailing.from_bytes(notice.mailing)
    assert notice.address == "editor@example.com"
    assert dict(mailing.headers)["Reply-To"].fill({}) == "r2@example.com"
    assert "打不开" in mailing.text.fill({})
    assert "<b>" not in mailing.html.fill({})


def test_a_mail_that_is_found_again_takes_effect_once(database: Database, maildir: Path) -> None:
    sent(database, 3)

    class Dies(MaildirBox):
        def done(self, found: Found) -> None:
            raise MailboxError("the line broke off")

    put(maildir, mails.answer("谢谢！"))
    collector = a_collector(database, maildir, forward_to="editor@example.com")
    broken = Collector(
        database=database,
        keys=KEYS,
        returns=mails.RETURNS,
        clock=collector.clock,
        open_box=lambda: Dies(maildir, done_folder="Processed"),
        forwarder=collector.forwarder,
    )

    with pytest.raises(MailboxError):
        broken.poll()
    assert collector.poll() == {"repeated": 1}

    with database.readers() as session:
        assert len(list(session.scalars(select(Notice)))) == 1


def test_a_fault_of_ours_over_one_mail_is_shown_and_the_others_go_on(
    database: Database, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(database, 3)
    put(maildir, mails.arf("abuse"), mails.answer("TD"))
    monkeypatch.setattr("newsletter.feedback.collector.carried.written", lambda _event: 1 / 0)

    assert a_collector(database, maildir).poll() == {"unreadable": 2}

    with database.readers() as session:
        assert fates(session) == [Fate.UNREADABLE, Fate.UNREADABLE]


def test_a_folder_that_is_no_maildir_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(MailboxError, match="is no Maildir"):
        MaildirBox(tmp_path, done_folder="Processed")


def test_chinese_folders_are_named_as_imap_wants_them() -> None:
    assert quoted("垃圾邮件") == '"&V4NXPpCuTvY-"'
    assert quoted('a"b&c') == '"a\\"b&-c"'


# ---- a real Dovecot ----


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot("bounces", "other") as running:
        yield running


@needs_dovecot
def test_dovecot_hands_over_what_came_back_once(database: Database, server: Dovecot, tmp_path: Path) -> None:
    sent(database, 3)
    before = server.count("bounces", "Processed")
    for number, raw in enumerate([GONE, mails.answer("谢谢"), b"noise" * 10, mails.answer("TD")]):
        server.deliver("bounces", raw, name=f"m{number}")

    def open_box() -> Box:
        return server.box("bounces")

    collector = Collector(
        database=database, keys=KEYS, returns=mails.RETURNS, clock=HandClock(NOW), open_box=open_box
    )
    first, second = collector.poll(), collector.poll()
    take_effect(database)

    assert first == {"bounce": 1, "answer": 1, "unreadable": 1, "leave": 1}
    assert second == {}
    assert server.count("bounces", "Processed") - before == 4
    assert statuses(database)[2] is Status.LEFT
    assert standing(database) == {2: Kind.BOUNCED}


@needs_dovecot
def test_dovecot_is_not_spoken_to_without_trust_or_with_a_wrong_password(server: Dovecot) -> None:
    with pytest.raises(MailboxError, match="certificate"):
        server.box("bounces", context=None)
    with pytest.raises(MailboxError, match="LOGIN"):
        server.box("bounces", password="wrong")
    with pytest.raises(MailboxError, match="folder"):
        server.box("bounces", folder="没有")


def test_mails_that_wait_too_long_are_told_of_once_and_taken_back_when_decided(
    database: Database, maildir: Path
) -> None:
    sent(database, 1)
    put(maildir, mails.answer("退订", headers=()))
    a_collector(database, maildir).poll()

    def look(hours: float) -> list[Sort]:
        with database.sessions.begin() as session:
            return [trouble.sort for trouble in queue.look(session, now=NOW + timedelta(hours=hours))]

    early, late, again = look(11), look(13), look(14)
    with database.sessions.begin() as session:
        (mail,) = session.scalars(select(ReturnedMail))
        returned.settle(session, mail, why="ignored by a person")
    over = (look(15), look(16))

    assert (early, late, again) == ([], [Sort.QUEUED], [])
    assert over == ([Sort.DECIDED], [])


def test_a_mailbox_that_stays_away_raises_one_alarm_and_takes_it_back(
    database: Database, maildir: Path
) -> None:
    clock = HandClock(NOW)
    house = AlarmHouse(database, clock, AlarmSettings.model_validate(PEOPLE))
    collector = replace(
        a_collector(database, maildir),
        reaching=Reaching(database=database, alarms=house.alarms, clock=clock),
        address="bounces@news.example.com",
    )

    def poll(minutes: float) -> list[bool]:
        clock.forward(timedelta(minutes=minutes))
        with contextlib.suppress(MailboxError):
            collector.poll()
        with database.readers() as session:
            alarms = session.scalars(select(Alarm).where(Alarm.cause == Cause.UNREACHED)).all()
            return [alarm.cleared_at is not None for alarm in alarms]

    (maildir / "new").rename(maildir / "gone")
    away = [poll(minutes) for minutes in (0, 5, 6, 10)]
    (maildir / "gone").rename(maildir / "new")
    back = (poll(1), poll(1))

    assert away == [[], [], [False], [False]]
    assert back == ([True], [True])
