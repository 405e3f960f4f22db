"""``test-send``: a digest as it would arrive, in a few mailboxes of one's own choice."""

from __future__ import annotations

import logging
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import who
from newsletter.cli.digest import Day, File, Newsletter, print_findings
from newsletter.errors import ExitCode

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.delivery.tables import Notice
    from newsletter.mailing import Mailing
    from newsletter.morning import Proof

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 20  # how long we watch a worker send them
LOOK_EVERY_SECONDS = 0.5


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test-send")(send_test)


def send_test(
    file: File,
    to: Annotated[list[str], typer.Option("--to", help="Where to; once for each address.")],
    as_is: Annotated[bool, typer.Option("--as-is", help="Leave out 【测试】 in the subject.")] = False,
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
        keys = _post(app, slug, proof.mailing, to, marked=not as_is)
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


def _post(app: App, slug: str, mailing: Mailing, typed: list[str], *, marked: bool) -> list[str]:
    """Write a notice for each address, all or none, and return their keys."""
    from newsletter.desk import trial

    addresses = trial.addresses_in(typed)
    with app.database.sessions.begin() as session:
        run = trial.post(
            session,
            mailing,
            addresses,
            newsletter=slug,
            urls=app.urls(slug),
            hasher=app.keys.addresses,
            by=who(),
            marked=marked,
            now=app.clock(),
        )
    return trial.keys_of(run, len(addresses))


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
