"""What only a person decides about an edition to come: ``approve``, ``skip``; and ``fence``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import ask, name_of, who
from newsletter.cli.digest import Day, Newsletter
from newsletter.errors import ConfigError, ExitCode, NewsletterError

if TYPE_CHECKING:
    from datetime import date

    from newsletter.morning.unattended import Unattended

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (approve, skip, fence):
        app.command()(command)


def approve(
    day: Day = None,
    newsletter: Newsletter = None,
    because: Annotated[
        str, typer.Option("--because", help="Why it may go out although the gate holds it; kept with it.")
    ] = "",
    yes: Yes = False,
) -> None:
    """Let an edition go out at its hour that waits for an approval, or that the gate holds.

    It is an approval of this very text: whoever changes the digest afterwards needs a new one.
    """
    from newsletter.editions import edition as editions
    from newsletter.editions.approval import approve as write_down
    from newsletter.editions.states import State

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    this = app.unattended(slug)
    timetable, now = this.morning.timetable, app.clock()
    wanted = day.date() if day else _day_in_hand(this)
    try:
        this.prepare_day(wanted, anew=True)
        row = this.morning.existing(wanted)
        if row is None or row.digest_hash is None:
            raise NewsletterError(f"{slug} {wanted}: there is no digest to approve yet")
        holds = [finding for finding in row.findings if finding["severity"] == "hold"]
        typer.echo(f"{name_of(row)}: {row.subject or row.title}")
        language = "zh-CN" if context.chinese() else "en"
        for finding in holds:
            place = f"line {finding['line']}: " if finding["line"] else ""
            typer.secho(f"  hold  {place}{finding['message'][language]}", fg=typer.colors.YELLOW)
        if row.state is State.READY and not holds:
            typer.echo("it is ready and needs no approval")
            return
        ask("let it go out to everybody?", yes=yes)
        with app.database.sessions.begin() as session:
            locked = editions.find(session, slug, wanted, lock=True)
            if locked is None or locked.digest_hash != row.digest_hash:
                raise NewsletterError("the digest was changed at this moment; look again")
            write_down(session, locked, by=who(), because=because, now=now)
        this.prepare_day(wanted, anew=True)
        moments = timetable.moments(wanted)
        this.watch_day(moments)
    finally:
        app.close()
    at = moments.send_at.astimezone(timetable.schedule.tz)
    if now <= moments.send_at:
        typer.echo(f"approved; it goes out on {at:%Y-%m-%d at %H:%M} {timetable.schedule.zone}")
    elif now <= moments.latest:
        typer.echo("approved; its hour has come, so a worker sends it now (or `newsletter send`)")
    else:
        typer.echo("approved; it is too late for it to begin by itself: `newsletter send --late`")


def skip(
    because: Annotated[str, typer.Option("--because", help="Why; shown to whoever asks.")],
    day: Day = None,
    newsletter: Newsletter = None,
) -> None:
    """Let a day have no edition; `newsletter send --late --day …` still sends it."""
    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    if not because.strip():
        raise ConfigError("--because: say why, for whoever waits for it")
    this = app.unattended(slug)
    wanted = day.date() if day else _day_in_hand(this)
    try:
        row = this.morning.beginning.skip(wanted, because=f"{who()}: {because.strip()}")
        this.watch_day(this.morning.timetable.moments(wanted))
    finally:
        app.close()
    typer.echo(f"{name_of(row)}: skipped")


def fence(
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Take this database for the installation from now on.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Say whether this database may send, or looks like a copy or a restored backup.

    Exit code 3 while it is closed. Confirm only when nothing else sends from the same list, and when you
    know what was sent since the backup: readers who left since then are on the list again.
    """
    app = context.open_app()
    try:
        if app.fence is None:
            typer.echo("a database in memory needs no fence")
            return
        with app.database.readers() as session:
            closed = app.fence.why_closed(session)
        if not closed:
            typer.secho("open: this database is the one that was used before", fg=typer.colors.GREEN)
            return
        typer.secho(f"closed: {closed}", fg=typer.colors.RED)
        if not confirm:
            typer.echo("nothing is sent from it; `newsletter fence --confirm` opens it")
            raise typer.Exit(ExitCode.HELD)
        ask("does nothing else send to this list, and is this the database to go on with?", yes=yes)
        with app.database.sessions.begin() as session:
            app.fence.confirm(session, by=who(), now=app.clock())
        typer.secho("open: sending goes on from here", fg=typer.colors.GREEN)
    finally:
        app.close()


def _day_in_hand(this: Unattended) -> date:
    """Return the day that is meant when none is named: one whose hour came and that waits, else the next."""
    from newsletter.editions.states import State

    due = this.morning.timetable.due(this.morning.now)
    row = this.morning.existing(due.day)
    if row and row.state in (State.HELD, State.READY, State.MISSING):
        return due.day
    return this.morning.timetable.next(this.morning.now).day
