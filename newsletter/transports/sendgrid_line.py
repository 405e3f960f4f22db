"""One account in use: its connections, its patience, and what its answers mean.

Everything that is said about trouble names the account's setting, and never a key or an address.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

from newsletter.clock import Clock
from newsletter.mailing import Mailing
from newsletter.transports import sendgrid_answers as answers
from newsletter.transports.base import Misconfigured, Unavailable, Verdict, discreet
from newsletter.transports.keepalive import Answer, AnswerLost, NotSent
from newsletter.transports.patience import Patience
from newsletter.transports.sendgrid_accounts import Account
from newsletter.transports.sendgrid_answers import Said
from newsletter.transports.sendgrid_api import SendGridApi
from newsletter.transports.sendgrid_payload import Payload

logger = logging.getLogger(__name__)

_KEPT_MAILINGS = 8  # an edition has one for each language


class Line:
    """The way to SendGrid through one account. Threads may share it."""

    def __init__(
        self,
        account: Account,
        *,
        host: str,
        timeout: timedelta,
        clock: Clock,
        context: ssl.SSLContext | None,
        tracks_reading: bool = False,
    ) -> None:
        self.account = account
        self._tracks_reading = tracks_reading
        self._api = SendGridApi(account, host=host, timeout=timeout, context=context)
        self._clock = clock
        self._patience = Patience()
        self._payloads: dict[str, Payload] = {}
        self._lock = threading.Lock()

    def payload(self, mailing: Mailing) -> Payload:
        """Return the mailing as this account sends it; made once. Raises ``Misconfigured``."""
        with self._lock:
            if (payload := self._payloads.get(mailing.fingerprint)) is None:
                payload = Payload(mailing, ip_pool=self.account.ip_pool, tracks_reading=self._tracks_reading)
                self._payloads[mailing.fingerprint] = payload
                if len(self._payloads) > _KEPT_MAILINGS:
                    del self._payloads[next(iter(self._payloads))]
            return payload

    def check(self) -> None:
        """Raise ``Unavailable`` while SendGrid is to be left alone."""
        if waiting := self._patience.left(self._clock()):
            left, reason = waiting
            raise Unavailable(reason, retry_after=left)

    def wait(self) -> timedelta | None:
        """Return how long SendGrid is to be left alone still."""
        waiting = self._patience.left(self._clock())
        return waiting[0] if waiting else None

    def post(
        self, body: bytes, *, copies: int, call_id: str, in_sandbox: bool = False
    ) -> tuple[Answer | None, Said]:
        """Ask to send, and return the answer (None: lost) and its meaning, or raise ``TransportError``."""
        self.check()
        try:
            answer = self._api.post("mail", "send", body=body)
        except NotSent as error:
            raise self.unavailable(f"SendGrid was not reached: {error}", call_id=call_id) from error
        except AnswerLost as error:
            logger.warning("sendgrid answer lost", extra={"call_id": call_id, "copies": copies})
            answer = error
        else:
            logger.debug(
                "sendgrid answered", extra={"call_id": call_id, "copies": copies, "status": answer.status}
            )
        try:
            said = answers.read(answer, now=self._clock(), in_sandbox=in_sandbox)
        except Unavailable as error:
            raise self.unavailable(str(error), call_id=call_id, asked=error.retry_after) from error
        except Misconfigured as error:
            raise self.misconfigured(str(error)) from error
        if said.verdict is Verdict.IN_DOUBT:
            self.unavailable(f"SendGrid gave no clear answer: {discreet(said.words)}", call_id=call_id)
        else:
            self._patience.worked(now=self._clock())
        return (answer if isinstance(answer, Answer) else None), said

    def scopes(self) -> Answer:
        """Return what the key may do, or raise ``NotSent`` or ``AnswerLost``."""
        return self._api.get("scopes")

    def listed(self, name: str, query: Mapping[str, str]) -> Answer:
        """Return a page of one of its lists, or raise ``NotSent`` or ``AnswerLost``."""
        return self._api.get("suppression", name, query=query)

    def unlisted(self, name: str, address: str) -> Answer:
        """Take an address off one of its lists, or raise ``NotSent`` or ``AnswerLost``."""
        return self._api.delete("suppression", name, quote(address, safe=""))

    def unavailable(self, reason: str, *, call_id: str, asked: timedelta | None = None) -> Unavailable:
        """Note a trouble, and return the error that says so and how long to wait."""
        reason = f"{reason} ({self.account.setting})"
        wait = self._patience.trouble(reason, now=self._clock(), key=call_id, asked=asked)
        return Unavailable(reason, retry_after=wait)

    def misconfigured(self, reason: str) -> Misconfigured:
        """Return the error that says what a person must do, and about which account."""
        return Misconfigured(f"{reason} ({self.account.setting})")

    def close(self) -> None:
        """Close the kept connections."""
        self._api.close()
