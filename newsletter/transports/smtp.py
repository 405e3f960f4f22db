"""The SMTP transport: one message per copy, over connections that are kept.

What the server has before the final dot it may not deliver (RFC 5321, 4.1.1.4), so a copy whose
connection is lost before its dot goes over another one within the call, and one whose dot was
written and not answered is in doubt: that copy and no other.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from newsletter.clock import Clock, utc_now
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.transports.base import Outcome
from newsletter.transports.dkim import Key, Signer
from newsletter.transports.mime import Prepared
from newsletter.transports.smtp_call import SmtpCall
from newsletter.transports.smtp_connection import Server
from newsletter.transports.smtp_job import Patience
from newsletter.transports.smtp_pool import Pool


class SmtpTransport:
    """Hands copies to one SMTP server or several. Threads may share it, and share its connections.

    ``timeout`` is for each step until a connection is open; from there on ``patience`` counts.
    ``fewer_in`` names the lanes in which a connection carries fewer messages than elsewhere.
    Messages are signed by the ``dkim`` keys of their sender's domain.
    ``context`` trusts other authorities than the system's.
    """

    name = "smtp"
    copies_per_call = 1000
    streams = True

    def __init__(
        self,
        servers: Sequence[Server],
        *,
        timeout: timedelta = timedelta(seconds=60),
        messages_per_connection: int = 500,
        fewer_in: Mapping[Lane, int] | None = None,
        dkim: Sequence[Key] = (),
        patience: Patience | None = None,
        clock: Clock = utc_now,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._pool = Pool(servers, timeout=timeout, context=context or ssl.create_default_context())
        self._patience = patience or Patience()
        self._messages_per_connection = messages_per_connection
        self._fewer_in = dict(fewer_in or {})
        self._dkim = tuple(dkim)
        self._clock = clock

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome | None]:
        """Yield one outcome per copy, and None while there is none; the provider's name is the queue id.

        Raises ``Unavailable`` or ``Misconfigured`` when no server can be reached or none will do,
        after what was in flight is finished.
        """
        prepared = Prepared(mailing)
        signer = Signer(self._dkim, mailing.sender.address)

        def make(copy: Copy) -> list[bytes]:
            date = self._clock().replace(microsecond=0)
            pieces = prepared.pieces(copy, date)
            return [signer.sign(pieces, date), *pieces] if signer else pieces

        call = SmtpCall(
            copies,
            make=make,
            sender=mailing.sender.address,
            lane=lane,
            pool=self._pool,
            patience=self._patience,
            messages_per_connection=self._fewer_in.get(lane, self._messages_per_connection),
        )
        try:
            yield from call.run()
        finally:
            call.end()

    def close(self) -> None:
        """Take leave of the servers. Sending again opens new connections."""
        self._pool.close()
