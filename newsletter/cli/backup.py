"""``backup`` and ``restore``.

``backup --json`` prints ``{"file", "size", "rows", "checked"}``; ``backup --list --json`` a list of
``{"file", "size", "made_at"}``; ``restore --json`` prints ``{"made_at", "placed", "moved_aside",
"replayed"}``.

Exit codes: 0 done, 1 it could not be made, opened or put in place, 2 a setting is missing or wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import ask
from newsletter.cli.morning import AsJson
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.config import Settings
    from newsletter.restoring import Restored


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    to: Annotated[Path | None, typer.Option("--to", help="The folder.", show_default="backup.folder")] = None,
    check: Annotated[
        Path | None, typer.Option("--check", help="Make none: restore this one into a scratch database.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Make none: show those that are there.")] = False,
    new_passphrase: Annotated[
        Path | None, typer.Option("--new-passphrase", help="Make none: write a new passphrase to this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database and the keys, at one moment, into one file sealed with the passphrase.

    It is then restored into a scratch database and compared, and of older ones backup.keep stay. Others go
    on sending meanwhile. Without the passphrase a backup cannot be opened: keep a copy of it elsewhere.
    """
    from newsletter.backup.making import backups_in
    from newsletter.backup.passphrase import new_passphrase as write_new
    from newsletter.backup.passphrase import passphrase_of

    if new_passphrase:
        path = new_passphrase.resolve()
        typer.echo(write_new(path))
        typer.echo(
            f"It lies in {path}, too. Keep a copy far from this machine: without it no backup", err=True
        )
        typer.echo("can be opened. Then say in config.toml, under [backup]:", err=True)
        typer.echo(f'  passphrase_file = "{path}"', err=True)
        return
    app = context.open_app()
    try:
        chosen = app.settings.backup
        if to is not None:
            chosen = chosen.model_copy(update={"folder": to.resolve()})
        if listing:
            if chosen.folder is None:
                raise ConfigError("backup.folder is not set: name a folder, or set it")
            _show(backups_in(chosen.folder), as_json=as_json)
            return
        if check:
            _check(app.settings, check, passphrase_of(chosen), as_json=as_json)
            return
        if chosen.folder is None:
            raise ConfigError("backup.folder is not set: name a folder with --to, or set it")
        app.settings = app.settings.model_copy(update={"backup": chosen})
        made, told = app.backups.make()
    finally:
        app.close()
    if as_json:
        document = {
            "file": str(made.file),
            "size": made.size,
            "rows": dict(made.manifest.rows),
            "checked": told or None,
        }
        typer.echo(json.dumps(document))
        return
    typer.echo(f"made {made.file} ({made.size / 1e6:,.1f} MB, {sum(made.manifest.rows.values()):,} rows)")
    typer.echo(f"  {told or 'not checked (backup.check = false)'}")


def _check(settings: Settings, file: Path, passphrase: str, *, as_json: bool) -> None:
    from newsletter.backup.checking import check

    manifest, told = check(settings, file.resolve(), passphrase)
    if as_json:
        typer.echo(json.dumps({"file": str(file), "made_at": manifest.made_at.isoformat(), "checked": told}))
        return
    typer.echo(
        f"{file.name}: of {manifest.made_at:%Y-%m-%d %H:%M} UTC, newsletter {manifest.software}; {told}"
    )


def _show(files: Sequence[Path], *, as_json: bool) -> None:
    rows = [
        {
            "file": str(path),
            "size": path.stat().st_size,
            "made_at": datetime.strptime(path.name.split("-")[1][:16], "%Y%m%dT%H%M%SZ")
            .replace(tzinfo=UTC)
            .isoformat(),
        }
        for path in files
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['made_at']}  {row['size'] / 1e6:>10,.1f} MB  {row['file']}")
    if not rows:
        typer.echo("there are no backups yet")


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    into: Annotated[
        Path | None,
        typer.Option("--into", help="An empty folder: make a whole installation of the backup there."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move what is in place aside, and put the backup there.")
    ] = False,
    passphrase_file: Annotated[
        Path | None,
        typer.Option("--passphrase-file", help="Where the passphrase lies; asked for where it is not known."),
    ] = None,
    journal: Annotated[
        list[Path] | None,
        typer.Option("--journal", help="Journals to replay at once, beside the one of journal.file."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup: into a scratch database, compared there, and then in place; replay the journal.

    Nothing that was there is removed: it is moved aside. Afterwards nothing is sent before
    `newsletter fence --confirm`.
    """
    from newsletter.clock import utc_now
    from newsletter.config import find_config, load
    from newsletter.restoring import restore_here, restore_home

    if into is not None:
        done = restore_home(file, into.resolve(), _passphrase(None, passphrase_file), now=utc_now())
    else:
        settings = load(find_config(context.config_file))
        passphrase = _passphrase(settings, passphrase_file)
        if replace:
            ask("is nothing running on it, and may what is there be moved aside?", yes=yes)
        done = restore_here(settings, file, passphrase, replace=replace, now=utc_now())
    replayed = _replay(done.settings, journal or [])
    if as_json:
        document = {
            "made_at": done.manifest.made_at.isoformat(),
            "placed": [str(path) for path in done.placed],
            "moved_aside": done.aside,
            "replayed": replayed,
        }
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    _tell(done, replayed)


def _tell(done: Restored, replayed: dict[str, str]) -> None:
    rows = sum(done.manifest.rows.values())
    typer.echo(
        f"restored the backup of {done.manifest.made_at:%Y-%m-%d %H:%M} UTC: {rows:,} rows, the same as then"
    )
    for path in done.placed:
        typer.echo(f"  put in place: {path}")
    for moved in done.aside:
        typer.echo(f"  moved aside: {moved}")
    for name, said in replayed.items():
        typer.echo(f"  journal {name}: {said}")
    if not replayed:
        typer.secho(
            "there is no journal: whoever left since then is on the list again", fg=typer.colors.YELLOW
        )
    config = done.settings.config_file
    typer.echo("nothing is sent before you say that this is the database to go on with:")
    typer.echo(
        f"  newsletter --config {config} fence --confirm" if config else "  newsletter fence --confirm"
    )


def _replay(settings: Settings, others: list[Path]) -> dict[str, str]:
    """Replay the journals that are there; return what each brought."""
    from newsletter.app import App
    from newsletter.cli.journal import journals_of, words
    from newsletter.journal.replay import replay

    app, told = App(settings), dict[str, str]()
    try:
        own = app.journal
        if own is not None and not own.path.is_file():
            told[str(own.path)] = "IS NOT THERE; find it, and run `newsletter journal replay`"
            own = None
        for journal in [*([own] if own else []), *(journals_of(app, others) if others else [])]:
            found = replay(app.database, journal.entries())
            told[str(journal.path)] = words(found) or "the database knew all of it"
    finally:
        app.close()
    return told


def _passphrase(settings: Settings | None, file: Path | None) -> str:
    from newsletter.backup.passphrase import passphrase_of
    from newsletter.config.keeping import BackupSettings

    chosen = settings.backup if settings else BackupSettings()
    if file is not None:
        return passphrase_of(chosen.model_copy(update={"passphrase_file": file.resolve()}))
    if chosen.passphrase_file is not None or chosen.passphrase.get_secret_value():
        return passphrase_of(chosen)
    return typer.prompt("passphrase", hide_input=True, err=True)
