"""The SendGrid transport: one request carries up to a thousand copies, each with its own links.

SendGrid accepts or refuses a request as a whole, and knows no idempotency key. So what an answer
says holds for all copies of the request, and an answer that was lost leaves all of them in doubt;
an event that carries ``nl_call`` settles them later. A request that was refused for one bad copy
is taken apart until that copy is alone, which is safe because nothing of it was accepted.

Accepted means queued, nothing more (202 is also the answer of a suspended account).
"""

from __future__ import annotations

import itertools
import logging
import ssl
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from newsletter.clock import Clock, utc_now
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing, ValueRefused
from newsletter.transports import sendgrid_answers as answers
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict, discreet, whole
from newsletter.transports.keepalive import Answer, AnswerLost, NotSent
from newsletter.transports.sendgrid_api import HOST, SendGridApi
from newsletter.transports.sendgrid_payload import LARGEST_BODY, MOST_COPIES, Payload, Personalization

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Ready:
    ref: str
    personalization: Personalization

    @property
    def key(self) -> str:
        """What SendGrid may take for the same address."""
        return self.personalization["to"][0]["email"].casefold()


class SendGridTransport:
    """Hands copies to one SendGrid account. Threads may share it.

    ``timeout`` is for a whole request; a call that has taken ``longest_call`` starts no further
    one, so that it ends before its lease does. ``context`` trusts other authorities than the system's.
    """

    name = "sendgrid"
    copies_per_call = MOST_COPIES
    streams = False

    def __init__(
        self,
        api_key: str,
        *,
        host: str = HOST,
        timeout: timedelta = timedelta(seconds=60),
        longest_call: timedelta = timedelta(seconds=60),
        clock: Clock = utc_now,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._api = SendGridApi(api_key, host=host, timeout=timeout, context=context)
        self._longest_call = longest_call
        self._clock = clock

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        """Yield one outcome per copy, or raise ``TransportError``.

        A request that carries every copy is named ``call_id``, so an event with that name settles
        them all; one that carries a part of them is ``call_id.1``, ``call_id.2`` and so on. After a
        lost answer nothing more is sent: ``Unavailable``.
        """
        given = whole(copies)
        payload = Payload(mailing)
        ready: list[_Ready] = []
        for copy in given:
            try:
                ready.append(_Ready(copy.ref, payload.personalization(copy)))
            except ValueRefused as error:
                yield Outcome(ref=copy.ref, verdict=Verdict.REFUSED, reply=str(error))
        waiting = _rounds(ready)
        parts = itertools.count(1)
        is_probed = False
        started: float | None = None
        while waiting:
            if started and time.monotonic() - started >= self._longest_call.total_seconds():
                raise Unavailable("SendGrid is slow, so the rest was kept back")
            started = started or time.monotonic()
            group = waiting.pop(0)
            name = call_id if len(group) == len(given) else f"{call_id}.{next(parts)}"
            body = payload.body((one.personalization for one in group), call_id=name)
            if len(body) > LARGEST_BODY and len(group) > 1:
                waiting[:0] = _halves(group)
                continue
            answer = self._post(body, copies=len(group), call_id=name)
            said = answers.read(answer, now=self._clock())
            if said.verdict is Verdict.REFUSED and isinstance(answer, Answer):
                guilty = answers.named(answer, copies=len(group))
                if not guilty:
                    is_probed = is_probed or self._probe(payload)
                    guilty = {0: said.words} if len(group) == 1 else {}
                for place, words in guilty.items():
                    yield Outcome(ref=group[place].ref, verdict=Verdict.REFUSED, reply=words)
                waiting[:0] = _without(group, guilty)
                continue
            for one in group:
                yield Outcome(
                    ref=one.ref, verdict=said.verdict, provider_id=said.provider_id, reply=said.words
                )
            if said.verdict is Verdict.IN_DOUBT and waiting:
                raise Unavailable("an answer of SendGrid was lost, so the rest was kept back")

    def close(self) -> None:
        """Close the kept connections."""
        self._api.close()

    def _post(self, body: bytes, *, copies: int, call_id: str) -> Answer | AnswerLost:
        try:
            answer = self._api.post("mail", "send", body=body)
        except NotSent as error:
            raise Unavailable(f"SendGrid was not reached: {error}") from error
        except AnswerLost as error:
            logger.warning("sendgrid answer lost", extra={"call_id": call_id, "copies": copies})
            return error
        logger.debug(
            "sendgrid answered", extra={"call_id": call_id, "copies": copies, "status": answer.status}
        )
        return answer

    def _probe(self, payload: Payload) -> bool:
        """Return True, or raise ``Misconfigured`` when the mailing is refused whoever it is for.

        Asked before a refusal that names no copy is taken apart: otherwise a fault of the mailing
        would cost two thousand requests and refuse every reader for good.
        """
        answer = self._post(payload.probe(), copies=0, call_id="probe")
        if isinstance(answer, Answer) and answer.status == 200:
            return True
        said = answers.read(answer, now=self._clock())
        if said.verdict is Verdict.REFUSED and isinstance(answer, Answer):
            answers.named(answer, copies=0)
            raise Misconfigured(f"SendGrid refuses this mailing, whoever it is for: {discreet(said.words)}")
        raise Unavailable("SendGrid refused a request, and did not say what of it")


def _rounds(ready: Sequence[_Ready]) -> list[list[_Ready]]:
    """Return the copies in requests of at most a thousand, no address twice in one of them.

    SendGrid refuses a request that names an address twice, so a second copy for it must wait for
    the next request.
    """
    rounds: list[list[_Ready]] = []
    first_free: dict[str, int] = {}
    for one in ready:
        number = first_free.get(one.key, 0)
        while number < len(rounds) and len(rounds[number]) >= MOST_COPIES:
            number += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(one)
        first_free[one.key] = number + 1
    return rounds


def _halves(group: list[_Ready]) -> list[list[_Ready]]:
    middle = len(group) // 2
    return [group[:middle], group[middle:]]


def _without(group: list[_Ready], guilty: Container[int]) -> list[list[_Ready]]:
    """Return what to try next: the group less the guilty, or its halves when nobody is."""
    rest = [one for place, one in enumerate(group) if place not in guilty]
    if len(rest) == len(group):
        return _halves(group)
    return [rest] if rest else []
