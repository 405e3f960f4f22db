"""``feedback`` and ``reconcile``: what came back, and a look at the provider's own lists.

``feedback --json`` prints::

    {"edition": null or {"edition", "handed_over", "heard", kind: count …, "blocked_by_meaning", "opens",
                         "clicks"},
     "waiting", "oldest_at", "set_aside", "counted": {provider: {what: count}},
     "asked", "confirmed", "aside": [{"provider", "received_at", "why", "words"}]}

``reconcile --json`` prints ``{"since", "until", "entries": {list: count}, "unread": {list: why},
"suppressed", "left"}``; it ends with 1 when a list could not be read.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import EditionDay
from newsletter.cli.digest import Newsletter
from newsletter.cli.people import AsJson
from newsletter.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from newsletter.editions.edition import Edition
    from newsletter.feedback.figures import EditionFigures, Intake

SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(feedback)
    app.command()(reconcile)


def feedback(
    day: EditionDay = None,
    newsletter: Newsletter = None,
    again: Annotated[
        bool, typer.Option("--again", help="Have posts that were set aside applied once more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what came back of an edition (the newest sent), how taking in goes, and who confirms."""
    from newsletter.feedback import aside, figures, inbox

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    now = app.clock()
    if again:
        with app.database.sessions.begin() as session:
            typer.echo(f"posts to be applied once more: {inbox.retry_failed(session)}", err=as_json)
    with app.database.readers() as session:
        edition = _edition(session, slug, day)
        found = figures.of_edition(session, edition) if edition else None
        taken = figures.intake(session, now=now)
        asked, confirmed = figures.confirmation(session, slug, now=now)
        kept = aside.newest(session, limit=SHOWN)
    if as_json:
        document = {
            "edition": found.as_json() if found else None,
            "waiting": taken.waiting,
            "oldest_at": taken.oldest_at.isoformat() if taken.oldest_at else None,
            "set_aside": taken.failed,
            "counted": taken.counted,
            "asked": asked,
            "confirmed": confirmed,
            "aside": [
                {
                    "provider": one.provider,
                    "received_at": one.received_at.isoformat(),
                    "why": one.why,
                    "words": one.words,
                }
                for one in kept
            ],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    _print_edition(found)
    _print_intake(taken)
    rate = f" ({confirmed * 100 / asked:.0f} %)" if asked else ""
    typer.echo(f"sign-up in 7 days: {asked:,} asked, {confirmed:,} have confirmed{rate}")
    for one in kept:
        typer.echo(
            f"  kept aside  {one.received_at:%Y-%m-%d %H:%M}  {one.provider}  {one.why}: {one.words[:120]}"
        )


def reconcile(
    days: Annotated[
        int | None, typer.Option(help="How far to look back.", min=1, max=3650, show_default="the last look")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read SendGrid's own lists of bounces, complaints and unsubscribes, as the worker does every night."""
    from newsletter.config import TransportKind
    from newsletter.feedback.making import rules_of
    from newsletter.feedback.reconcile import reconcile as look
    from newsletter.transports.sendgrid import SendGridTransport

    app = context.open_app()
    transport = app.notice_transport
    if app.settings.transport.kind is not TransportKind.SENDGRID or not isinstance(
        transport, SendGridTransport
    ):
        raise ConfigError("transport.kind is not sendgrid; only SendGrid has lists that are read")
    now = app.clock()
    found = look(
        app.database,
        transport,
        keys=app.keys,
        rules=rules_of(app.settings),
        now=now,
        since=now - timedelta(days=days) if days else None,
    )
    app.close()
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        for name, count in found.entries.items():
            told = found.unread.get(name)
            typer.echo(f"{name:<16} {count:>7,}" + (f"  not read whole: {told}" if told else ""))
        typer.echo(f"suppressed anew: {found.suppressed:,}; lists left: {found.left:,}")
    if found.unread:
        raise typer.Exit(ExitCode.FAILED)


def _edition(session: Session, slug: str, day: datetime | None) -> Edition | None:
    from sqlalchemy import select

    from newsletter.editions.edition import SENT, Edition

    query = select(Edition).where(Edition.newsletter == slug, Edition.state.in_(SENT))
    if day is not None:
        query = query.where(Edition.day == day.date())
    return session.scalars(query.order_by(Edition.day.desc(), Edition.id.desc())).first()


def _print_edition(found: EditionFigures | None) -> None:
    if found is None:
        typer.echo("no edition has gone out")
        return
    typer.secho(found.label, bold=True)
    share = f" ({found.heard * 100 / found.accepted:.1f} %)" if found.accepted else ""
    typer.echo(f"  handed over {found.accepted:,}, heard of {found.heard:,}{share}")
    for kind, count in sorted(found.by_kind.items()):
        typer.echo(f"  {kind:<14} {count:>9,}")
    for meaning, count in sorted(found.blocked_by_meaning.items()):
        typer.echo(f"    of the blocked, {meaning}: {count:,}")
    if found.opens or found.clicks:
        typer.echo(f"  readers who opened {found.opens:,}; clicks on stories {found.clicks:,}")


def _print_intake(taken: Intake) -> None:
    since = f", the oldest since {taken.oldest_at:%Y-%m-%d %H:%M} UTC" if taken.oldest_at else ""
    typer.echo(f"posts to be applied: {taken.waiting:,}{since}")
    if taken.failed:
        typer.secho(
            f"posts set aside: {taken.failed:,}; `newsletter feedback --again` applies them once more",
            fg=typer.colors.RED,
        )
    for provider, counts in taken.counted.items():
        told = ", ".join(f"{what} {count:,}" for what, count in counts.items())
        typer.echo(f"in 7 days, {provider}: {told}")
