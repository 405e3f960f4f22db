"""A feed: an entry is the digest of its day, or every entry is a story and the day's make a digest."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from newsletter.digests.html.inline import address, escape
from newsletter.digests.reader import read
from newsletter.digests.sources.feed_reading import FeedEntry, read_feed
from newsletter.digests.sources.found import Found, PassedOver, Reason
from newsletter.digests.sources.reaching import reach, shown
from newsletter.digests.sources.wanted import Seen, Wanted
from newsletter.errors import DigestError
from newsletter.fetching.visits import Visits

Entries = Literal["digest", "stories"]

USED = "entries"  # the key of the front matter that names the entries a digest was made of
LATE_BY = timedelta(hours=12)  # how long after its date an entry may first turn up in its feed
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, text/xml;q=0.9, */*;q=0.5"
_LOOKED_AT = 10  # entries, to find out what they are
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_HEADING = re.compile(r"(#{1,6}) ")
_FENCE = re.compile(r" *(`{3,})")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSource:
    """One feed. ``entries`` says what an entry is; None finds out."""

    url: str
    visits: Visits
    entries: Entries | None = None

    def find(self, wanted: Wanted) -> Found:
        """Choose the digest to send."""
        place = shown(self.url)
        try:
            page = reach(self.visits, self.url, accept=_ACCEPT, setting="source.feed")
            entries = read_feed(page, place=place, tz=wanted.tz) if page else []
        except DigestError as error:
            return Found(chosen=None, errors=(error,))
        kind = self.entries or kind_of(entries, wanted)
        if kind == "digest":
            return wanted.choose_by_day(
                lambda day: [
                    _one_digest(entry, place, wanted) for entry in entries if _day(entry, wanted) == day
                ]
            )
        return wanted.choose(_of_stories(entries, place, wanted))


def kind_of(entries: Sequence[FeedEntry], wanted: Wanted) -> Entries:
    """Find out what entries are: with one a day, or several stories in most of them, they are digests."""
    days = Counter(_day(entry, wanted) for entry in entries)
    if max(days.values(), default=0) <= 1:
        return "digest"
    looked_at = [entry for entry in entries if entry.text][:_LOOKED_AT]
    several = sum(_story_count(entry, wanted) > 1 for entry in looked_at)
    return "digest" if several * 2 > len(looked_at) else "stories"


def _story_count(entry: FeedEntry, wanted: Wanted) -> int:
    try:
        digest = read(entry.text.encode(), file="", newsletter_name="", tz=wanted.tz, default_day=wanted.day)
    except DigestError:
        return 0
    return len(digest.stories)


def _day(entry: FeedEntry, wanted: Wanted) -> date | None:
    moment = entry.published_at or entry.updated_at
    return moment.astimezone(wanted.tz).date() if moment else None


# ---- an entry is a digest ----


def _one_digest(entry: FeedEntry, place: str, wanted: Wanted) -> Seen:
    origin = shown(entry.url) if entry.url.startswith("http") else f"{place} ({entry.id[:200]})"

    def passed(reason: Reason, detail: str) -> PassedOver:
        return PassedOver(key=entry.id, origin=origin, reason=reason, detail=detail)

    moment = entry.updated_at or entry.published_at or wanted.now
    published = entry.published_at or moment
    if published > wanted.now:
        return passed(Reason.NOT_YET, f"it is dated {published.astimezone(wanted.tz):%Y-%m-%d %H:%M}")
    if wanted.is_too_old(moment):
        return passed(Reason.TOO_OLD, wanted.age(moment))
    if not wanted.is_settled(moment):
        return passed(Reason.UNSETTLED, "it has only just been changed")
    front = {"title": entry.title, "date": published.astimezone(wanted.tz).isoformat(), USED: [entry.id]}
    markdown = _with_front(front, entry.text)
    try:
        digest = read(markdown, file=origin, newsletter_name=wanted.newsletter_name, tz=wanted.tz)
    except DigestError as error:
        return error
    return wanted.judge(digest, key=entry.id, origin=origin, data=markdown, modified_at=moment)


# ---- an entry is a story ----


def _of_stories(entries: Sequence[FeedEntry], place: str, wanted: Wanted) -> list[Seen]:
    undated = sum(entry.published_at is None and entry.updated_at is None for entry in entries)
    seen: list[Seen] = []
    if undated:
        detail = f"{undated} of its entries have no date, and nobody knows which day they are for"
        seen.append(PassedOver(key=place, origin=place, reason=Reason.UNDATED, detail=detail))
    since = wanted.left_since or wanted.since or wanted.now - (wanted.max_age or timedelta(days=1))
    fresh = [
        entry
        for entry in entries
        if (moment := entry.published_at or entry.updated_at)
        and since - LATE_BY < moment <= wanted.now
        and (moment > since or wanted.used)
        and entry.id not in wanted.used
    ]
    if not fresh:
        detail = "none of its entries is new"
        return [*seen, PassedOver(key=place, origin=place, reason=Reason.ABSENT, detail=detail)]
    markdown = _with_front(
        {"date": wanted.day.isoformat(), USED: [entry.id for entry in fresh]},
        "\n".join(_story(entry) for entry in fresh),
    )
    try:
        digest = read(markdown, file=place, newsletter_name=wanted.newsletter_name, tz=wanted.tz)
    except DigestError as error:
        return [*seen, error]
    newest = max(moment for entry in fresh if (moment := entry.published_at or entry.updated_at))
    return [*seen, wanted.judge(digest, key=place, origin=place, data=markdown, modified_at=newest)]


def _story(entry: FeedEntry) -> str:
    title = escape(entry.title) or escape(entry.url) or "…"
    heading = f"## [{title}]({address(entry.url, '')})" if entry.url else f"## {title}"
    return f"{heading}\n\n{_below(entry.summary).strip()}\n"


def _below(text: str) -> str:
    """Put the headings of an article two levels deeper, where they are no sections of the digest."""
    lines, fence = text.split("\n"), ""
    for at, line in enumerate(lines):
        if found := _FENCE.match(line):
            fence = found[1] if not fence else "" if found[1].startswith(fence) else fence
        elif not fence and (found := _HEADING.match(line)):
            lines[at] = "#" * min(6, len(found[1]) + 2) + line[found.end(1) :]
    return "\n".join(lines)


def _with_front(front: dict[str, object], body: str) -> bytes:
    # What JSON writes on one line is YAML too.
    lines = [f"{key}: {_json(value)}" for key, value in front.items() if value]
    return "\n".join(["---", *lines, "---", "", body]).encode("utf-8", "replace")


def _json(value: object) -> str:
    return _CONTROLS.sub("", json.dumps(value, ensure_ascii=False))
