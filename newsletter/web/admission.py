"""Which forms are let in: the limits of one visitor, and the proof of work when there is an attack.

Every form that makes us write an email comes through here, whatever page it was on: sign-up, "send me
my link", a change of address, the JSON API. What is let in is only written down; what each address and
each domain may get is limited behind it, in ``newsletter.signup``.

A visitor counts in full when the form carries our seal and, where one was asked for, a proof. Others are
let in too (a form on another site, a browser without scripts under attack), but far fewer of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from newsletter import limits
from newsletter.config import WebSettings
from newsletter.limits import Limit
from newsletter.web.proofs import Proofs

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PER_VISITOR = (
    Limit(name="form.visitor.hour", times=20, window=HOUR),
    Limit(name="form.visitor.day", times=60, window=DAY),
)
UNPROVED = (
    Limit(name="form.unproved.hour", times=5, window=HOUR),
    Limit(name="form.unproved.day", times=10, window=DAY),
)
UNPROVED_IN_ALL = Limit(name="form.unproved.all.hour", times=60, window=HOUR)  # while under attack
SOONEST = timedelta(seconds=2)  # nobody types an address faster
SEAL_LIFETIME = timedelta(days=1)


class Verdict(StrEnum):
    """What becomes of a form."""

    ADMITTED = "admitted"
    AGAIN = "again"  # show it once more, with a fresh seal: one press is enough
    PROVE = "prove"  # show it once more, with the request for a proof of work
    FULL = "full"  # not now


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A form that asks to be let in."""

    network: str  # whom limits count
    age: timedelta | None  # of its seal; None: it has none
    was_asked: bool = False  # the page asked for a proof
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides, and counts what it decides on."""

    settings: WebSettings
    proofs: Proofs

    @property
    def asks_everybody(self) -> bool:
        """Whether every form asks for a proof, attack or not."""
        return self.settings.altcha == "always"

    def decide(self, session: Session, entry: Entry, *, now: datetime) -> Verdict:
        """Return what becomes of a form."""
        is_sealed = entry.age is not None and timedelta(0) <= entry.age <= SEAL_LIFETIME
        if entry.age is not None and not is_sealed:
            return Verdict.AGAIN  # it lay open for a day
        attack = self._is_attack(session, now)
        has_proof = self.proofs.spend(session, entry.proof, now=now)
        if is_sealed and not has_proof:
            if entry.age is not None and entry.age < SOONEST:
                return Verdict.AGAIN
            if (attack or self.asks_everybody) and not entry.was_asked:
                return Verdict.PROVE
        is_proved = has_proof or (is_sealed and not attack and not self.asks_everybody)
        within = self.within(session, entry.network, now=now)
        if not is_proved:
            rules = [(limit, entry.network) for limit in UNPROVED]
            if attack:
                rules.append((UNPROVED_IN_ALL, "all"))
            if not all(limits.allow(session, limit, key, now=now) for limit, key in rules):
                # A form that was on another site may still come in by ours.
                return Verdict.FULL if is_sealed or not within else Verdict.AGAIN
        return Verdict.ADMITTED if within else Verdict.FULL

    def within(self, session: Session, network: str, *, now: datetime) -> bool:
        """Count one more form of a visitor who is known by a link of ours, and say whether it may be."""
        return all(limits.allow(session, limit, network, now=now) for limit in PER_VISITOR)

    def _is_attack(self, session: Session, now: datetime) -> bool:
        if self.settings.altcha == "never":
            return False
        busy = Limit(name="form.all.hour", times=self.settings.attack_at, window=HOUR)
        return not limits.allow(session, busy, "all", now=now)
