"""What handing over by SendGrid costs us. The stub is a process of its own, and its time is not ours."""

from __future__ import annotations

import time
from contextlib import closing

from newsletter.delivery.composer import Composer
from newsletter.mailing import Copy, Mailing
from newsletter.testing.sendgrid_process import SendGridProcess
from newsletter.transports.base import Verdict
from newsletter.transports.sendgrid import SendGridTransport
from tests.bench import measured, rendering
from tests.support import KEYS, URLS

THOUSAND = 1_000
CALLS = 50


def composed(mailing: Mailing, first: int) -> list[Copy]:
    """Return a thousand copies as the composer makes them."""
    composer = Composer(KEYS, URLS)
    return [
        composer.compose(mailing, 1, reader, f"reader{reader}@example.com")
        for reader in range(first, first + THOUSAND)
    ]


@measured("≤ 25")
def sendgrid_transport_us() -> float:
    """Processor time of our process for one copy: from values to the answer, in calls of a thousand."""
    mailing = rendering._mailing()
    copies = composed(mailing, 1)
    with SendGridProcess() as stub, closing(SendGridTransport(stub.key, host=stub.url)) as transport:
        list(transport.send(mailing, copies, call_id="first"))
        started = time.process_time()
        for number in range(CALLS):
            for outcome in transport.send(mailing, copies, call_id=f"c{number}"):
                if outcome.verdict is not Verdict.ACCEPTED:
                    raise AssertionError(outcome.reply)
        took = time.process_time() - started
        counts = stub.counts()
    if counts["copies"] != (CALLS + 1) * THOUSAND:
        raise AssertionError(f"{counts['copies']} copies came")
    print(f"  (the stub's own: {counts['cpu_s'] / counts['copies'] * 1e6:.1f} µs a copy)")
    return took / CALLS / THOUSAND * 1_000_000
