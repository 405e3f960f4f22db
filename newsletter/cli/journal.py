"""``journal``: the file elsewhere that remembers who left and which editions began.

``verify --json`` prints ``{"file", "entries", "first_at", "last_at", "waiting", "missing": {what: count}}``:
*waiting* are facts that could not be written there yet, *missing* is what the database does not know.
``replay --json`` prints ``{"file", "done": {what: count}}``.

Exit codes: 0 all is well, 1 the journal is broken, 2 there is none, 3 the database does not know all of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.morning import AsJson
from newsletter.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.journal.file import JournalFile
    from newsletter.journal.replay import Replayed

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="Other hosts' journals; without it, the one of journal.file.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What must not be forgotten even when the database is.", no_args_is_help=True)
    group.command()(verify)
    group.command()(replay)
    app.add_typer(group, name="journal")


def verify(files: Files = None, as_json: AsJson = False) -> None:
    """Check every line against its chain, and say what the database does not know of it.

    Exit code 3 when there is something: `newsletter journal replay` brings it there.
    """
    from newsletter.journal import replay as replaying
    from newsletter.journal.writing import waiting

    app = context.open_app()
    try:
        journals = journals_of(app, files)
        missing = []
        for journal in journals:
            entries = list(journal.entries())
            lacks = replaying.replay(app.database, entries, dry=True)
            missing.append(lacks)
            with app.database.readers() as session:
                late = waiting(session)
            if as_json:
                document = {
                    "file": str(journal.path),
                    "entries": len(entries),
                    "first_at": entries[0].fact.at.isoformat() if entries else None,
                    "last_at": entries[-1].fact.at.isoformat() if entries else None,
                    "waiting": late,
                    "missing": lacks.as_json(),
                }
                typer.echo(json.dumps(document))
                continue
            typer.echo(f"{journal.path}: {len(entries):,} entries, unbroken")
            if late:
                typer.secho(f"  {late:,} facts wait to be written there", fg=typer.colors.YELLOW)
            if lacks:
                typer.secho(f"  the database does not know of {words(lacks)}", fg=typer.colors.YELLOW)
    finally:
        app.close()
    if any(missing):
        if not as_json:
            typer.echo("`newsletter journal replay` brings it there")
        raise typer.Exit(ExitCode.HELD)


def replay(files: Files = None, as_json: AsJson = False) -> None:
    """Bring the database what it does not know of the journal: after a restore, before the fence opens.

    Nothing that the database knows already is done again, so it may be run twice.
    """
    from newsletter.journal import replay as replaying

    app = context.open_app()
    try:
        for journal in journals_of(app, files):
            done = replaying.replay(app.database, journal.entries())
            if as_json:
                typer.echo(json.dumps({"file": str(journal.path), "done": done.as_json()}))
            elif done:
                typer.echo(f"{journal.path}: brought to the database: {words(done)}")
            else:
                typer.echo(f"{journal.path}: the database knows all of it")
    finally:
        app.close()


def journals_of(app: App, files: list[Path] | None) -> list[JournalFile]:
    """Return the journals that are meant, or raise ``ConfigError``."""
    from newsletter.journal.file import JournalFile

    if files:
        found = [JournalFile(path=file, chain=lambda: app.keys.journal, clock=app.clock) for file in files]
    elif app.journal is not None:
        found = [app.journal]
    else:
        raise ConfigError("journal.file is not set: there is no journal; name its file, or set it")
    for journal in found:
        if not journal.path.is_file():
            raise ConfigError(f"there is no {journal.path}; is the disk that holds the journal there?")
    return found


def words(found: Replayed) -> str:
    """Return what was found in words."""
    told = {
        "left": ("leave", "leaves"),
        "erased": ("erasure", "erasures"),
        "suppressed": ("suppression", "suppressions"),
        "editions": ("edition that began", "editions that began"),
    }
    return ", ".join(
        f"{count:,} {told[name][count != 1]}" for name, count in found.as_json().items() if count
    )
