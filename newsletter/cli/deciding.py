"""What only a person decides about an edition to come: ``approve``, ``hold``, ``skip``, ``reschedule`` and
``undo``; and about the database: ``fence``.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import ask, name_of, who
from newsletter.cli.digest import Day, Newsletter
from newsletter.errors import ExitCode, NewsletterError

if TYPE_CHECKING:
    from datetime import date

    from newsletter.app import App
    from newsletter.morning.unattended import Unattended

PAUSED_BECAUSE = (
    "it was going out when this backup was made, and more may have arrived since; `newsletter resume` sends "
    "the rest, and some may get it twice; `newsletter cancel` leaves them without"
)
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
WhyWait = Annotated[str, typer.Option("--because", help="Why; shown to whoever asks.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (approve, hold, skip, reschedule, undo, fence):
        app.command()(command)


def approve(
    day: Day = None,
    newsletter: Newsletter = None,
    because: Annotated[
        str, typer.Option("--because", help="Why it may go out although the gate holds it; kept with it.")
    ] = "",
    yes: Yes = False,
) -> None:
    """Let an edition go out at its hour that waits for an approval, or that the gate or a person holds.

    It is an approval of this very text: whoever changes the digest afterwards needs a new one.
    """
    from newsletter.editions.states import State
    from newsletter.morning import deciding
    from newsletter.morning.waits import holds

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    this = app.unattended(slug)
    wanted = _wanted(app, this, day)
    try:
        this.prepare_day(wanted, anew=True)
        row = this.morning.existing(wanted)
        if row is None or row.digest_hash is None:
            raise NewsletterError(f"{slug} {wanted}: there is no digest to approve yet")
        typer.echo(f"{name_of(row)}: {row.subject or row.title}")
        language = "zh-CN" if context.chinese() else "en"
        for finding in holds(row.findings):
            place = f"line {finding['line']}: " if finding["line"] else ""
            typer.secho(f"  hold  {place}{finding['message'][language]}", fg=typer.colors.YELLOW)
        if row.state is State.READY:
            typer.echo("it is ready and needs no approval")
            return
        ask("let it go out to everybody?", yes=yes)
        now = app.clock()
        with app.database.sessions.begin() as session:
            deciding.approve(
                session,
                slug,
                wanted,
                who=who(),
                because=because,
                digest_hash=row.digest_hash,
                now=now,
            )
        moments = this.morning.timetable.moments(wanted)
        this.watch_day(moments)
    finally:
        app.close()
    if now <= moments.send_at:
        typer.echo(f"approved; it goes out on {_local(moments.send_at, this)}")
    elif now <= moments.latest:
        typer.echo("approved; its hour has come, so a worker sends it now (or `newsletter send`)")
    else:
        typer.echo("approved; it is too late for it to begin by itself: `newsletter send --late`")


def hold(because: WhyWait, day: Day = None, newsletter: Newsletter = None) -> None:
    """Keep an edition back, whatever its digest says, until somebody says `newsletter approve`."""
    from newsletter.morning import deciding

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    this = app.unattended(slug)
    wanted = _wanted(app, this, day)
    try:
        with app.database.sessions.begin() as session:
            row = deciding.hold(session, slug, wanted, who=who(), because=because, now=app.clock())
        this.watch_day(this.morning.timetable.moments(wanted))
    finally:
        app.close()
    typer.echo(f"{name_of(row)}: held; `newsletter approve` lets it go out")


def skip(because: WhyWait, day: Day = None, newsletter: Newsletter = None) -> None:
    """Let a day have no edition; `newsletter undo` takes it back, `newsletter send --late` sends it."""
    from newsletter.morning import deciding

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    this = app.unattended(slug)
    wanted = _wanted(app, this, day)
    try:
        with app.database.sessions.begin() as session:
            row = deciding.skip(session, slug, wanted, who=who(), because=because, now=app.clock())
        this.watch_day(this.morning.timetable.moments(wanted))
    finally:
        app.close()
    typer.echo(f"{name_of(row)}: skipped")


def reschedule(
    at: Annotated[
        datetime, typer.Option("--at", formats=["%H:%M", "%H:%M:%S"], help="The local hour: 12:30.")
    ],
    because: Annotated[str, typer.Option("--because", help="Why; kept with it.")] = "",
    day: Day = None,
    newsletter: Newsletter = None,
) -> None:
    """Let the edition of one day go out at another hour; `newsletter undo` takes it back."""
    from newsletter.morning import deciding

    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    this = app.unattended(slug)
    wanted = _wanted(app, this, day)
    moment = datetime.combine(wanted, at.time(), settings.schedule.tz)
    try:
        with app.database.sessions.begin() as session:
            row = deciding.reschedule(
                session,
                slug,
                wanted,
                at=moment,
                timetable=this.morning.timetable,
                who=who(),
                because=because,
                now=app.clock(),
            )
    finally:
        app.close()
    typer.echo(f"{name_of(row)}: goes out on {_local(moment, this)}")


def undo(day: Day = None, newsletter: Newsletter = None) -> None:
    """Take back that an edition was skipped, rescheduled or to be sent now, as long as it has not begun."""
    from newsletter.morning import deciding

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    this = app.unattended(slug)
    try:
        timetable, now = this.morning.timetable, app.clock()
        with app.database.sessions.begin() as session:
            wanted = day.date() if day else deciding.to_undo(session, slug, timetable, now=now)
            row = deciding.undo(session, slug, wanted, timetable=timetable, who=who(), now=now)
        moments = this.morning.timetable.moments(wanted)
        this.watch_day(moments)
    finally:
        app.close()
    if row.held_because:
        typer.echo(f"{name_of(row)}: its hour is past, so it is held; `newsletter approve` lets it go out")
    else:
        typer.echo(f"{name_of(row)}: goes out on {_local(moments.send_at, this)}, as things stand")


def fence(
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Take this database for the installation from now on.")
    ] = False,
    journal: Annotated[
        list[Path] | None,
        typer.Option("--journal", help="A journal of another host that must have been replayed, too."),
    ] = None,
    without_journal: Annotated[
        bool,
        typer.Option("--without-journal", help="The journal is lost: open all the same."),
    ] = False,
    yes: Yes = False,
) -> None:
    """Say whether this database may send, or looks like a copy or a restored backup.

    Exit code 3 while it is closed. Confirm only when nothing else sends from the same list. Where there is
    a journal (journal.file), it must have been replayed (`newsletter journal replay`); without one, readers
    who left since the backup are on the list again. What was going out when the backup was made is paused.
    """
    from newsletter.journal.opening import settle_in

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
        _require_journal(app, journal or [], without=without_journal)
        ask("does nothing else send to this list, and is this the database to go on with?", yes=yes)
        with app.database.sessions.begin() as session:
            app.fence.confirm(session, by=who(), now=app.clock())
            paused = settle_in(session, because=PAUSED_BECAUSE, now=app.clock())
        for edition in paused:
            typer.secho(f"paused: {name_of(edition)}: {PAUSED_BECAUSE}", fg=typer.colors.YELLOW)
        typer.secho("open: sending goes on from here", fg=typer.colors.GREEN)
    finally:
        app.close()


def _require_journal(app: App, others: list[Path], *, without: bool) -> None:
    """Raise unless all that the journals know was replayed, or there is none."""
    from newsletter.cli.journal import journals_of
    from newsletter.journal.opening import require_replayed

    if without or (app.journal is None and not others):
        typer.secho(
            "there is no journal: whoever left since the backup was made is on the list again",
            fg=typer.colors.YELLOW,
        )
        return
    own = journals_of(app, None) if app.journal else []
    require_replayed(app.database, [*own, *(journals_of(app, others) if others else [])])


def _wanted(app: App, this: Unattended, day: datetime | None) -> date:
    """Return the day that is meant: the one that is named, else the one in hand."""
    from newsletter.morning import deciding

    if day is not None:
        return day.date()
    timetable = this.morning.timetable
    with app.database.readers() as session:
        return deciding.in_hand(session, this.slug, timetable, now=app.clock())


def _local(moment: datetime, this: Unattended) -> str:
    schedule = this.morning.newsletter.schedule
    return f"{moment.astimezone(schedule.tz):%Y-%m-%d at %H:%M} {schedule.zone}"
