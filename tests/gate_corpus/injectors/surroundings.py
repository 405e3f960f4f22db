"""Faults of what is around an edition: who would get it, and who would be believed to have sent it."""

from __future__ import annotations

from tests.gate_corpus.injectors.base import Injected, Subject


def no_audience(subject: Subject) -> Injected:
    """Have nobody to send to."""
    return subject.known(audience=0)


def unusual_audience(subject: Subject) -> Injected:
    """Have a third fewer people than usual, or half as many again."""
    usual, chance = subject.context.usual_audience, subject.chance
    share = chance.choice([chance.uniform(0.2, 0.65), chance.uniform(1.4, 3)])
    return subject.known(audience=round(usual * share))


def sender_dns(subject: Subject) -> Injected:
    """Have a domain that does not vouch for us."""
    fault = subject.chance.choice(
        [
            "letters.example.com has no SPF record",
            "the DKIM key s1._domainkey.letters.example.com is gone",
            "letters.example.com publishes a DMARC policy that our mail does not meet",
        ]
    )
    return subject.known(dns_faults=(fault,))
