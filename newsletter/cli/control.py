"""``pause``, ``resume``, ``cancel``, ``stop`` and ``go``: what a person does with an edition on its way.

Each is one short write, from any process, while workers run: they look before every hand-over.
"""

from __future__ import annotations

import getpass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.digest import Newsletter
from newsletter.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from newsletter.app import App
    from newsletter.editions.edition import Edition
    from newsletter.editions.states import Kind

EditionDay = Annotated[
    datetime | None,
    typer.Option(
        "--day", formats=["%Y-%m-%d"], help="The day of the edition.", show_default="the newest sent"
    ),
]
EditionKind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        help="daily, weekly or correction; with a number where a day has several: correction-2.",
        show_default="daily with --day, else the newest sent",
    ),
]
Because = Annotated[str, typer.Option("--because", help="Why; kept with it and shown by status.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (pause, resume, cancel, stop, go):
        app.command()(command)


def pause(
    because: Because = "", day: EditionDay = None, kind: EditionKind = None, newsletter: Newsletter = None
) -> None:
    """Let nothing more of an edition begin; what is on its way ends within seconds."""
    from newsletter.morning import steering

    app = context.open_app()
    with app.database.sessions.begin() as session:
        edition = the_edition(app, session, newsletter, day, kind, lock=True)
        steering.pause(session, edition, who=who(), because=because, now=app.clock())
    left = _left(app, edition)
    typer.echo(f"{name_of(edition)}: paused with {copies(left)} left; `newsletter resume` lets it go on")


def resume(day: EditionDay = None, kind: EditionKind = None, newsletter: Newsletter = None) -> None:
    """Let a paused edition go on, and count anew what is refused."""
    from newsletter.delivery import control
    from newsletter.morning import steering

    app = context.open_app()
    with app.database.sessions.begin() as session:
        edition = the_edition(app, session, newsletter, day, kind, lock=True)
        steering.resume(session, edition, alarms=app.alarms, who=who(), now=app.clock())
        off = control.switched_off(session)
    typer.echo(f"{name_of(edition)}: goes on with {copies(_left(app, edition))} left; {sent_by(app)}")
    if off:
        typer.secho("all sending is switched off; `newsletter go` switches it on", fg=typer.colors.RED)


def cancel(
    because: Because = "",
    yes: Yes = False,
    day: EditionDay = None,
    kind: EditionKind = None,
    newsletter: Newsletter = None,
) -> None:
    """End an edition for good: withdraw every copy that was not handed over."""
    from newsletter.morning import steering

    app = context.open_app()
    with app.database.readers() as session:
        edition = the_edition(app, session, newsletter, day, kind)
    left = _left(app, edition)
    ask(f"{name_of(edition)}: withdraw {copies(left)} that nobody has yet? It cannot be undone.", yes=yes)
    with app.database.sessions.begin() as session:
        edition = steering.again(session, edition)
        count = steering.cancel(
            session, edition, alarms=app.alarms, who=who(), because=because, now=app.clock()
        )
    typer.echo(f"{name_of(edition)}: cancelled; {copies(count)} withdrawn")
    if on_its_way := _left(app, edition):
        typer.echo(
            f"{copies(on_its_way)} more with workers at this moment: handed over there, or withdrawn too"
        )


def stop(
    because: Annotated[str, typer.Option("--because", help="Why; shown to whoever asks why nothing goes.")],
) -> None:
    """Stop the sending of all editions, on every host, until `newsletter go`."""
    from newsletter.morning import steering

    app = context.open_app()
    if not because.strip():
        raise ConfigError("--because: say why, for whoever finds that nothing goes out")
    with app.database.sessions.begin() as session:
        was = steering.stop(session, who=who(), because=because, now=app.clock())
    if was:
        typer.echo(f"sending was off already, since {was.off_at:%Y-%m-%d %H:%M} UTC ({was.because})")
    else:
        typer.echo("sending of editions is off on all hosts; `newsletter go` switches it on")


def go() -> None:
    """Let editions be sent again after `newsletter stop`."""
    from newsletter.delivery import control

    app = context.open_app()
    with app.database.sessions.begin() as session:
        was_off = control.switch_on(session)
    typer.echo("sending goes on" if was_off else "sending was not switched off")


# ---- what the commands about an edition share ----


def the_edition(
    app: App,
    session: Session,
    newsletter: str | None,
    day: date | None,
    kind: str | None = None,
    *,
    lock: bool = False,
) -> Edition:
    """Return the edition that is meant, frozen already; raise ``NewsletterError`` when there is none."""
    from newsletter.morning import steering

    slug, _ = app.settings.newsletter(newsletter)
    which, serial = kind_of(kind) if kind else (None, None)
    wanted = day.date() if isinstance(day, datetime) else day
    return steering.the_edition(session, slug, wanted, which, serial, lock=lock)


def kind_of(typed: str) -> tuple[Kind, int | None]:
    """Return the kind and, if one was typed, the number in ``correction-2``; raise ``ConfigError``."""
    from newsletter.editions.states import Kind

    name, dash, number = typed.partition("-")
    if name not in tuple(Kind) or (dash and not number.isdecimal()):
        raise ConfigError(f"--kind: {typed!r} is none of {', '.join(Kind)}, or one of these with a number")
    return Kind(name), int(number) if dash else None


def name_of(edition: Edition) -> str:
    """Return how we name an edition to a person."""
    from newsletter.editions.states import Kind

    if edition.kind is Kind.DAILY:
        return f"{edition.newsletter} {edition.day}"
    return f"{edition.newsletter} {edition.day} {edition.kind}-{edition.serial}"


def copies(count: int) -> str:
    """Return "1 copy", "2,000 copies"."""
    return "1 copy" if count == 1 else f"{count:,} copies"


def sent_by(app: App) -> str:
    """Say who hands over what waits now."""
    from newsletter.delivery import heartbeat

    with app.database.readers() as session:
        has_worker = heartbeat.is_beating(session, now=app.clock())
    return "a worker sends" if has_worker else "no worker runs: `newsletter morning` sends"


def ask(question: str, *, yes: bool) -> None:
    """Ask, unless told ``yes``; end the command when the answer is no."""
    if not yes and not typer.confirm(question):
        typer.echo("nothing was changed")
        raise typer.Exit(ExitCode.FAILED)


def _left(app: App, edition: Edition) -> int:
    from newsletter.delivery import books

    with app.database.readers() as session:
        return books.of_edition(session, edition).open


def who() -> str:
    """Return the person at the terminal, as we keep it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "somebody"
