"""Posts what lies in the outbox: webhooks and pings, each under a lease, outside of any transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from newsletter.alarms import hooks
from newsletter.alarms.cause import Cause
from newsletter.alarms.robots import Post, masked, post_of, refusal_of
from newsletter.alarms.tables import Hook
from newsletter.clock import Clock
from newsletter.config.alarms import WebhookSettings
from newsletter.database import Database
from newsletter.fetching import Fetcher, FetchError, FetchRefused

logger = logging.getLogger(__name__)

AT_ONCE = 20
LEASE_MARGIN = timedelta(seconds=40)  # beyond the longest call, for the row to be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the far side made of a post, in words without a secret."""

    is_accepted: bool
    words: str
    is_final: bool = False  # no later try can do better


def _nobody(_target: str, _key: str, _content: Mapping[str, Any]) -> Post | None:
    """Tell no program of events."""


@dataclass(frozen=True, kw_only=True)
class Poster:
    """Posts to the webhooks of the settings, and fetches the addresses of good mornings."""

    database: Database
    webhooks: Mapping[str, WebhookSettings]
    ping_url: Callable[[str], str]  # of a newsletter
    fetcher: Fetcher
    clock: Clock
    owner: str
    events: Callable[[str, str, Mapping[str, Any]], Post | None] = _nobody  # of a target, a key, a content

    def post_due(self, *, is_over: Callable[[], bool] = lambda: False, only: Cause | None = None) -> int:
        """Post up to ``AT_ONCE`` that are due, until ``is_over``; return how many were taken up.

        ``only`` names the one cause of which anybody may be told.
        """
        for count in range(AT_ONCE):
            if is_over():
                return count
            # A worker that only looks writes nothing: SQLite has one writer.
            with self.database.readers() as session:
                if not hooks.is_due(session, now=self.clock(), only=only):
                    return count
            with self.database.sessions.begin() as session:
                hook = hooks.take(
                    session,
                    owner=self.owner,
                    now=self.clock(),
                    lease=self.fetcher.timeout + LEASE_MARGIN,
                    only=only,
                )
            if hook is None:
                return count
            self._post(hook)
        return AT_ONCE

    def call(self, target: str, content: Mapping[str, Any], *, key: str = "") -> Answer:
        """Post ``content`` at once and return the answer; nothing is written down."""
        if target.startswith(hooks.EVENT):
            return self._tell(self.events(target, key, content))
        if target.startswith(hooks.PING):
            return self._ping(self.ping_url(target.removeprefix(hooks.PING)))
        webhook = self.webhooks.get(target)
        if webhook is None:
            return Answer(is_accepted=False, words="no longer in the configuration", is_final=True)
        url, secret = webhook.url.get_secret_value(), webhook.secret.get_secret_value()
        post = post_of(webhook.kind, url, secret, content, now=self.clock())
        try:
            fetched = self.fetcher.post(post.url, body=post.body, headers=post.headers)
        except FetchError as error:
            return _broken(error, url, secret)
        refusal = refusal_of(webhook.kind, fetched.status, fetched.body)
        words = masked(refusal or f"HTTP {fetched.status}", url, secret)
        return Answer(is_accepted=not refusal, words=words)

    def _tell(self, post: Post | None) -> Answer:
        if post is None:
            return Answer(is_accepted=False, words="no longer in the configuration", is_final=True)
        try:
            status = self.fetcher.post(post.url, body=post.body, headers=post.headers).status
        except FetchError as error:
            return _broken(error, post.url)
        # 410: the far side wants to hear no more of it (Standard Webhooks).
        return Answer(is_accepted=200 <= status < 300, words=f"HTTP {status}", is_final=status == 410)

    def _ping(self, url: str) -> Answer:
        if not url:
            return Answer(is_accepted=False, words="no longer in the configuration", is_final=True)
        try:
            status = self.fetcher.get(url).status
        except FetchError as error:
            return _broken(error, url)
        return Answer(is_accepted=200 <= status < 300, words=f"HTTP {status}")

    def _post(self, hook: Hook) -> None:
        answer = self.call(hook.target, hook.content, key=hook.key)
        with self.database.sessions.begin() as session:
            if answer.is_accepted:
                hooks.accepted(session, hook, reply=answer.words, now=self.clock())
                return
            is_tried_again = hooks.refused(
                session, hook, reply=answer.words, now=self.clock(), is_final=answer.is_final
            )
        logger.log(
            logging.WARNING if is_tried_again else logging.ERROR,
            "webhook not accepted: %s",
            answer.words,
            extra={"hook": hook.id, "target": hook.target, "attempts": hook.attempts},
        )


def _broken(error: FetchError, *secrets: str) -> Answer:
    return Answer(
        is_accepted=False,
        words=masked(str(error), *secrets),
        is_final=isinstance(error, FetchRefused),
    )
