"""Takes in what came back: reads the mailbox, and writes down what follows from each mail, once.

The mailbox is read outside of any transaction. What a mail means is written with its row in one short
transaction; then the mail is moved away. Whoever dies in between finds it again, and its row already there.

Only what a signature proves changes a reader's state. An answer that asks to leave is believed when it
comes from the reader's own address and answers or quotes a copy of theirs; any other waits for a person.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.delivery import notices
from newsletter.delivery.tables import Delivery, Notice
from newsletter.editions.edition import Edition
from newsletter.feedback import carried, inbox, returned
from newsletter.feedback.events import Event, Kind, Suppress, copy_of, key_of, notice_of
from newsletter.feedback.forwarding import FORWARD, Forwarder
from newsletter.feedback.letter import Letter
from newsletter.feedback.mailbox import Box, Found, MailboxError
from newsletter.feedback.reaching import Reaching
from newsletter.feedback.readers import address_of
from newsletter.feedback.returned import Fate
from newsletter.feedback.sorting import Sort, Sorted, sort
from newsletter.keys import Keys
from newsletter.replies import Meaning
from newsletter.returns import Returns
from subscribers import Subscriber, has_moved_since

logger = logging.getLogger(__name__)

AT_ONCE = 200  # mails of one look
FORWARDED_A_DAY = 200
REPEATED = "repeated"
BOX = "bounces"  # what the mailbox is called where it is not reached


@dataclass(frozen=True, kw_only=True)
class Collector:
    """Looks after one mailbox."""

    database: Database
    keys: Keys
    returns: Returns | None
    clock: Clock
    open_box: Callable[[], Box]
    forwarder: Forwarder | None = None
    reaching: Reaching | None = None  # tells people when the mailbox stays away
    address: str = ""  # the mailbox's, for people

    def poll(self) -> Counter[str]:
        """Take in what has come; return how many mails of each sort. Raises ``MailboxError``."""
        try:
            counts = self._poll()
        except MailboxError as error:
            if self.reaching is not None:
                self.reaching.note(BOX, str(error), address=self.address)
            raise
        if self.reaching is not None:
            self.reaching.note(BOX, None)
        return counts

    def _poll(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        box = self.open_box()
        try:
            for found in box.messages(limit=AT_ONCE):
                counts[self._take_in(found)] += 1
                box.done(found)
        finally:
            box.close()
        return counts

    def _take_in(self, found: Found) -> str:
        """Write down what follows from a mail; one that is a fault of ours is left to a person."""
        fingerprint = hashlib.blake2b(found.raw, digest_size=16).digest()
        letter = Letter(found.raw)
        now = self.clock()
        try:
            known = sort(letter, self.keys, self.returns)
            with self.database.sessions.begin() as session:
                return self._write(session, fingerprint, letter, known, min(found.received_at or now, now))
        except OperationalError:
            raise  # the database is away: the mail stays where it is
        except Exception as error:
            # The loop must survive one mail; it is shown, and the others go on.
            logger.exception("a mail could not be taken in")
            with self.database.sessions.begin() as session:
                if returned.is_new(session, fingerprint, sort=Sort.UNREADABLE, about=None, received_at=now):
                    # Nothing of it is looked at once more: the next mail must get its turn.
                    nothing = Letter(b"")
                    _leave_open(session, fingerprint, nothing, Fate.UNREADABLE, type(error).__name__, "")
            return Sort.UNREADABLE

    def _write(
        self, session: Session, fingerprint: bytes, letter: Letter, known: Sorted, at: datetime
    ) -> str:
        if not returned.is_new(session, fingerprint, sort=known.sort, about=known.ref, received_at=at):
            return REPEATED
        match known.sort:
            case Sort.BOUNCE | Sort.DELAY | Sort.COMPLAINT:
                if known.ref is None:
                    why = "no signature of ours: whose copy it was cannot be proven"
                    _leave_open(session, fingerprint, letter, Fate.UNSIGNED, why, known.words)
                elif event := self._event(session, known, fingerprint, at):
                    inbox.put(session, carried.NAME, inbox.pack(carried.written(event)), now=self.clock())
            case Sort.LEAVE:
                self._leave(session, fingerprint, letter, known, at)
            case Sort.ANSWER:
                self._forward(session, fingerprint, letter, known)
            case Sort.UNREADABLE:
                _leave_open(session, fingerprint, letter, Fate.UNREADABLE, known.words, letter.text)
            case Sort.RECEIPT | Sort.AUTOMATIC:
                pass  # nothing follows
        return known.sort

    # ---- what follows ----

    def _event(self, session: Session, known: Sorted, fingerprint: bytes, at: datetime) -> Event | None:
        edition_id, subscriber_id = copy_of(known.ref) or (None, None)
        notice_id, address = notice_of(known.ref), None
        if notice_id is not None:
            address = _reader_of(session, notice_id)
            if address is None:
                return None  # to a person of ours, not to a reader
        event = Event(
            Kind.BLOCKED,
            at,
            edition_id,
            subscriber_id,
            notice_id,
            address=address,
            key=key_of(carried.NAME, fingerprint.hex()),
            meaning=known.meaning,
            reply=known.words or None,
        )
        if known.sort is Sort.COMPLAINT:
            return event._replace(kind=Kind.COMPLAINED, suppress=Suppress.COMPLAINT)
        if known.sort is Sort.DELAY:
            return event._replace(kind=Kind.DEFERRED)
        if known.meaning is Meaning.HARD:
            return event._replace(kind=Kind.BOUNCED, suppress=Suppress.HARD_BOUNCE)
        return event._replace(alert=known.meaning is Meaning.CONTENT)

    def _leave(
        self, session: Session, fingerprint: bytes, letter: Letter, known: Sorted, at: datetime
    ) -> None:
        copy = copy_of(known.ref)
        if copy is None and known.claim is not None:
            copy = _last_copy(session, known.claim.newsletter, known.claim.subscriber_id)
        if copy is None or not (known.is_sure or self._is_from(session, letter, copy[1])):
            why = "asks to leave, without a signature of ours"
            if copy is not None:
                why = "asks to leave, and answers a copy that went to another address"
            _leave_open(session, fingerprint, letter, Fate.QUEUED, why, letter.text)
            return
        event = Event(
            Kind.UNSUBSCRIBED,
            at,
            copy[0],
            copy[1],
            key=key_of(carried.NAME, fingerprint.hex()),
            suppress=Suppress.LEFT,
        )
        inbox.put(session, carried.NAME, inbox.pack(carried.written(event)), now=self.clock())

    def _is_from(self, session: Session, letter: Letter, subscriber_id: int) -> bool:
        person = session.get(Subscriber, subscriber_id)
        if person is None or not letter.sender:
            return False
        return self.keys.addresses.digest(address_of(letter.sender)) == bytes(person.address_hash)

    def _forward(self, session: Session, fingerprint: bytes, letter: Letter, known: Sorted) -> None:
        why = "an answer, and forward_to is not set"
        if self.forwarder is not None:
            now = self.clock()
            today = session.scalar(
                select(func.count())
                .select_from(Notice)
                .where(Notice.purpose == FORWARD, Notice.created_at > now - timedelta(days=1))
            )
            if (today or 0) < FORWARDED_A_DAY:
                copy = copy_of(known.ref)
                edition = session.get(Edition, copy[0]) if copy else None
                posted = self.forwarder.posted(
                    letter, known.words, fingerprint, newsletter=edition.newsletter if edition else None
                )
                notices.post(session, posted, now=now)
                return
            why = f"more than {FORWARDED_A_DAY} answers in a day"
        _leave_open(session, fingerprint, letter, Fate.QUEUED, why, known.words)


def _leave_open(
    session: Session, fingerprint: bytes, letter: Letter, fate: Fate, why: str, words: str
) -> None:
    subject = letter.header("Subject")
    returned.leave_open(
        session, fingerprint, fate, why=why, sender=letter.sender, subject=subject, words=words
    )


def _reader_of(session: Session, notice_id: int) -> str | None:
    """Return the address of the reader a notice went to; None when it was somebody else."""
    notice = session.get(Notice, notice_id)
    if notice is None or notice.subscriber_id is None:
        return None
    if has_moved_since(session, notice.subscriber_id, notice.created_at):
        return None
    person = session.get(Subscriber, notice.subscriber_id)
    return person.address if person else None


def _last_copy(session: Session, newsletter: str, subscriber_id: int) -> tuple[int, int] | None:
    edition_id = session.scalar(
        select(Edition.id)
        .join(Delivery, Delivery.edition_id == Edition.id)
        .where(Edition.newsletter == newsletter, Delivery.subscriber_id == subscriber_id)
        .order_by(Edition.id.desc())
        .limit(1)
    )
    return (edition_id, subscriber_id) if edition_id is not None else None
