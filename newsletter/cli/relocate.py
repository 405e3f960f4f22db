"""``move``: the whole installation to another database, compared row by row.

``--json`` prints ``{"tables": [{"table", "rows", "fingerprint"}]}``.

Exit codes: 0 done, 1 it could not be done or did not arrive as it was, 2 a setting is wrong.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import ask
from newsletter.cli.morning import AsJson


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(move)


def move(
    to: Annotated[
        str, typer.Option("--to", help="An empty database: postgresql://user@host/name or sqlite:////a/file.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Move everything to another database: SQLite to PostgreSQL, or back.

    Stop all workers and pages first. Every table is compared afterwards, in number and by a hash over its
    rows. The old database stays as it is, and sends no more. Then set database.url, and open the fence
    (`newsletter fence --confirm`).
    """
    from newsletter.database import connect
    from newsletter.relocating import move as relocate

    app = context.open_app()
    new = connect(to)
    try:
        ask("are the workers and the pages stopped?", yes=yes)
        moved = relocate(
            app.database,
            new,
            now=app.clock(),
            told=lambda name, rows: None if as_json else typer.echo(f"  {rows:>12,}  {name}"),
        )
    finally:
        new.close()
        app.close()
    if as_json:
        typer.echo(json.dumps({"tables": [asdict(each) for each in moved]}))
        return
    rows = sum(each.rows for each in moved)
    typer.secho(f"moved {rows:,} rows in {len(moved)} tables, every one the same", fg=typer.colors.GREEN)
    typer.echo("now set database.url to the new one, and then: newsletter fence --confirm")
    typer.echo("the old database sends no more; keep it until a morning has gone well")
