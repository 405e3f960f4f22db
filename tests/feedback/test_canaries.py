"""Canaries get an edition first; its readers get it once it arrived there well, and nobody waits for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from newsletter.alarms import Cause
from newsletter.alarms.tables import Alarm
from newsletter.config.alarms import AlarmSettings
from newsletter.config.canaries import CanariesSettings, CanarySettings
from newsletter.database import Database
from newsletter.delivery import books, control
from newsletter.delivery.states import State as Stands
from newsletter.delivery.tables import Notice
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from newsletter.feedback import looking
from newsletter.feedback.canaries import NO_COPY, Canaries, of_edition
from newsletter.feedback.canary_rows import CanaryRun
from newsletter.feedback.letter import Letter
from newsletter.feedback.mailbox import MailboxError
from newsletter.feedback.sighting import Outcome, Place, see, verdict
from newsletter.mailing import Copy, Mailing, Template
from newsletter.transports import dkim
from newsletter.transports.dkim import Signer
from newsletter.transports.memory import MemoryTransport
from newsletter.transports.mime import Prepared
from tests.alarms.support import PEOPLE, House
from tests.feedback.dovecot import PASSWORD, Dovecot, dovecot, needs_dovecot
from tests.feedback.support import hand_over
from tests.support import DAY, SEVEN, HandClock, a_mailing, frozen, readers
from tests.test_morning import GOOD, HALF_PAST_SEVEN, morning, people, write
from tests.transports.verifiers import needs_opendkim, opendkim_verifies

FEEDBACK_ID = "ai_daily-2026-11-23:ai_daily:daily:newsexample"
VALUES = {"address": "you", "leave_url": "https://news.example.com/ai_daily"}
MAILING = replace(
    a_mailing(),
    headers=(("Feedback-ID", Template((FEEDBACK_ID,))),),
    text=Template((a_mailing().text.fill(VALUES),)),
    html=Template((a_mailing().html.fill(VALUES),)),
)
FINE = "mx.example.org; spf=pass; dkim=pass header.d=news.example.com; dmarc=pass"


def arrived(results: str = FINE, *, mailing: Mailing = MAILING, cut: bool = False, added: str = "") -> bytes:
    """Return the canary's copy as a server keeps it."""
    message = EmailMessage(policy=policy.SMTP)
    message["Authentication-Results"] = results
    message["Authentication-Results"] = "somebody.example; dkim=pass"
    message["From"], message["To"], message["Subject"] = "news@news.example.com", "c@example.com", "news"
    message["Feedback-ID"] = FEEDBACK_ID
    html = mailing.html.fill({}).replace("</body>", f"{added}</body>")
    message.set_content(mailing.text.fill({}))
    message.add_alternative(html[: len(html) // 2] if cut else html, subtype="html")
    return bytes(message)


def mailboxes(*names: str, **more: object) -> CanariesSettings:
    each = [
        CanarySettings(name=name, address=f"{name}@example.com", host="imap.example.com") for name in names
    ]
    return CanariesSettings.model_validate({"mailboxes": [one.model_dump() for one in each], **more})


class Inboxes:
    """Mailboxes that have what they were given."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[Place, bytes, datetime]] = {}
        self.away: set[str] = set()

    def __call__(
        self, mailbox: CanarySettings, feedback_id: str, since: datetime
    ) -> tuple[Place, bytes, datetime] | None:
        assert feedback_id in (FEEDBACK_ID, NO_COPY)
        if mailbox.name in self.away:
            raise MailboxError("not reached")
        return self.found.get(mailbox.name) if feedback_id == FEEDBACK_ID else None


class Coop:
    """An edition with canaries, just frozen."""

    def __init__(self, database: Database, *names: str, **more: object) -> None:
        self.database, self.clock, self.inboxes = database, HandClock(), Inboxes()
        house = House(database, self.clock, AlarmSettings.model_validate(PEOPLE))
        self.canaries = Canaries(
            settings=mailboxes(*names, **more),
            database=database,
            alarms=house.alarms,
            clock=self.clock,
            look=self.inboxes,
        )
        self.edition = frozen(database, readers(3))
        with database.sessions.begin() as session:
            edition = session.get_one(Edition, self.edition.id)
            self.canaries.begin(session, edition, MAILING, self.clock())

    def arrives(self, name: str, *, place: Place = Place.INBOX, raw: bytes | None = None) -> None:
        self.inboxes.found[name] = (place, raw or arrived(), self.clock())

    def look(self, *, after: float = 0) -> Outcome:
        self.clock.forward(timedelta(minutes=after))
        self.canaries.step()
        with self.database.readers() as session:
            found = of_edition(session, self.edition.id)
            assert found
            return found[0].outcome

    def send(self) -> int:
        """Hand over what is due; return how many copies are accepted by now."""
        hand_over(self.database, self.edition, MemoryTransport(), self.clock)
        with self.database.readers() as session:
            counted = books.of_edition(session, session.get_one(Edition, self.edition.id))
            assert counted.balanced
            assert counted.owed == 3
            return counted[Stands.ACCEPTED]

    def state(self) -> State:
        with self.database.readers() as session:
            return session.get_one(Edition, self.edition.id).state

    def alarms(self) -> int:
        with self.database.readers() as session:
            return len(list(session.scalars(select(Alarm).where(Alarm.cleared_at.is_(None)))))


def test_readers_get_it_once_all_canaries_have_it_and_not_before(database: Database) -> None:
    coop = Coop(database, "qq", "gmail")
    with database.readers() as session:
        assert sorted(one.address or "" for one in session.scalars(select(Notice))) == [
            "gmail@example.com",
            "qq@example.com",
        ]

    before = coop.send()
    coop.arrives("qq")
    halfway = (coop.look(after=1), coop.send())
    coop.arrives("gmail")
    after = (coop.look(after=1), coop.send())

    assert before == 0
    assert halfway == (Outcome.WAITING, 0)
    assert after == (Outcome.GOOD, 3)
    assert coop.alarms() == 0


@pytest.mark.parametrize(
    ("place", "raw"),
    [
        (Place.JUNK, arrived()),
        (Place.INBOX, arrived("mx; dkim=fail; spf=pass; dmarc=pass")),
        (Place.INBOX, arrived("mx; dmarc=fail")),
        (Place.INBOX, arrived("mx; spf=softfail; dkim=pass")),
        (Place.INBOX, arrived(cut=True)),
    ],
)
def test_one_bad_canary_holds_the_rest_and_alarms_once(database: Database, place: Place, raw: bytes) -> None:
    coop = Coop(database, "qq", "gmail")
    coop.arrives("qq", place=place, raw=raw)

    outcomes = (coop.look(after=1), coop.look(after=30))

    assert outcomes == (Outcome.BAD, Outcome.BAD)
    assert coop.state() is State.PAUSED
    assert coop.send() == 0
    assert coop.alarms() == 1


def test_what_a_provider_adds_is_not_taken_for_a_change(database: Database) -> None:
    coop = Coop(database, "qq")
    pixel = '<img src="https://u1.ct.example.net/wf/open?upn=x" alt="" width="1" height="1">'
    coop.arrives("qq", raw=arrived(added=pixel))

    assert coop.look(after=1) is Outcome.GOOD


def test_a_person_may_send_it_all_the_same(database: Database) -> None:
    coop = Coop(database, "qq")
    coop.arrives("qq", place=Place.JUNK)
    coop.look(after=1)

    with database.sessions.begin() as session:
        control.resume(session, session.get_one(Edition, coop.edition.id))
    coop.look(after=1)

    assert coop.send() == 3


def test_silence_goes_on_after_the_wait_even_if_nobody_looks(database: Database) -> None:
    coop = Coop(database, "qq", "gmail")
    coop.inboxes.away.add("qq")
    coop.look(after=4)
    waiting = coop.send()

    coop.clock.forward(timedelta(minutes=1))

    assert (waiting, coop.send()) == (0, 3)
    assert coop.look() is Outcome.SILENT
    assert coop.alarms() == 1


def test_silence_holds_where_the_settings_say_so_and_a_late_canary_lets_it_go(database: Database) -> None:
    coop = Coop(database, "qq", when_silent="hold")
    held = (coop.look(after=6), coop.send(), coop.state())

    coop.arrives("qq")
    freed = (coop.look(after=6), coop.send())

    assert held == (Outcome.SILENT, 0, State.PAUSED)
    assert freed == (Outcome.GOOD, 3)
    assert coop.alarms() == 0


def test_a_worker_that_was_down_all_the_while_still_decides(database: Database) -> None:
    coop = Coop(database, "qq", when_silent="hold")

    late = (coop.look(after=90), coop.send(), coop.state())

    assert late == (Outcome.SILENT, 0, State.PAUSED)


def test_a_mailbox_that_stays_away_is_told_of_once_and_taken_back_when_it_is_there(
    database: Database,
) -> None:
    coop = Coop(database, "qq", "gmail")
    coop.arrives("qq")
    coop.arrives("gmail")
    coop.look(after=1)
    coop.inboxes.away.add("qq")

    at_once = (coop.look(after=61), coop.alarms())
    after_a_while = [(coop.look(after=6), coop.alarms()) for _ in range(4)]
    with database.readers() as session:
        (alarm,) = session.scalars(select(Alarm))
    coop.inboxes.away.clear()
    back = (coop.look(after=6), coop.alarms())

    assert at_once == (Outcome.GOOD, 0)
    assert after_a_while[1:] == [(Outcome.GOOD, 1)] * 3
    assert (alarm.cause, alarm.about, alarm.newsletter) == (Cause.UNREACHED, "canary qq", "")
    assert back == (Outcome.GOOD, 0)


def test_only_the_topmost_result_is_believed_and_a_server_that_says_nothing_says_nothing() -> None:
    def faults(results: str) -> tuple[str, ...]:
        letter = Letter(arrived(results))
        return see(letter, place=Place.INBOX, arrived_at=SEVEN, text="", html="").faults

    assert faults("mx; dkim=fail") == ("dkim=fail",)
    assert faults("mx; dkim=fail; dkim=pass; spf=fail; dmarc=pass") == ()
    assert faults("mx; none") == ()
    # What passes by one way of DMARC's is well, and what could not be asked says nothing.
    assert faults("mx; dkim=temperror; spf=pass; dmarc=pass") == ()
    assert faults("mx; dkim=none; spf=pass; dmarc=none") == ()
    assert faults("mx; dkim=temperror; spf=none") == ("dkim=temperror",)
    assert faults("mx; dkim=neutral (body hash did not verify); dmarc=pass") == ("dkim=neutral",)
    assert faults("mx; dkim=fail; dkim=pass") == ()
    assert verdict({}, is_over=False) is Outcome.GOOD


# ---- a real Dovecot ----


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot("fine", "junk", "broken", "none") as running:
        for user in ("fine", "junk", "broken", "none"):
            running.box(user).close()  # its folders are made
        running.deliver("fine", b"Subject: another\r\n\r\nx", name="other")
        running.deliver("fine", arrived(), name="copy")
        running.deliver("junk", arrived(), name="copy", folder="Junk")
        running.deliver("broken", arrived("mx.example.org; dkim=fail; spf=pass"), name="copy")
        yield running


@needs_dovecot
def test_dovecot_shows_where_a_copy_lies_and_how_it_arrived(server: Dovecot) -> None:
    now = datetime.now(UTC)

    def faults(user: str) -> tuple[str, ...] | None:
        mailbox = CanarySettings.model_validate(
            {"name": user, "address": "c@example.com", "host": "127.0.0.1", "port": server.port}
            | {"username": user, "password": PASSWORD}
        )
        found = looking.look(mailbox, FEEDBACK_ID, now - timedelta(minutes=1), context=server.context)
        if found is None:
            return None
        place, raw, at = found
        assert abs(at - now) < timedelta(minutes=5)
        text, html = MAILING.text.fill({}), MAILING.html.fill({})
        return see(Letter(raw), place=place, arrived_at=at, text=text, html=html).faults

    assert {user: faults(user) for user in ("fine", "junk", "broken", "none")} == {
        "fine": (),
        "junk": ("junk",),
        "broken": ("dkim=fail",),
        "none": None,
    }


@needs_dovecot
@needs_opendkim
def test_a_signature_that_broke_on_the_way_is_seen_in_a_real_mailbox(
    database: Database, tmp_path: Path
) -> None:
    """Our own signature, OpenDKIM's verdict in the header that a server writes, and a look over IMAP."""
    key = dkim.create(tmp_path / "rsa.pem", domain="news.example.com", selector="r2026")
    coop = Coop(database, "fine", "broken", "junk")
    with dovecot("fine", "broken", "junk") as running:
        boxes = mailboxes("fine", "broken", "junk").mailboxes
        reach = {"host": "127.0.0.1", "port": running.port, "password": SecretStr(PASSWORD)}
        coop.canaries.settings = CanariesSettings(
            mailboxes=tuple(box.model_copy(update={"username": box.name} | reach) for box in boxes)
        )
        coop.canaries.look = partial(looking.look, context=running.context)
        coop.clock.now = datetime.now(UTC)  # the server's
        with database.sessions.begin() as session:
            session.get_one(CanaryRun, coop.edition.id).began_at = coop.clock()
        for user in ("fine", "broken", "junk"):
            running.box(user).close()  # its folders are made
            values = {"message_id": f"{user}@news.example.com"}
            copy = Copy(ref=user, address=f"{user}@example.com", values=values)
            pieces = Prepared(MAILING).pieces(copy, SEVEN)
            raw = Signer([key], MAILING.sender.address).sign(pieces, SEVEN) + b"".join(pieces)
            if user == "broken":
                raw = raw.replace(b"Subject: ", b"Subject: [list] ", 1)
            said = opendkim_verifies(raw, {key.name: key.record}, tmp_path)
            result = "pass" if "succeeded" in said else "fail"
            head = f"Authentication-Results: mx.example.org; dkim={result}; spf=pass; dmarc=pass\r\n"
            running.deliver(user, head.encode() + raw, name=user, folder="Junk" if user == "junk" else "")

        outcome = coop.look()

    with database.readers() as session:
        told = of_edition(session, coop.edition.id)
        assert told
        assert {row.name: row.faults for row in told[1]} == {
            "fine": "",
            "broken": "dkim=fail",
            "junk": "junk",
        }
    assert (outcome, coop.state(), coop.send()) == (Outcome.BAD, State.PAUSED, 0)


def test_a_morning_sends_its_canaries_first_and_says_what_it_waits_for(
    database: Database, tmp_path: Path
) -> None:
    folder, clock, transport = tmp_path / "digests", HandClock(HALF_PAST_SEVEN), MemoryTransport()
    folder.mkdir()
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    people(database, readers(3))
    coop = Canaries(
        settings=mailboxes("qq"),
        database=database,
        alarms=House(database, clock, AlarmSettings()).alarms,
        clock=clock,
        look=Inboxes(),
    )
    today = replace(morning(database, folder, transport, clock), on_frozen=coop.begin)

    waiting = today.run()
    clock.forward(timedelta(minutes=5))
    sent = today.run()

    assert waiting.books
    assert sent.books
    assert (waiting.books[Stands.ACCEPTED], waiting.books.open) == (0, 3)
    assert waiting.next_due == HALF_PAST_SEVEN + timedelta(minutes=5)
    assert sent.books[Stands.ACCEPTED] == 3
    with database.readers() as session:
        (notice,) = session.scalars(select(Notice))
    assert (notice.purpose, notice.address) == ("canary", "qq@example.com")
    assert "Feedback-ID" in dict(Mailing.from_bytes(notice.mailing).headers)
