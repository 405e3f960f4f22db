"""What SPF, DKIM and DMARC records say. Pure: text in, values out (RFC 7208, 6376, 7489)."""

from __future__ import annotations

from collections.abc import Sequence

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4


def spf_of(records: Sequence[str]) -> list[str]:
    """Return those that are SPF records; there must be one."""
    return [
        record for record in records if record.lower() == "v=spf1" or record.lower().startswith("v=spf1 ")
    ]


def terms(record: str) -> list[str]:
    """Return the terms of an SPF record, without their signs."""
    return [term.lower().lstrip("+-~?") for term in record.split()[1:]]


def includes(record: str) -> list[str]:
    """Return the domains that a record leads on to."""
    return [
        term.partition(":")[2] or term.partition("=")[2]
        for term in terms(record)
        if term.startswith(("include:", "redirect="))
    ]


def asks(record: str) -> int:
    """Return how many more questions to the DNS a record leads to by itself."""
    return sum(
        term.startswith(("include:", "exists:", "redirect="))
        or term.partition(":")[0].partition("/")[0] in ("a", "mx", "ptr")
        for term in terms(record)
    )


def ends_with(record: str) -> str:
    """Return how a record ends: ``-all``, ``~all``, ``?all``, ``+all``, or nothing."""
    return next((term.lower() for term in record.split()[1:] if term.lower().endswith("all")), "")


def tags(record: str) -> dict[str, str]:
    """Return the tags of a DKIM or DMARC record."""
    found = {}
    for part in record.split(";"):
        name, separator, value = part.partition("=")
        if separator:
            found[name.strip().lower()] = "".join(value.split())
    return found


def dmarc_of(records: Sequence[str]) -> list[str]:
    """Return those that are DMARC records; there must be one."""
    return [record for record in records if record.replace(" ", "").lower().startswith("v=dmarc1")]


def parents(domain: str) -> list[str]:
    """Return a domain and those above it, as long as they have two labels."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]
