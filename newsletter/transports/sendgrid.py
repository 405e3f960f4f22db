"""The SendGrid transport: one request carries up to a thousand copies, each with its own links.

SendGrid accepts or refuses a request as a whole, and knows no idempotency key. So what an answer
says holds for all copies of the request, and an answer that was lost leaves all of them in doubt;
an event that carries ``nl_call`` settles them later. A request that was refused for one bad copy
is taken apart until that copy is alone, which is safe because nothing of it was accepted.

Accepted means queued, nothing more (202 is also the answer of a suspended account).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from newsletter.clock import Clock, utc_now
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing, Sender, ValueRefused
from newsletter.transports import sendgrid_lists
from newsletter.transports.base import Outcome, Unavailable, Verdict, whole
from newsletter.transports.sendgrid_access import Finding, findings
from newsletter.transports.sendgrid_accounts import Account, checked, choose
from newsletter.transports.sendgrid_api import HOST
from newsletter.transports.sendgrid_call import Call, Ready
from newsletter.transports.sendgrid_line import Line
from newsletter.transports.sendgrid_lists import Entry
from newsletter.transports.sendgrid_payload import MOST_COPIES


class SendGridTransport:
    """Hands copies to SendGrid. Threads may share it: each call has connections of its own.

    ``api_key`` and ``ip_pool`` are the one account's, unless there are ``accounts``. ``timeout`` is for
    a whole request; a call that has taken ``longest_call`` starts no further one, so that it ends
    before its lease does. ``context`` trusts other authorities than the system's. With ``tracks_reading``
    SendGrid tells of opens and clicks, but for the links of a reader's own. Raises
    ``ConfigError`` for what cannot be a key, a host or a set of accounts.
    """

    name = "sendgrid"
    copies_per_call = MOST_COPIES
    streams = False

    def __init__(
        self,
        api_key: str = "",
        *,
        ip_pool: str = "",
        accounts: Sequence[Account] = (),
        host: str = HOST,
        timeout: timedelta = timedelta(seconds=60),
        longest_call: timedelta = timedelta(seconds=60),
        clock: Clock = utc_now,
        context: ssl.SSLContext | None = None,
        tracks_reading: bool = False,
    ) -> None:
        self._accounts = checked(accounts or [Account(api_key=api_key, ip_pool=ip_pool)])
        self._lines = {
            account.name: Line(
                account,
                host=host,
                timeout=timeout,
                clock=clock,
                context=context,
                tracks_reading=tracks_reading,
            )
            for account in self._accounts
        }
        self._longest_call = longest_call

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        """Yield one outcome per copy, or raise ``TransportError``.

        A request that carries every copy is named ``call_id``, so an event with that name settles
        them all; one that carries a part of them is ``call_id.1``, ``call_id.2`` and so on. After a
        lost answer nothing more is sent: ``Unavailable``.
        """
        line = self._lines[choose(self._accounts, lane, call_id).name]
        line.check()
        given = whole(copies)
        payload = line.payload(mailing)
        ready: list[Ready] = []
        for copy in given:
            try:
                ready.append(Ready(copy.ref, copy.address.casefold(), payload.personalization(copy)))
            except ValueRefused as error:
                yield Outcome(ref=copy.ref, verdict=Verdict.REFUSED, reply=str(error))
        call = Call(line, payload, name=call_id, size=len(given), ready=ready, longest=self._longest_call)
        try:
            while call.waiting:
                yield from call.step()
        except Unavailable:
            # They were refused, whatever became of the others.
            yield from call.told()
            raise
        yield from call.told()

    def check_access(self, sender: Sender) -> list[Finding]:
        """Return what is right and wrong with each account, by asking it; nothing is sent."""
        return [finding for line in self._lines.values() for finding in findings(line, sender)]

    def listed(self, name: str, *, since: datetime, until: datetime) -> Iterator[Entry]:
        """Yield what came onto a list of SendGrid's own in a window, over all accounts; raise ``NotRead``."""
        for line in self._lines.values():
            yield from sendgrid_lists.read(line.listed, name, since=since, until=until)

    def unlist(self, address: str) -> None:
        """Take an address off SendGrid's lists of what bounced, over all accounts; raise ``NotRead``."""
        for line in self._lines.values():
            sendgrid_lists.remove(line.unlisted, address)

    def close(self) -> None:
        """Close the kept connections."""
        for line in self._lines.values():
            line.close()
