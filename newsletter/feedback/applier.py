"""The applier: from posts in the inbox to effects, as fast as they come.

A round reads some posts, turns them into events outside of any transaction, and lets them take effect in
one short transaction that also removes the posts: a round that dies has done nothing, and one that races
another gives way. A post with a fault of ours in it is set aside and told of; the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.delivery import evidence, notices
from newsletter.feedback import aside, door, doubt, inbox, queue, quiet
from newsletter.feedback.apply import Applied, apply, count, take_turn
from newsletter.feedback.events import Event
from newsletter.feedback.inbox import Post
from newsletter.feedback.rules import Rules
from newsletter.feedback.sendgrid import Read
from newsletter.feedback.troubles import Sort, Trouble
from newsletter.keys import Keys

logger = logging.getLogger(__name__)

POSTS_AT_ONCE = 64
EVENTS_AT_ONCE = 8_000  # in one transaction, about
LOOK_FOR_SILENCE = timedelta(minutes=1)
ODD = "odd"

Reader = Callable[..., Read]
Tell = Callable[[Session, Trouble], None]


class _Raced(Exception):
    """Somebody else applies these posts."""


@dataclass
class Applier:
    """Lets what came take effect. ``tell`` is given each trouble, in the transaction that found it."""

    database: Database
    keys: Keys
    rules: Rules
    clock: Clock
    readers: Mapping[str, Reader]
    tell: Tell
    silence: doubt.Patience = field(default_factory=doubt.Patience)
    reports_of: str | None = None  # the transport whose provider must be heard of; None: it need not
    _looked_at: datetime | None = None

    def step(self) -> bool:
        """Do one round; say whether there is more to do at once."""
        with self.database.readers() as session:
            posts = inbox.next_posts(session, limit=POSTS_AT_ONCE)
        taken = self._apply_all(posts) if posts else 0
        self._settle()
        return bool(posts) and (taken < len(posts) or len(posts) == POSTS_AT_ONCE)

    def _apply_all(self, posts: Sequence[Post]) -> int:
        """Apply posts together, or one by one where something is wrong with one of them."""
        groups = self._groups(posts)
        for group in groups:
            try:
                self._apply(group)
            except _Raced:
                return 0
            except OperationalError:
                raise  # the database is away: later
            except Exception:
                # The loop must survive, and complaints must not wait for a post that we cannot take.
                logger.exception("feedback not applied together", extra={"posts": len(group)})
                for post in group:
                    self._apply_alone(post)
        return len(posts)

    def _groups(self, posts: Sequence[Post]) -> list[list[Post]]:
        """Return posts in groups of one provider, small enough for a short transaction."""
        groups: list[list[Post]] = []
        size = 0
        for post in posts:
            # An event is some 400 bytes or more.
            if not groups or groups[-1][0].provider != post.provider or size > EVENTS_AT_ONCE * 400:
                groups.append([])
                size = 0
            groups[-1].append(post)
            size += len(post.body)
        return groups

    def _apply(self, posts: Sequence[Post]) -> Applied:
        provider = posts[0].provider
        reader = self.readers[provider]
        events: list[Event] = []
        kept: list[aside.Kept] = []
        for post in posts:
            read = reader(post.body, received_at=post.received_at)
            events += read.events
            kept += [aside.Kept(odd.why, odd.words) for odd in read.odd]
        now = self.clock()
        with self.database.sessions.begin() as session:
            take_turn(session)
            if not inbox.take_out(session, [post.id for post in posts]):
                raise _Raced
            applied = apply(session, events, provider=provider, keys=self.keys, rules=self.rules, now=now)
            count(session, provider, {ODD: len(kept)}, now=now)
            aside.keep(session, provider, kept + aside.foreign(applied.foreign), now=now)
            for trouble in applied.troubles:
                self.tell(session, trouble)
        return applied

    def _apply_alone(self, post: Post) -> None:
        try:
            self._apply([post])
        except _Raced:
            pass
        except OperationalError:
            raise
        except Exception as error:
            logger.exception("feedback set aside", extra={"post": post.id})
            because = f"{type(error).__name__}: {error}"[:500]
            if isinstance(error, SQLAlchemyError):
                because = type(error).__name__  # its words hold what was written
            words = f"a post of {post.provider} could not be applied and was set aside ({because})"
            with self.database.sessions.begin() as session:
                inbox.set_aside(session, post.id, because=because)
                self.tell(session, Trouble(sort=Sort.FAILED, words=words, facts={"post": post.id}))

    def _settle(self) -> None:
        """Settle doubt by what was heard, and now and then look at what stays silent."""
        now = self.clock()
        with self.database.readers() as session:
            is_heard = evidence.is_anything_heard(session, now=now) or notices.is_anything_heard(session)
        if is_heard:
            with self.database.sessions.begin() as session:
                evidence.settle_heard(session, now=now)
                notices.settle_heard(session)
        if self._looked_at is None or now - self._looked_at >= LOOK_FOR_SILENCE:
            self._looked_at = now
            with self.database.sessions.begin() as session:
                troubles = doubt.look(session, self.silence, now=now)
                troubles += door.look(session, keys=self.keys, rules=self.rules, now=now)
                troubles += queue.look(session, now=now)
                if self.reports_of is not None:
                    troubles += quiet.look(session, transport=self.reports_of, now=now)
                for trouble in troubles:
                    self.tell(session, trouble)
