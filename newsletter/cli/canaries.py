"""``canaries``: are the mailboxes of ours reached, and how did the last editions arrive there?

``--json`` prints ``{"mailboxes": [{"name", "address", "why_not_reached": null or text}], "editions":
[{"newsletter", "day", "kind", "outcome", "began_at", "mailboxes": {name: {"place", "arrived_at",
"after_seconds", "spf", "dkim", "dmarc", "is_whole", "faults", "unreached"}}}]}``. With ``--no-look`` nobody
looks, and ``why_not_reached`` is null.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.morning import AsJson
from newsletter.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from newsletter.feedback.canary_rows import Canary, CanaryRun

EDITIONS = 7


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(canaries)


def canaries(
    look: Annotated[bool, typer.Option(help="Look into the mailboxes first.")] = True, as_json: AsJson = False
) -> None:
    """Show whether the canaries' mailboxes are reached, and how the last editions arrived there.

    Ends with 1 when one is not reached.
    """
    from newsletter.feedback.canaries import last_runs

    app = context.open_app()
    if app.returning.canaries is None:
        raise ConfigError("[[canaries.mailboxes]] is not set: no mailbox of yours gets editions first")
    try:
        mailboxes = app.returning.canaries.settings.mailboxes
        away = {mailbox.name: app.returning.canaries.reach(mailbox) for mailbox in mailboxes} if look else {}
        with app.database.readers() as session:
            runs = last_runs(session, limit=EDITIONS)
        if as_json:
            document = {
                "mailboxes": [
                    {"name": one.name, "address": one.address, "why_not_reached": away.get(one.name)}
                    for one in mailboxes
                ],
                "editions": [
                    {
                        "newsletter": edition.newsletter,
                        "day": edition.day.isoformat(),
                        "kind": edition.kind.value,
                    }
                    | facts(run, rows)
                    for edition, run, rows in runs
                ],
            }
            typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            for one in mailboxes:
                reached = "" if not look else f"NOT reached: {why}" if (why := away[one.name]) else "reached"
                typer.echo(f"{one.name:<12} {one.address:<32} {reached}".rstrip())
            for edition, run, rows in runs:
                zone = app.settings.newsletters[edition.newsletter].schedule.tz
                kind = "" if edition.kind == "daily" else f" {edition.kind}"
                typer.echo(f"{edition.newsletter} {edition.day}{kind}  {line(run, rows, zone)}")
            if not runs:
                typer.echo("no edition has gone to them yet")
    finally:
        app.close()
    if any(away.values()):
        raise typer.Exit(ExitCode.FAILED)


def line(run: CanaryRun, rows: Sequence[Canary], zone: tzinfo) -> str:
    """Return one line such as "good: arrived 07:31, inbox, 3 of 3"."""
    from newsletter.feedback import wording
    from newsletter.language import catalog

    words = catalog("en")
    arrived = [row.arrived_at for row in rows if row.arrived_at is not None]
    well = sum(row.place is not None and not row.faults for row in rows)
    said = f"{run.outcome.value}: "
    said += f"arrived {max(arrived).astimezone(zone):%H:%M}, " if arrived else "nothing arrived yet, "
    said += f"inbox, {well} of {len(rows)}"
    wrong = [f"{row.name} {wording.canary(row, words)}" for row in rows if row.faults or row.place is None]
    return "; ".join([said, *wrong])


def facts(run: CanaryRun, rows: Sequence[Canary]) -> dict[str, object]:
    """Return what the canaries of an edition said, for ``--json``."""
    return {
        "outcome": run.outcome.value,
        "began_at": run.began_at.isoformat(),
        "mailboxes": {
            row.name: {
                "place": row.place.value if row.place else None,
                "arrived_at": row.arrived_at.isoformat() if row.arrived_at else None,
                "after_seconds": (row.arrived_at - run.began_at).total_seconds() if row.arrived_at else None,
                **{
                    name: getattr(row, name)
                    for name in ("spf", "dkim", "dmarc", "is_whole", "faults", "unreached")
                },
            }
            for row in rows
        },
    }
