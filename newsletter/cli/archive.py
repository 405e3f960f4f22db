"""``newsletter archive``: past digests on the web, without sending anything to anybody."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli import context
from newsletter.errors import DigestError, NewsletterError

archive = typer.Typer(help="Past editions on the web.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(archive, name="archive")


@archive.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="Past digests: Markdown files.", exists=True)],
    day: Annotated[
        datetime | None,
        typer.Option(
            "--day", formats=["%Y-%m-%d"], help="The day of a single digest.", show_default="its own"
        ),
    ] = None,
    newsletter: Annotated[
        str | None,
        typer.Option(
            "--newsletter", "-n", help="Its name in the configuration.", show_default="the only one"
        ),
    ] = None,
) -> None:
    """Put past digests into the archive. Nothing is sent; put in again, a digest is replaced."""
    from newsletter.editions import archive as pages
    from newsletter.editions.archive import Key
    from newsletter.editions.pictures import bundle_of, gather
    from newsletter.morning import read_digest

    if day and len(files) > 1:
        raise typer.BadParameter("goes with one file only; let the others say their day", param_hint="--day")
    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    now = app.clock()
    today = now.astimezone(settings.schedule.tz).date()
    failed: list[NewsletterError] = []
    for file in files:
        try:
            digest = read_digest(file, settings, default_day=day.date() if day else today)
            key = Key(day.date() if day else digest.day)
            if digest.front.draft or key.day > today:
                wrong = (
                    "it is marked as a draft" if digest.front.draft else f"its day, {key}, has not come yet"
                )
                remedy = "the archive shows to everybody what is past; choose another file"
                raise DigestError(wrong, remedy=remedy, file=str(file))
            bundle = bundle_of(file)
            pictures = gather(digest, bundle) if bundle else []
            at = datetime.combine(key.day, settings.schedule.send_at, settings.schedule.tz)
            with app.database.sessions.begin() as session:
                page = pages.add(session, slug, key, digest, pictures, published_at=at, now=now)
            typer.echo(f"{app.urls(slug).edition(key.day)}  {page.title}")
        except NewsletterError as error:
            failed.append(error)
            typer.echo(f"newsletter: {error}", err=True)
    app.close()
    if failed:
        raise typer.Exit(failed[0].exit_code)
