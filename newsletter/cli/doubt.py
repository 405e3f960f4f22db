"""``doubt``: every call and notice whose end nobody knows, with the evidence; and what a person decides.

``--json`` prints ``{"calls": [{"name", "key", "newsletter", "day", "kind", "lane", "transport", "copies",
"in_doubt", "began_at", "ended_at", "reply", "later_calls", "later_accepted", "later_heard",
"why_not_resent"}], "notices": [{"name", "purpose", "newsletter", "to", "created_at", "reply"}]}``.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import context
from newsletter.cli.control import Because, Yes, ask, copies, sent_by, who
from newsletter.cli.morning import AsJson
from newsletter.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.app import App
    from newsletter.feedback.doubts import DoubtfulCall, DoubtfulNotice


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doubt)


def doubt(
    accepted: Annotated[
        str, typer.Option("--accepted", metavar="NAME", help="You found out that it arrived: c17, n5.")
    ] = "",
    because: Because = "",
    resend: Annotated[
        str, typer.Option("--resend", metavar="NAME", help="Send it again: somebody may get two.")
    ] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """List whatever may or may not have been handed over, with the evidence, or decide about one.

    Ends with 1 while something is in doubt.
    """
    from newsletter.feedback import doubts

    if accepted and resend:
        raise ConfigError("--accepted and --resend exclude each other; choose one")
    if accepted and not because.strip():
        raise ConfigError('--accepted needs --because "how you know", which is kept with it')
    app = context.open_app()
    if accepted:
        with app.database.sessions.begin() as session:
            count = doubts.accept(session, accepted, who=who(), because=because.strip(), now=app.clock())
        typer.echo(f"{accepted}: {copies(count)} settled as accepted")
        return
    if resend:
        ask(f"Send {resend} again? Whoever has it gets a second", yes=yes)
        with app.database.sessions.begin() as session:
            count = doubts.resend(session, resend, who=who(), now=app.clock())
        typer.echo(f"{resend}: {copies(count)} to be sent again; {sent_by(app)}")
        return
    with app.database.readers() as session:
        calls = doubts.calls(session, app.applier.silence, now=app.clock())
        notices = doubts.in_doubt_notices(session)
    if as_json:
        typer.echo(
            json.dumps({"calls": _plain(calls), "notices": _plain(notices)}, ensure_ascii=False, indent=2)
        )
    else:
        _show(app, calls, notices)
    if calls or notices:
        raise typer.Exit(ExitCode.FAILED)


def _plain(found: Sequence[DoubtfulCall | DoubtfulNotice]) -> list[dict[str, Any]]:
    return [
        {"name": one.name}
        | {
            name: value.isoformat() if isinstance(value, date | datetime) else value
            for name, value in asdict(one).items()
            if name not in ("id", "edition_id")
        }
        for one in found
    ]


def _show(app: App, calls: Sequence[DoubtfulCall], notices: Sequence[DoubtfulNotice]) -> None:
    if not calls and not notices:
        typer.echo("nothing is in doubt")
        return
    for call in calls:
        newsletter = app.settings.newsletters.get(call.newsletter)
        zone = newsletter.schedule.tz if newsletter else None
        kind = "" if call.kind == "daily" else f" {call.kind}"
        typer.secho(f"{call.name}  {call.newsletter} {call.day}{kind}  {call.lane}", bold=True)
        ended = f"{call.ended_at.astimezone(zone):%H:%M:%S}" if call.ended_at else "its worker died"
        typer.echo(
            f"  {call.in_doubt:,} of {copies(call.copies)} in doubt, by {call.transport},"
            f" {call.began_at.astimezone(zone):%H:%M:%S} to {ended}"
        )
        typer.echo(f"  the answer: {call.reply or 'nothing is known of it'}")
        heard = f"{call.later_heard:,} of {copies(call.later_accepted)}" if call.later_accepted else "no"
        typer.echo(f"  later calls that were accepted: {call.later_calls}, and {heard} of them were heard of")
        typer.echo(f"  not sent again by itself: {call.why_not_resent or 'it is, in a moment'}")
        typer.echo(f"  in the provider's records: {call.key}")
    for notice in notices:
        typer.secho(
            f"{notice.name}  {notice.purpose} to {notice.to or 'somebody who was forgotten'}", bold=True
        )
        typer.echo(
            f"  written {notice.created_at:%Y-%m-%d %H:%M} UTC; {notice.reply or 'the answer was lost'}"
        )
    typer.echo(
        'If it arrived: `newsletter doubt --accepted NAME --because "how you know"`; '
        "if not: `newsletter doubt --resend NAME`"
    )
