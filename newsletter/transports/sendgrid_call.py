"""One call being carried out: requests, until every copy has an outcome.

SendGrid refuses a request as a whole. Where it names the bad copies they are left out of the next
request; where it names none the request is halved. But a fault of the mailing refuses every reader
alike, and that must not be found out a thousand times: so before the first refusal that may be the
mailing's is believed of a reader, the sandbox is asked whether the mailing is good for anybody.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from newsletter import replies
from newsletter.transports import sendgrid_answers as answers
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict, discreet
from newsletter.transports.sendgrid_line import Line
from newsletter.transports.sendgrid_payload import LARGEST_BODY, MOST_COPIES, Payload, Personalization

_MANY = 10  # so many copies are hardly all bad by themselves
_ASKED = 8  # copies for whom the sandbox is asked, at most


@dataclass(frozen=True, slots=True)
class Ready:
    """A copy ready to be sent."""

    ref: str
    key: str  # what SendGrid may take for the same address
    personalization: Personalization


class Call:
    """The copies of a call on their way. ``waiting`` are the requests still to be made.

    A call that has taken ``longest`` begins no further request.
    """

    def __init__(
        self,
        line: Line,
        payload: Payload,
        *,
        name: str,
        size: int,
        ready: Sequence[Ready],
        longest: timedelta,
    ) -> None:
        self.waiting = rounds(ready)
        self._line = line
        self._payload = payload
        self._name = name
        self._size = size  # how many copies an event with the call's own name speaks of
        self._parts = itertools.count(1)
        self._refused: list[Outcome] = []  # not told yet: they may be the mailing's fault
        self._is_good = False  # whether somebody may be sent this mailing
        self._longest = longest.total_seconds()
        self._began_at: float | None = None

    def step(self) -> Iterator[Outcome]:
        """Make one request and yield the outcomes it brings, or raise ``TransportError``."""
        self._check_time()
        group = self.waiting.pop(0)
        name = self._name if len(group) == self._size else f"{self._name}.{next(self._parts)}"
        body = self._payload.body([one.personalization for one in group], call_id=name)
        if len(body) > LARGEST_BODY and len(group) > 1:
            self.waiting[:0] = _halves(group)
            return
        answer, said = self._line.post(body, copies=len(group), call_id=name)
        if answer and said.verdict is Verdict.REFUSED:
            guilty = self._named(answer, copies=len(group))
            rest = _without(group, guilty)
            if not self._is_good and (not guilty or len(self._refused) + len(guilty) >= _MANY):
                self._ask([one for group in [*rest, *self.waiting] for one in group])
            if not guilty and len(group) == 1:
                guilty, rest = {0: said.words}, []
            self._refused += [
                Outcome(
                    ref=group[place].ref, verdict=Verdict.REFUSED, reply=words, meaning=replies.read(words)
                )
                for place, words in guilty.items()
            ]
            self.waiting[:0] = rest
            if self._is_good:
                yield from self.told()
            return
        if said.verdict is Verdict.ACCEPTED:
            self._is_good = True
            yield from self.told()
        verdict, provider_id, words = said.verdict, said.provider_id, said.words
        for one in group:
            yield Outcome(ref=one.ref, verdict=verdict, provider_id=provider_id, reply=words)
        if said.verdict is Verdict.IN_DOUBT and self.waiting:
            reason = "an answer of SendGrid was lost, so the rest was kept back"
            raise Unavailable(reason, retry_after=self._line.wait())

    def told(self) -> Iterator[Outcome]:
        """Yield the refusals that were held back."""
        told, self._refused = self._refused, []
        yield from told

    def _check_time(self) -> None:
        """Raise ``Unavailable`` when it is too late to begin with another request."""
        now = time.monotonic()
        if self._began_at is None:
            self._began_at = now
        elif now - self._began_at >= self._longest:
            raise Unavailable("SendGrid is slow, so the rest was kept back")

    def _named(self, answer: answers.Answer, *, copies: int) -> dict[int, str]:
        try:
            return answers.named(answer, copies=copies)
        except Misconfigured as error:
            raise self._line.misconfigured(str(error)) from error

    def _ask(self, left: Sequence[Ready]) -> None:
        """Raise ``Misconfigured`` when the mailing is refused whoever it is for.

        Asked for nobody first: that finds fault with all but what each reader brings. Then for some
        of many: what is wrong with all of them is wrong with what they have in common.
        """
        words = self._refusal(self._payload.probe())
        if not words and len(left) >= _MANY:
            every = len(left) // _ASKED
            for one in left[:: every or 1][:_ASKED]:
                words = self._refusal(self._payload.probe(one.personalization))
                if not words:
                    break
        if words:
            raise self._line.misconfigured(
                f"SendGrid refuses this mailing, whoever it is for: {discreet(words)}"
            )
        self._is_good = True

    def _refusal(self, probe: bytes) -> str:
        """Return why the sandbox refuses a request; empty when it does not."""
        self._check_time()
        name = f"{self._name}.probe"
        answer, said = self._line.post(probe, copies=0, call_id=name, in_sandbox=True)
        if said.verdict is Verdict.ACCEPTED:
            return ""
        if answer and said.verdict is Verdict.REFUSED:
            return said.words
        reason = "SendGrid refused a request, and did not say what of it"
        raise Unavailable(reason, retry_after=self._line.wait())


def rounds(ready: Sequence[Ready]) -> list[list[Ready]]:
    """Return the copies in requests of at most a thousand, no address twice in one of them.

    SendGrid refuses a request that names an address twice, so a second copy for it must wait for
    the next request.
    """
    found: list[list[Ready]] = []
    first_free: dict[str, int] = {}
    for one in ready:
        number = first_free.get(one.key, 0)
        while number < len(found) and len(found[number]) >= MOST_COPIES:
            number += 1
        if number == len(found):
            found.append([])
        found[number].append(one)
        first_free[one.key] = number + 1
    return found


def _halves(group: list[Ready]) -> list[list[Ready]]:
    middle = len(group) // 2
    return [group[:middle], group[middle:]]


def _without(group: list[Ready], guilty: Container[int]) -> list[list[Ready]]:
    """Return what to try next: the group less the guilty, or its halves when nobody is."""
    rest = [one for place, one in enumerate(group) if place not in guilty]
    if len(rest) == len(group):
        return _halves(group)
    return [rest] if rest else []
