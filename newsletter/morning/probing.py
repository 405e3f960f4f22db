"""Opening the links and images of a digest, to learn which of them lead nowhere.

Only the far side can say that something is not there: 404, 410, or a name that does not exist. Everything
else that goes wrong may be ours: a country whose network half the world does not answer, a firewall, a
server that dislikes programs. That is "unreachable from here", and holds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.digests.digest import Digest
from newsletter.digests.prose import Image, Link
from newsletter.editions.gate.probe import ProbeResult, Reach
from newsletter.editions.gate.reading import texts_of
from newsletter.fetching import Fetched, Fetcher, FetchError, FetchFailed, Reason
from newsletter.morning import probed

_GONE = (404, 410)
_NO_TIME = ProbeResult(reach=Reach.NOT_CHECKED, detail="there was no time for it")


@dataclass(frozen=True, kw_only=True)
class Prober:
    """Looks at far ends within a time, a few at once and one at a time on each host."""

    fetcher: Fetcher
    database: Database | None  # None: nothing is remembered
    clock: Clock
    most: int = 100  # addresses of one digest; stories come first
    at_once: int = 12  # hosts
    total: timedelta = timedelta(seconds=20)
    each: timedelta = timedelta(seconds=8)

    def probe(self, digest: Digest, *, within: timedelta | None = None) -> dict[str, ProbeResult]:
        """Return what is at each address of ``digest``, by the address as it is written.

        Opens no transaction while it waits, and none at all for what it looked at a short while ago. With
        no more time than ``within``, what was found earlier counts for what does not answer in time.
        """
        urls = list(dict.fromkeys(_addresses(digest)))
        now = self.clock()
        results: dict[str, ProbeResult] = {}
        if self.database:
            with self.database.readers() as session:
                results = probed.recall(session, urls, now=now)
        time_left = self.total if within is None else within
        new = self._look([url for url in urls if url not in results][: self.most], time_left)
        if self.database:
            probed.remember(self.database, new, now=now)
        if self.database and within is not None:
            silent = [url for url in urls if url not in results and _is_silent(new.get(url, _NO_TIME))]
            with self.database.readers() as session:
                new |= probed.recall(session, silent, now=now, however_old=True)
        results |= new
        return {url: results.get(url, _NO_TIME) for url in urls}

    def _look(self, urls: list[str], total: timedelta) -> dict[str, ProbeResult]:
        hosts: dict[str, list[str]] = {}
        for url in urls:
            hosts.setdefault(_host(url), []).append(url)
        if not hosts:
            return {}
        ends_at = time.monotonic() + total.total_seconds()
        with ThreadPoolExecutor(min(self.at_once, len(hosts)), thread_name_prefix="probe") as pool:
            answers = list(pool.map(lambda there: dict(self._host(there, ends_at)), hosts.values()))
        results = {url: result for answer in answers for url, result in answer.items()}
        if not any(result.status for result in results.values()):
            # Nobody answered at all: it is our own name system that says no such thing exists.
            return {url: _not_dead(result) for url, result in results.items()}
        return results

    def _host(self, urls: Iterable[str], ends_at: float) -> Iterator[tuple[str, ProbeResult]]:
        for url in urls:
            left = ends_at - time.monotonic()
            yield url, self._one(url, min(left, self.each.total_seconds())) if left > 0.1 else _NO_TIME

    def _one(self, url: str, seconds: float) -> ProbeResult:
        ends_at = time.monotonic() + seconds
        try:
            head = self._within(ends_at).head(url)
            if head.status < 400:
                return _alive(head)
            # Servers that know no HEAD answer anything to it, so only a GET is believed.
            got = self._within(ends_at).get(url, headers={"Range": "bytes=0-0"}, first_bytes=1)
        except FetchFailed as error:
            if error.reason is Reason.NO_SUCH_NAME and self._has_no_name(url, ends_at):
                return ProbeResult(reach=Reach.DEAD, detail=str(error))
            return ProbeResult(reach=Reach.UNREACHABLE_FROM_HERE, detail=str(error))
        except FetchError as error:
            return ProbeResult(reach=Reach.UNREACHABLE_FROM_HERE, detail=str(error))
        if got.status < 400 or got.status == 416:
            return _alive(got)
        reach = Reach.DEAD if got.status in _GONE else Reach.UNREACHABLE_FROM_HERE
        return ProbeResult(reach=reach, status=got.status, detail=f"status {got.status}")

    def _within(self, ends_at: float) -> Fetcher:
        return replace(self.fetcher, timeout=timedelta(seconds=max(0.1, ends_at - time.monotonic())))

    def _has_no_name(self, url: str, ends_at: float) -> bool:
        """Ask a second time: one answer of a name system may be a hiccup."""
        try:
            self._within(ends_at).head(url)
        except FetchFailed as error:
            return error.reason is Reason.NO_SUCH_NAME
        except FetchError:
            return False
        return False


def _addresses(digest: Digest) -> Iterator[str]:
    """Yield what can be opened: the stories, then the links in the text, then the images."""
    inlines = [inline for _, texts in texts_of(digest) for inline in texts]
    written = [
        *(story.url for story in digest.stories if story.url),
        *(inline.url for inline in inlines if isinstance(inline, Link)),
        *(inline.url for inline in inlines if isinstance(inline, Image)),
    ]
    yield from (url for url in written if url.lower().startswith(("http://", "https://")))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _alive(fetched: Fetched) -> ProbeResult:
    kind = fetched.headers.get("content-type", "").partition(";")[0].strip().lower()
    size = fetched.headers.get("content-range", "").rpartition("/")[2]
    if fetched.status != 206:
        size = fetched.headers.get("content-length", "")
    return ProbeResult(
        reach=Reach.ALIVE,
        status=fetched.status,
        detail=kind,
        bytes=int(size) if size.isascii() and size.isdigit() and len(size) < 16 else None,
    )


def _is_silent(result: ProbeResult) -> bool:
    """Say whether the far side did not say anything, as when there was no time to wait for it."""
    return result.status is None and result.reach is not Reach.DEAD


def _not_dead(result: ProbeResult) -> ProbeResult:
    return replace(result, reach=Reach.UNREACHABLE_FROM_HERE) if result.reach is Reach.DEAD else result
