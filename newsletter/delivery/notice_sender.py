"""Hands notices over, one call each. Runs beside the editions, never behind them."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.delivery import notices, pacing, retry
from newsletter.delivery.handover import EVENTS, LEASE_MARGIN
from newsletter.delivery.states import Event
from newsletter.delivery.tables import Notice
from newsletter.fence import FenceClosed
from newsletter.keys import Keys
from newsletter.lanes import lane_of
from newsletter.mailing import RETURN_PATH, Copy, Mailing
from newsletter.replies import Meaning
from newsletter.returns import Returns
from newsletter.transports.base import Outcome, Transport, TransportError, Unavailable
from subscribers import Subscriber, suppression_of

logger = logging.getLogger(__name__)

AT_ONCE = 20  # notices one round takes up; each is a call of its own


@dataclass
class NoticeSender:
    """Sends the notices that are due through one transport."""

    database: Database
    transport: Transport
    keys: Keys
    clock: Clock
    lease: timedelta
    owner: str
    unwanted: Callable[[Session, Notice], str | None]  # why one that waited is withdrawn
    why_fenced: Callable[[], str] = lambda: ""  # why nothing may be sent from this database
    returns: Returns | None = None  # where what comes back is to go

    def send_due(self) -> int:
        """Hand over up to ``AT_ONCE`` notices; return how many were taken up.

        Each intent is written just before its call: a worker that dies leaves one in doubt, and the
        others wait. Raises ``Misconfigured`` when a person must act, ``FenceClosed`` when this database
        may be a copy; only what says so has left then.
        """
        if fenced := self.why_fenced():
            for _ in range(AT_ONCE):
                if not self._send_next(notices.OF_FENCE):
                    break
            raise FenceClosed(fenced)
        with self.database.sessions.begin() as session:
            notices.reconcile(session, now=self.clock())
        for count in range(AT_ONCE):
            if not self._send_next():
                return count
        return AT_ONCE

    def _send_next(self, purpose: str | None = None) -> bool:
        """Hand over the next notice that is due; False when there is none."""
        now = self.clock()
        with self.database.sessions.begin() as session:
            call = secrets.token_hex(16)
            taken = notices.take(
                session,
                owner=self.owner,
                now=now,
                lease=self.lease,
                limit=1,
                call=call,
                purpose=purpose,
            )
            addresses = [self._address(session, notice) for notice in taken]
        if not taken:
            return False
        (notice,), (address,) = taken, addresses
        if address is not None and self.clock() >= now + self.lease - LEASE_MARGIN:
            with self.database.sessions.begin() as session:
                notices.record(session, notice, Event.RELEASED)
        elif address is not None:
            return self._hand_over(notice, address, call)
        return True

    def _address(self, session: Session, notice: Notice) -> str | None:
        """Return where a notice goes, or withdraw it: its person is gone or never mailed, or it is late."""
        address, why = notice.address, self.unwanted(session, notice)
        if notice.subscriber_id is not None:
            person = session.get(Subscriber, notice.subscriber_id)
            address = person.address if person else None
            suppressed = suppression_of(session, person) if person else None
            why = why or (f"suppressed ({suppressed.reason})" if suppressed else None)
        if address and not why:
            return address
        notices.record(session, notice, Event.RELEASED)
        notices.record(session, notice, Event.WITHDRAWN, reply=why or "erased")
        return None

    def _hand_over(self, notice: Notice, address: str, call: str) -> bool:
        """Hand one notice over and record it, whatever happens; False when the far side is not there."""
        ref = f"n{notice.id}"
        outcome: Outcome | None = None
        event, reply, pause = Event.DOUBTED, "the transport gave no outcome", None
        try:
            mailing = Mailing.from_bytes(notice.mailing)
            domain = mailing.sender.address.rpartition("@")[2]
            values = {"message_id": self.keys.message_id(ref, domain)}
            if self.returns is not None:
                values[RETURN_PATH] = self.returns.sender_of(ref)
            copy = Copy(ref=ref, address=address, values=values)
            lane = lane_of(address.rpartition("@")[2])
            for each in self.transport.send(mailing, [copy], call_id=call, lane=lane):
                if each is not None:
                    outcome, event, reply = each, EVENTS[each.verdict], each.reply
                    if event is Event.DEFERRED and each.meaning is Meaning.THROTTLED:
                        # We came too fast: that is about us, and uses up no try.
                        event, pause = Event.RELEASED, pacing.PAUSES[0]
        except Unavailable as error:
            event, reply = Event.RELEASED, str(error)
            pause = retry.pause_for_outage(error.retry_after, moved=False)
        except TransportError as error:
            event, reply = Event.RELEASED, str(error)
            raise
        except BaseException as error:
            reply = f"the hand-over broke off ({type(error).__name__})"
            raise
        finally:
            if event is Event.DEFERRED:
                pause = retry.pause_after(notice.deferrals + 1)
            with self.database.sessions.begin() as session:
                notices.record(
                    session,
                    notice,
                    event,
                    provider_id=outcome.provider_id if outcome else None,
                    reply=None if event is Event.ACCEPTED else reply,
                    due_at=self.clock() + pause if pause else None,
                )
                if event is Event.DEFERRED and pause is None:
                    notices.record(session, notice, Event.GIVEN_UP, reply=reply)
        if event is not Event.ACCEPTED:
            logger.warning("notice not accepted", extra={"notice": notice.id, "event": event.value})
        return event is not Event.RELEASED
