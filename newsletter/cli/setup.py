"""Setting up: ``init``, ``migrate``, ``demo``."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli import context


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(migrate)
    app.command()(demo)


def init(
    folder: Annotated[Path, typer.Argument(help="Where config.toml is to lie.")] = Path(),
    ask: Annotated[
        bool | None,
        typer.Option(
            "--ask/--no-ask", help="Ask for name, sender and way out.", show_default="at a terminal"
        ),
    ] = None,
) -> None:
    """Make config.toml, the keys and the database; what is already there is left alone.

    At a terminal it asks a few things first, and says at the end what is to be done next.
    """
    from newsletter.app import App
    from newsletter.cli import asking
    from newsletter.config import load, packaged_config
    from newsletter.config.answers import filled
    from newsletter.migrations import migrate as bring_up

    answers = None
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    if config.exists():
        typer.echo(f"{config} is already there; using it")
    else:
        text = packaged_config()
        if sys.stdin.isatty() if ask is None else ask:
            answers = asking.ask()
            if answers.backups:
                answers = replace(answers, passphrase_file=asking.make_passphrase(folder))
            text = filled(text, answers)
        with os.fdopen(
            os.open(config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        typer.echo(f"made {config}")
    app = App(load(config.resolve()))
    keys = app.settings.keys.file
    if keys.exists():
        typer.echo(f"{keys} is already there; using it")
    else:
        app.make_keys()
        typer.echo(f"made {keys}")
        typer.echo("  SAVE A COPY of this file somewhere safe and secret. Without it the unsubscribe links")
        typer.echo("  in mail already sent stop working, and suppressed addresses are no longer recognised.")
    bring_up(app.database)
    app.establish()
    app.engine.install()
    typer.echo("the database is ready")
    for slug, newsletter in app.settings.newsletters.items():
        source = newsletter.source
        if source.folder:
            source.folder.mkdir(parents=True, exist_ok=True)
            typer.echo(f"put the digests of {slug} into {source.folder}, then: newsletter morning")
        else:
            typer.echo(f"the digests of {slug} come from {source.url or source.feed}: newsletter morning")
    if answers is not None:
        asking.tell_dns(answers.sender, answers.preset.name)
        typer.echo(f"\nlook whether all is well:  newsletter --config {config} doctor")
        typer.echo(f"send yourself a test:      newsletter --config {config} test-send YOU@…")
        typer.echo(f"and let it run:            newsletter --config {config} run")
    app.close()


def migrate() -> None:
    """Bring the database to the schema of this release."""
    from newsletter.migrations import migrate as bring_up

    app = context.open_app(current=False)
    before, now = bring_up(app.database)
    app.establish()
    app.engine.install()
    typer.echo(f"the database is at {now}" + ("" if before == now else f" (was {before or 'empty'})"))


def demo(
    folder: Annotated[Path, typer.Option(help="Everything the demo makes lies here.")] = Path("var/demo"),
) -> None:
    """Show the whole way once: a sample digest, sample readers, gate, render, freeze, send to files."""
    from newsletter.cli.demo import run

    run(folder)
