"""A Markdown file at a URL, the same every day or with the day in its address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from newsletter.digests.day import day_in_front, day_in_name
from newsletter.digests.reader import read, read_front
from newsletter.digests.sources.found import Candidate, Found, PassedOver, Reason
from newsletter.digests.sources.reaching import reach, shown
from newsletter.digests.sources.wanted import Seen, Wanted
from newsletter.errors import DigestError
from newsletter.fetching.visits import Page, Visits

_ACCEPT = "text/markdown, text/plain;q=0.9, */*;q=0.5"
_PAGE = re.compile(rb"\s*(?:<!doctype html|<html\b)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSource:
    """One address; ``{date}``, ``{yyyy}``, ``{mm}`` and ``{dd}`` in it stand for the day."""

    url: str
    visits: Visits

    def find(self, wanted: Wanted) -> Found:
        """Choose the digest to send."""
        if self.is_dated:
            return wanted.choose_by_day(lambda day: self._look(_filled(self.url, day), day, wanted))
        return wanted.choose(self._look(self.url, None, wanted))

    @property
    def is_dated(self) -> bool:
        """Whether every day has an address of its own."""
        return _filled(self.url, date.min) != self.url

    def _look(self, url: str, day: date | None, wanted: Wanted) -> list[Seen]:
        is_dated = day is not None
        try:
            page = reach(self.visits, url, accept=_ACCEPT, setting="source.url", may_be_missing=is_dated)
            if page is None:
                nothing = "there is nothing at this address yet"
                return [PassedOver(key=shown(url), origin=shown(url), reason=Reason.ABSENT, detail=nothing)]
            return [_judge(page, shown(url), day, wanted)]
        except DigestError as error:
            return [error]


def _filled(url: str, day: date) -> str:
    values = {
        "date": day.isoformat(),
        "yyyy": f"{day.year:04}",
        "mm": f"{day.month:02}",
        "dd": f"{day.day:02}",
    }
    for name, value in values.items():
        url = url.replace(f"{{{name}}}", value)
    return url


def _judge(page: Page, place: str, day: date | None, wanted: Wanted) -> Candidate | PassedOver:
    def passed(reason: Reason, detail: str) -> PassedOver:
        return PassedOver(key=place, origin=place, reason=reason, detail=detail)

    if page.content_type == "text/html" or _PAGE.match(page.body):
        raise DigestError(
            "is a web page, not Markdown",
            remedy="let source.url lead to the file itself (on code hosts: the “raw” link)",
            file=place,
        )
    if wanted.is_too_old(page.changed_at):
        return passed(Reason.TOO_OLD, wanted.age(page.changed_at))
    # Only its own word says that somebody may be at work on it; we may just be here for the first time.
    if page.is_dated and not wanted.is_settled(page.changed_at):
        return passed(Reason.UNSETTLED, "it has only just been changed")
    named = day or day_in_name(page.url)
    if named is None and day_in_front(read_front(page.body, file=place, tz=wanted.tz), wanted.tz) is None:
        return passed(Reason.UNDATED, "neither its address nor its front matter says which day it is for")
    digest = read(
        page.body, file=place, newsletter_name=wanted.newsletter_name, tz=wanted.tz, default_day=named
    )
    return wanted.judge(digest, key=place, origin=place, data=page.body, modified_at=page.changed_at)
