"""``revisions``, ``rewrite`` and ``choose``: the text of a day to come, as the editors' desk has it.

``revisions --json`` prints::

    {"newsletter", "day", "goes_out": "source" or a number, "contested", "source": null or its place,
     "revisions": [{"number", "author", "created_at", "is_source", "left_out", "note"}]}
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import who
from newsletter.cli.digest import File, Newsletter
from newsletter.errors import ConfigError, DigestError, ExitCode

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.desk.texts import OpenText, Texts
    from newsletter.editions.revision import Revision

Day = Annotated[
    datetime | None,
    typer.Option("--day", formats=["%Y-%m-%d"], help="The day of the edition.", show_default="the next one"),
]
Note = Annotated[str, typer.Option("--note", help="What was changed; kept with it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (revisions, rewrite, choose):
        app.command()(command)


def revisions(
    day: Day = None,
    show: Annotated[
        int | None, typer.Option("--show", metavar="NUMBER", help="Print the text of one revision.")
    ] = None,
    newsletter: Newsletter = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List who put which text in the place of a day's source. Exit code 3 when a person must choose."""
    app, slug, texts, wanted = _open(newsletter, day)
    try:
        opened = texts.open(wanted)
        if show is not None:
            typer.echo(_numbered(opened, show).text or "", nl=False)
            return
        if as_json:
            typer.echo(json.dumps(_json(slug, opened), ensure_ascii=False, indent=2))
        else:
            _print(slug, opened)
        if opened.is_contested:
            raise typer.Exit(ExitCode.HELD)
    finally:
        app.close()


def rewrite(file: File, day: Day = None, note: Note = "", newsletter: Newsletter = None) -> None:
    """Let FILE go out in the place of a day's source. The source itself is left alone."""
    app, slug, texts, wanted = _open(newsletter, day)
    try:
        try:
            text = file.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DigestError(
                "cannot be read as UTF-8", remedy="save it as UTF-8 text", file=str(file)
            ) from error
        after = texts.open(wanted).number
        revision = texts.replace(wanted, text, author=who(), after=after, note=note)
    finally:
        app.close()
    typer.echo(f"{slug} {wanted}: revision {revision.number} goes out; `newsletter choose source` undoes it")


def choose(
    choice: Annotated[
        str, typer.Argument(help="source, revision (the newest, once more), or the number of an older one.")
    ],
    day: Day = None,
    newsletter: Newsletter = None,
) -> None:
    """Choose which text of a day goes out: of the source, or a revision."""
    app, slug, texts, wanted = _open(newsletter, day)
    try:
        after = texts.open(wanted).number
        if choice == "source":
            texts.use_source(wanted, author=who(), after=after)
        elif choice == "revision":
            texts.keep(wanted, author=who(), after=after)
        elif choice.isdecimal():
            texts.go_back(wanted, int(choice), author=who(), after=after)
        else:
            raise ConfigError(f"{choice!r} is none of: source, revision, or a number")
        opened = texts.open(wanted)
    finally:
        app.close()
    typer.echo(f"{slug} {wanted}: {_goes_out(opened)} goes out")


def _open(newsletter: str | None, day: datetime | None) -> tuple[App, str, Texts, date]:
    from newsletter.desk.desk import Desk
    from newsletter.morning.deciding import in_hand

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    morning = app.morning(slug)
    with app.database.readers() as session:
        wanted = day.date() if day else in_hand(session, slug, morning.timetable, now=app.clock())
    return app, slug, Desk(morning=morning).texts, wanted


def _numbered(opened: OpenText, number: int) -> Revision:
    found = next((one for one in opened.history if one.number == number), None)
    if found is None or found.text is None:
        raise ConfigError(f"--show: {opened.day} has no text with the number {number}")
    return found


def _goes_out(opened: OpenText) -> str:
    return f"revision {opened.revision.number}" if opened.revision else "the source"


def _print(slug: str, opened: OpenText) -> None:
    typer.secho(f"{slug} {opened.day}: {_goes_out(opened)} goes out", bold=True)
    if opened.is_contested:
        typer.secho(
            "  the source was changed afterwards: `newsletter choose source` or `newsletter choose revision`",
            fg=typer.colors.RED,
        )
    for one in opened.history:
        what = "the source" if one.text is None else f"{len(one.text):,} characters"
        without = f", {len(one.left_out)} stories left out" if one.left_out else ""
        note = f"  {one.note}" if one.note else ""
        typer.echo(
            f"  {one.number:>3}  {one.created_at:%Y-%m-%d %H:%M} UTC  {one.author}  {what}{without}{note}"
        )


def _json(slug: str, opened: OpenText) -> dict[str, object]:
    return {
        "newsletter": slug,
        "day": opened.day.isoformat(),
        "goes_out": opened.revision.number if opened.revision else "source",
        "contested": opened.is_contested,
        "source": opened.source.origin if opened.source else None,
        "revisions": [
            {
                "number": one.number,
                "author": one.author,
                "created_at": one.created_at.isoformat(),
                "is_source": one.text is None,
                "left_out": list(one.left_out),
                "note": one.note,
            }
            for one in opened.history
        ],
    }
