"""What a source is asked for, the rules that are the same for every source, and the choice at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from newsletter.digests.digest import Digest, FrontMatter
from newsletter.digests.sources.found import Candidate, Found, PassedOver, Reason
from newsletter.errors import DigestError

SETTLED_AFTER = timedelta(seconds=5)  # an editor or a copy may still be at work on what is younger
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Seen = Candidate | PassedOver | DigestError  # what came of a look at one thing that claims the day


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The digest of a day: the newest not yet sent whose day is ``day``, or the day before."""

    day: date
    now: datetime
    tz: tzinfo
    newsletter_name: str
    max_age: timedelta | None = None  # counted from the last change; None admits any
    yesterday_evening: bool = True
    hour: datetime | None = None  # of its edition: by being late ourselves we make no digest older
    since: datetime | None = None  # the hour of the edition before; what is older was there for that one
    left_since: datetime | None = None  # when single stories were last taken, if not at that hour
    used: frozenset[str] = frozenset()  # the single stories that went out before
    already_sent: Callable[[Candidate], bool] = lambda candidate: False

    @property
    def days(self) -> tuple[date, ...]:
        """The days whose digest may go out, the best first."""
        return (self.day, self.day - timedelta(days=1)) if self.yesterday_evening else (self.day,)

    def is_too_old(self, modified_at: datetime) -> bool:
        """Say whether what was last changed then is older than ``max_age``."""
        return self.max_age is not None and self._judged_at - modified_at > self.max_age

    def age(self, modified_at: datetime) -> str:
        """Say for a person how long ago the last change was."""
        hours = (self._judged_at - modified_at) / timedelta(hours=1)
        when = "ago" if self._judged_at == self.now else "before its hour"
        return f"it was last changed {hours:.0f} hours {when}"

    @property
    def _judged_at(self) -> datetime:
        return self.now if self.hour is None else min(self.now, self.hour)

    def is_settled(self, modified_at: datetime) -> bool:
        """Say whether nobody is likely to be still at work on it."""
        return self.now - modified_at >= SETTLED_AFTER

    def obstacle(self, front: FrontMatter) -> tuple[Reason, str] | None:
        """Say what the front matter has against its going out now."""
        if front.draft:
            return Reason.DRAFT, "it is marked as a draft"
        if front.publish_at and self.now < (moment := self._moment(front.publish_at)):
            return Reason.NOT_YET, f"its publishDate is {moment:%Y-%m-%d %H:%M}"
        if front.expires_at and self.now >= (moment := self._moment(front.expires_at)):
            return Reason.EXPIRED, f"its expiryDate was {moment:%Y-%m-%d %H:%M}"
        return None

    def judge(
        self,
        digest: Digest,
        *,
        key: str,
        origin: str,
        data: bytes,
        modified_at: datetime,
        path: Path | None = None,
    ) -> Candidate | PassedOver:
        """Say whether a digest that was read may go out; ``data`` is what it was read from."""
        obstacle = self.obstacle(digest.front)
        if digest.day not in self.days:
            obstacle = Reason.OTHER_DAY, f"its front matter says it is for {digest.day}"
        if obstacle:
            return PassedOver(key=key, origin=origin, reason=obstacle[0], detail=obstacle[1])
        return Candidate(
            key=key,
            origin=origin,
            path=path,
            hash=hashlib.sha256(data).hexdigest(),
            modified_at=modified_at,
            digest=digest,
        )

    def choose(self, seen: Iterable[Seen]) -> Found:
        """Choose the newest candidate that was not sent, and say why the others are not it."""
        candidates: list[Candidate] = []
        passed_over: list[PassedOver] = []
        errors: list[DigestError] = []
        for one in seen:
            match one:
                case DigestError():
                    errors.append(one)
                case PassedOver():
                    passed_over.append(one)
                case candidate if self.already_sent(candidate):
                    passed_over.append(_passed(candidate, Reason.SENT, "it was sent already"))
                case candidate if (
                    self.since and candidate.day < self.day and candidate.modified_at < self.since
                ):
                    passed_over.append(
                        _passed(candidate, Reason.MISSED, "it was there for the edition before")
                    )
                case candidate:
                    candidates.append(candidate)
        candidates.sort(key=_newness, reverse=True)
        passed_over += [
            _passed(other, Reason.OLDER, f"{candidates[0].origin} is newer and goes out")
            for other in candidates[1:]
        ]
        return Found(
            chosen=candidates[0] if candidates else None,
            passed_over=tuple(passed_over),
            errors=tuple(errors),
        )

    def choose_by_day(self, look: Callable[[date], Iterable[Seen]]) -> Found:
        """Choose from the first day that has something to send, or something wrong with it."""
        passed_over: list[PassedOver] = []
        found = Found(chosen=None)
        for day in self.days:
            found = self.choose(look(day))
            passed_over += found.passed_over
            if found.chosen or found.errors:
                break
        return replace(found, passed_over=tuple(passed_over))

    def _moment(self, when: date | datetime) -> datetime:
        return when if isinstance(when, datetime) else datetime.combine(when, time.min, self.tz)


class Source(Protocol):
    """Where the digests of a newsletter come from."""

    def find(self, wanted: Wanted) -> Found:
        """Choose the digest to send. Opens no transaction; may use the network.

        Raise ``ConfigError`` when the setting that names the source is wrong.
        """
        ...


def _newness(candidate: Candidate) -> tuple[date, datetime, datetime, str]:
    written = candidate.digest.front.date
    moment = written if isinstance(written, datetime) else _LONG_AGO
    return candidate.day, moment, candidate.modified_at, candidate.key


def _passed(candidate: Candidate, reason: Reason, detail: str) -> PassedOver:
    return PassedOver(key=candidate.key, origin=candidate.origin, reason=reason, detail=detail)
