"""What a source is asked for, the rules that are the same for every source, and the choice at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

from newsletter.digests.digest import FrontMatter
from newsletter.digests.sources.found import Candidate, Found, PassedOver, Reason
from newsletter.errors import DigestError

SETTLED_AFTER = timedelta(seconds=5)  # an editor or a copy may still be at work on what is younger
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The digest of a day: the newest not yet sent whose day is ``day``, or the day before."""

    day: date
    now: datetime
    tz: tzinfo
    newsletter_name: str
    max_age: timedelta | None = None  # counted from the last change; None admits any
    yesterday_evening: bool = True
    since: datetime | None = None  # the hour of the edition before; what is older was there for that one
    until: datetime | None = None  # when this one goes out
    already_sent: Callable[[Candidate], bool] = lambda candidate: False

    @property
    def days(self) -> tuple[date, ...]:
        """The days whose digest may go out, the best first."""
        return (self.day, self.day - timedelta(days=1)) if self.yesterday_evening else (self.day,)

    def is_too_old(self, modified_at: datetime) -> bool:
        """Say whether what was last changed then is older than ``max_age``."""
        return self.max_age is not None and self.now - modified_at > self.max_age

    def age(self, modified_at: datetime) -> str:
        """Say for a person how long ago the last change was."""
        return f"it was last changed {(self.now - modified_at) / timedelta(hours=1):.0f} hours ago"

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

    def choose(
        self,
        looked_at: Iterable[Candidate | PassedOver],
        errors: Iterable[DigestError] = (),
    ) -> Found:
        """Choose the newest candidate that was not sent, and say why the others are not it."""
        candidates: list[Candidate] = []
        passed_over: list[PassedOver] = []
        for one in looked_at:
            if isinstance(one, PassedOver):
                passed_over.append(one)
            elif self.already_sent(one):
                passed_over.append(_passed(one, Reason.SENT, "it was sent already"))
            elif self.since and one.day < self.day and one.modified_at < self.since:
                passed_over.append(_passed(one, Reason.MISSED, "it was there for the edition before"))
            else:
                candidates.append(one)
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
