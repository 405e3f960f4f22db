"""Alarms: telling the people who run an installation that sending has stopped and needs one of them.

An alarm is an error in the log and a notice to every address of ``alarms.email``, so it is kept and
sent like every other email, ahead of all of them.
"""

from __future__ import annotations

import hashlib
import logging
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.clock import Clock
from newsletter.config import NewsletterSettings
from newsletter.database import Database
from newsletter.delivery import books, heartbeat, notices
from newsletter.delivery.notice_sender import NoticeSender
from newsletter.delivery.notices import Posted
from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Delivery
from newsletter.editions.edition import Edition
from newsletter.language import Catalog, catalog
from newsletter.mailing import Mailing, Sender, Template
from newsletter.transports.base import TransportError

logger = logging.getLogger(__name__)

PURPOSE = "alarm"
PRIORITY = 9  # before what readers wait for
REPLIES_TOLD = 3
HEADERS = {
    "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday reply, please
    "X-Auto-Response-Suppress": "All",  # the same for Exchange
    "Importance": "high",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """What is known of an edition that is refused too much."""

    accepted: int
    refused: int
    left: int
    replies: Sequence[tuple[str, int]]  # the most frequent ones, with their counts


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """Tells ``addresses`` what only a person can mend."""

    database: Database
    newsletters: Mapping[str, NewsletterSettings]
    addresses: Sequence[str]
    clock: Clock

    def paused(self, edition: Edition) -> None:
        """Tell that an edition was paused because too much of it is refused."""
        logger.error(
            "edition paused: %s",
            edition.stopped_because,
            extra={"edition": edition.label, "alarms": len(self.addresses)},
        )
        newsletter = self.newsletters.get(edition.newsletter)
        if newsletter is None:  # no longer in the configuration: there is nobody to write as
            return
        now = self.clock()
        with self.database.readers() as session:
            refusals = _refusals(session, edition)
        mailing = paused_mailing(edition, newsletter, refusals)
        with self.database.sessions.begin() as session:
            for address in self.addresses:
                who = hashlib.blake2b(address.encode(), digest_size=8).hexdigest()
                notice = Posted(
                    purpose=PURPOSE,
                    # A pause is known by its moment: after `resume` there may be another.
                    dedupe_key=f"alarm:paused:{edition.id}:{now:%Y%m%dT%H%M%S}:{who}",
                    mailing=mailing,
                    newsletter=edition.newsletter,
                    address=address,
                    priority=PRIORITY,
                )
                notices.post(session, notice, now=now)

    def send_without_worker(self, sender: NoticeSender) -> None:
        """Hand alarms over ourselves when no worker is alive that would; never raise because of it."""
        with self.database.readers() as session:
            if not self.addresses or heartbeat.is_beating(session, now=self.clock()):
                return
        try:
            sender.send_due()
        except TransportError as error:
            logger.error("alarm not sent: %s", error)


def _refusals(session: Session, edition: Edition) -> Refusals:
    counted = books.of_edition(session, edition)
    # As the limit counts them: since the last time somebody let it go on.
    accepted, refused = session.execute(
        select(func.sum(Batch.accepted), func.sum(Batch.refused)).where(Batch.edition_id == edition.id)
    ).one()
    replies = session.execute(
        select(Delivery.reply, func.count())
        .where(
            Delivery.edition_id == edition.id,
            Delivery.state == State.REFUSED,
            Delivery.reply.is_not(None),
        )
        .group_by(Delivery.reply)
        .order_by(func.count().desc(), Delivery.reply)
        .limit(REPLIES_TOLD)
    )
    return Refusals(
        accepted=int(accepted or 0),
        refused=int(refused or 0),
        left=counted.open,
        replies=[(" ".join((reply or "").split()), count) for reply, count in replies],
    )


def paused_mailing(edition: Edition, newsletter: NewsletterSettings, refusals: Refusals) -> Mailing:
    """Return the mail about a paused edition; its text and its HTML say the same."""
    words = catalog(newsletter.language)
    known = refusals.accepted + refusals.refused
    values = {
        "name": newsletter.name,
        "date": words.short_date(edition.day),
        "known": f"{known:,}",
        "refused": f"{refusals.refused:,}",
        "percent": f"{refusals.refused * 100 / max(known, 1):.0f}",
        "left": f"{refusals.left:,}",
    }

    def say(part: str, **more: str) -> str:
        return words.pattern(f"alarm.paused.{part}").format(**values, **more)

    which = f"--newsletter {shlex.quote(edition.newsletter)} --day {edition.day.isoformat()}"
    commands = [(say(verb), f"newsletter {command} {which}") for verb, command in _COMMANDS.items()]
    said = [say("said_line", times=f"{count:,}", reply=reply) for reply, count in refusals.replies]
    paragraphs = [say("refused"), say("left")]
    return Mailing(
        edition=f"{edition.newsletter}-alarm",
        language=words.tag,
        sender=Sender(newsletter.sender_name, newsletter.sender.address),
        subject=say("subject"),
        headers=tuple((name, Template((value,))) for name, value in HEADERS.items()),
        text=Template((_text(say("title"), paragraphs, say("said"), said, commands),)),
        html=Template((_html(words, say("title"), paragraphs, say("said"), said, commands),)),
    )


_COMMANDS = {"look": "status", "resume": "resume", "cancel": "cancel"}  # part of the words: command


def _text(
    title: str,
    paragraphs: Sequence[str],
    said: str,
    replies: Sequence[str],
    commands: Sequence[tuple[str, str]],
) -> str:
    blocks = [title, *paragraphs]
    if replies:
        blocks.append("\n".join([said, *(f"- {reply}" for reply in replies)]))
    blocks += [f"{words}\n    {command}" for words, command in commands]
    return "\n\n".join(blocks) + "\n"


def _html(
    words: Catalog,
    title: str,
    paragraphs: Sequence[str],
    said: str,
    replies: Sequence[str],
    commands: Sequence[tuple[str, str]],
) -> str:
    blocks = [f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs]
    if replies:
        lines = "".join(f"<li>{escape(reply)}</li>" for reply in replies)
        blocks.append(f"<p>{escape(said)}</p><ul>{lines}</ul>")
    blocks += [f"<p>{escape(what)}<br><code>{escape(command)}</code></p>" for what, command in commands]
    return (
        f'<!doctype html>\n<html lang="{words.tag}" dir="{words.direction}">'
        f'<head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        '<body style="margin:24px auto;max-width:36em;font:16px/1.6 sans-serif">'
        f'<h1 style="font-size:20px">{escape(title)}</h1>\n' + "\n".join(blocks) + "</body></html>\n"
    )
