"""``test-send``: a digest as it would arrive, in a few mailboxes of one's own choice."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.digest import Day, File, Newsletter, print_findings
from newsletter.errors import ConfigError, ExitCode, NewsletterError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.delivery.tables import Notice
    from newsletter.mailing import Mailing
    from newsletter.morning import Proof
    from newsletter.urls import Urls
    from subscribers import Address

logger = logging.getLogger(__name__)

PREFIX = "【测试】"
PER_DAY = 50
PATIENCE_SECONDS = 20  # how long we watch a worker send them
LOOK_EVERY_SECONDS = 0.5
EXPLAINED = "test"  # stands for a token: the pages behind it explain themselves and change nothing


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test-send")(send_test)


def send_test(
    file: File,
    to: Annotated[list[str], typer.Option("--to", help="Where to; once for each address.")],
    as_is: Annotated[bool, typer.Option("--as-is", help=f"Leave out {PREFIX} in the subject.")] = False,
    day: Day = None,
    newsletter: Newsletter = None,
) -> None:
    """Send a digest to a few addresses for a look, whatever the gate thinks of it. It stays unused.

    Its links to leave and to manage explain themselves and change nothing. At most 50 a day.
    """
    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    try:
        proof = _prove(app, slug, file, day.date() if day else None)
        print_findings(proof)
        mailing = proof.mailing if as_is else replace(proof.mailing, subject=PREFIX + proof.mailing.subject)
        addresses = _addresses(to)
        keys = _post(app, slug, mailing, addresses)
        logger.info("test sent", extra={"newsletter": slug, "digest": str(file), "copies": len(keys)})
        wait_or_send(app, keys)
        raise typer.Exit(report(app, keys))
    finally:
        app.close()


def _prove(app: App, slug: str, file: Path, day: date | None) -> Proof:
    from newsletter.morning import prove, read_digest

    settings = app.settings.newsletters[slug]
    today = app.clock().astimezone(settings.schedule.tz).date()
    digest = read_digest(file, settings, default_day=day or today)
    return prove(digest, slug, settings, renderer=app.renderer, urls=app.urls(slug), day=day or digest.day)


def _addresses(typed: list[str]) -> list[Address]:
    from subscribers import InvalidAddress, normalise

    try:
        return list(dict.fromkeys(normalise(address) for address in typed))
    except InvalidAddress as error:
        raise ConfigError(f"--to: {error}") from None


def _post(app: App, slug: str, mailing: Mailing, addresses: list[Address]) -> list[str]:
    """Write a notice for each address, all or none, and return their keys."""
    from newsletter import limits
    from newsletter.delivery import notices
    from newsletter.delivery.notices import Posted
    from newsletter.limits import Limit
    from subscribers import is_suppressed

    per_day = Limit(name="mail.test.day", times=PER_DAY, window=timedelta(days=1))
    now, keys = app.clock(), []
    with app.database.sessions.begin() as session:
        for address in addresses:
            if is_suppressed(session, app.keys.addresses.digest(address), address.domain):
                raise NewsletterError(f"{address} is on the list of those we never mail; nothing was sent")
            if not limits.allow(session, per_day, "installation", now=now):
                raise NewsletterError(f"no more than {PER_DAY} test mails a day; nothing was sent")
            key = f"test:{token_hex(12)}"
            notices.post(
                session,
                Posted(
                    purpose="test",
                    dedupe_key=key,
                    mailing=written_out(mailing, address.value, app.urls(slug)),
                    newsletter=slug,
                    address=address.value,
                    priority=1,
                ),
                now=now,
            )
            keys.append(key)
    return keys


def written_out(mailing: Mailing, address: str, urls: Urls) -> Mailing:
    """Return ``mailing`` as one person sees it, with links that only explain themselves."""
    from newsletter.mailing import Template

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


def wait_or_send(app: App, keys: list[str]) -> None:
    """Let the worker that runs send them; send ourselves what it has not."""
    from newsletter.delivery import heartbeat
    from newsletter.delivery.states import OPEN

    with app.database.readers() as session:
        has_worker = heartbeat.is_beating(session, now=app.clock())
    ends_at = time.monotonic() + (PATIENCE_SECONDS if has_worker else 0)
    while time.monotonic() < ends_at and any(notice.state in OPEN for notice in _notices(app, keys)):
        time.sleep(LOOK_EVERY_SECONDS)
    # Other notices that are due go with them, the urgent ones first.
    sender = app.notice_sender()
    while any(notice.state in OPEN and notice.due_at <= app.clock() for notice in _notices(app, keys)):
        if not sender.send_due():
            return


def _notices(app: App, keys: list[str]) -> list[Notice]:
    from sqlalchemy import select

    from newsletter.delivery.tables import Notice

    with app.database.readers() as session:
        return list(session.scalars(select(Notice).where(Notice.dedupe_key.in_(keys)).order_by(Notice.id)))


def report(app: App, keys: list[str]) -> ExitCode:
    """Print what became of notices, and return how a command ends because of it."""
    from newsletter.delivery.states import State

    sent = _notices(app, keys)
    for notice in sent:
        colour = typer.colors.GREEN if notice.state is State.ACCEPTED else typer.colors.RED
        typer.secho(f"{notice.state.value.replace('_', ' '):<10}", fg=colour, nl=False)
        typer.echo(f" {notice.address}" + (f"  ({notice.reply})" if notice.reply else ""))
    return ExitCode.DONE if all(one.state is State.ACCEPTED for one in sent) else ExitCode.FAILED
