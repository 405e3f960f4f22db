"""A persona: the reader an editor looks through the eyes of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from newsletter.mailing import Mailing, Template
from newsletter.urls import Urls

EXPLAINED = "test"  # stands for a token: the pages behind it explain themselves and change nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Who reads: in which language, and under which address."""

    language: str
    address: str


def written_out(mailing: Mailing, address: str, urls: Urls) -> Mailing:
    """Return ``mailing`` as one person sees it, with links of their own that only explain themselves."""
    values = {
        "address": address,
        "leave_url": urls.leave(EXPLAINED),
        "manage_url": urls.manage(EXPLAINED),
    }

    def write(template: Template) -> Template:
        return Template((template.fill(values),))

    return replace(
        mailing,
        edition=f"{mailing.edition}-test",  # apart from the real one in the outbox and in statistics
        headers=tuple((name, write(template)) for name, template in mailing.headers),
        text=write(mailing.text),
        html=write(mailing.html),
    )
