"""``newsletter alarms``: what is wrong and who has it, taking one, and a drill through every channel."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.testsend import report, wait_or_send
from newsletter.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from newsletter.alarms import Alarm, Told
    from newsletter.alarms.tables import Hook
    from newsletter.app import App

PAST = timedelta(days=14)
SHOWN = 100

alarms = typer.Typer(
    help="Alarms: what needs a person, and who has it. Exit code 1 while one is open.",
    epilog="Exit codes: 0 nothing is open, 1 an alarm is open (for `test`: a channel failed), 2 bad usage.",
)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(alarms, name="alarms")


@alarms.callback(invoke_without_command=True)
def list_(
    asked: typer.Context,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are open.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the alarms of the last two weeks, and those that are still open."""
    if asked.invoked_subcommand:
        return
    from newsletter.alarms import hooks

    app = context.open_app()
    now = app.clock()
    with app.database.readers() as session:
        found = _recent(session, since=now - PAST, open_only=open_only)
        told = {alarm.id: _told(session, alarm) for alarm in found}
        posts = hooks.of_alarms(session, [alarm.id for alarm in found])
        failed = [post for post in hooks.failed_since(session, now - PAST) if post not in posts]
    if as_json:
        document = {
            "alarms": [_as_json(alarm, told[alarm.id], posts) for alarm in found],
            "failed_posts": [_post_json(post) for post in failed],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print(app, found, told, posts, failed)
    if any(alarm.cleared_at is None for alarm in found):
        raise typer.Exit(ExitCode.FAILED)


@alarms.command()
def ack(
    alarm_id: Annotated[int, typer.Argument(metavar="ID", help="Its number, as `newsletter alarms` shows.")],
    by: Annotated[str, typer.Option("--by", help="Who has it.", show_default="you")] = "",
) -> None:
    """Say that somebody has an alarm, so that nobody else is told. Twice is no error."""
    app = context.open_app()
    with app.database.sessions.begin() as session:
        alarm = app.alarms.acknowledge(session, alarm_id, by=by or getpass.getuser(), now=app.clock())
    if alarm is None:
        raise ConfigError(f"there is no alarm {alarm_id}; `newsletter alarms` shows those there are")
    if alarm.acknowledged_at is None:
        typer.echo(f"alarm {alarm.id} is over already; there is nothing to take")
    else:
        typer.echo(f"alarm {alarm.id}: {alarm.acknowledged_by} has it; nobody else is told")


@alarms.command()
def test() -> None:
    """Send a test alarm to everybody who could be told, and say what each channel answered.

    The address of good mornings is not fetched: it would be taken for one.
    """
    from secrets import token_hex

    from newsletter.alarms.drill import Drill

    app = context.open_app()
    drill = Drill(settings=app.settings.alarms, teller=app.alarms.teller, key=token_hex(8), now=app.clock())
    if not any(drill.listeners()):
        raise ConfigError("nobody would be told: set alarms.email or [[alarms.people]] in the configuration")
    code = ExitCode.DONE
    try:
        for name, content in drill.webhooks():
            answer = app.poster.call(name, content)
            _say("accepted" if answer.is_accepted else "failed", answer.is_accepted)
            typer.echo(f" webhook {name}  ({answer.words})")
            code = code if answer.is_accepted else ExitCode.FAILED
        with app.database.sessions.begin() as session:
            keys = drill.mail(session)
        if keys:
            wait_or_send(app, keys)
            code = max(code, report(app, keys))
    finally:
        app.close()
    raise typer.Exit(code)


def _say(word: str, is_good: bool) -> None:
    typer.secho(f"{word:<10}", fg=typer.colors.GREEN if is_good else typer.colors.RED, nl=False)


def _recent(session: Session, *, since: datetime, open_only: bool) -> Sequence[Alarm]:
    from sqlalchemy import select

    from newsletter.alarms import Alarm

    query = select(Alarm).where(Alarm.cleared_at.is_(None))
    if not open_only:
        query = select(Alarm).where((Alarm.cleared_at.is_(None)) | (Alarm.raised_at >= since))
    return session.scalars(query.order_by(Alarm.raised_at.desc(), Alarm.id.desc()).limit(SHOWN)).all()


def _told(session: Session, alarm: Alarm) -> list[Told]:
    from sqlalchemy import select

    from newsletter.alarms import Told

    query = select(Told).where(Told.alarm_id == alarm.id, Told.occurrence == alarm.occurrence)
    return list(session.scalars(query.order_by(Told.id)))


def _state(alarm: Alarm) -> str:
    if alarm.cleared_at:
        return "cleared"
    return "taken" if alarm.acknowledged_at else "open"


def _print(
    app: App,
    found: Sequence[Alarm],
    told: dict[int, list[Told]],
    posts: Sequence[Hook],
    failed: Sequence[Hook],
) -> None:
    from newsletter.alarms.message import Event, say
    from newsletter.language import catalog

    words = catalog("zh-CN" if context.chinese() else "en")
    colours = {"open": typer.colors.RED, "taken": typer.colors.YELLOW, "cleared": typer.colors.GREEN}
    if not found:
        typer.echo("no alarms in the last two weeks")
    for alarm in found:
        state, zone = _state(alarm), app.alarms.teller.zone(alarm.newsletter)
        occasion = app.alarms.teller.occasion(alarm, Event.RAISED, now=app.clock())
        typer.secho(f"{alarm.id:>5}  {state:<8}", fg=colours[state], nl=False)
        typer.echo(
            f" {alarm.raised_at.astimezone(zone):%Y-%m-%d %H:%M}  {alarm.newsletter or '(all)'}"
            f"  {say(occasion, words).title}  [{alarm.cause.value}]"
        )
        heard = ", ".join(dict.fromkeys(each.name for each in told[alarm.id]))
        _line(f"told {heard}" if heard else "NOBODY WAS TOLD: set alarms.email or [[alarms.people]]")
        if alarm.acknowledged_at:
            _line(f"{alarm.acknowledged_by} has it since {alarm.acknowledged_at.astimezone(zone):%H:%M}")
        elif alarm.next_level_at and state == "open":
            names = ", ".join(app.alarms.next_names(alarm))
            _line(f"{names} told at {alarm.next_level_at.astimezone(zone):%H:%M} unless somebody has it")
        for post in posts:
            if post.alarm_id == alarm.id and post.state.value != "accepted":
                _line(_post_words(post))
    for post in failed:
        typer.secho(_post_words(post), fg=typer.colors.RED)


def _line(words: str) -> None:
    typer.echo(f"                {words}")


def _post_words(post: Hook) -> str:
    tries = f"{post.attempts} tries" if post.attempts != 1 else "1 try"
    return f"{post.target}: {post.state.value} after {tries}" + (f" ({post.reply})" if post.reply else "")


def _as_json(alarm: Alarm, told: list[Told], posts: Sequence[Hook]) -> dict[str, object]:
    return {
        "id": alarm.id,
        "state": _state(alarm),
        "cause": alarm.cause.value,
        "newsletter": alarm.newsletter or None,
        "day": alarm.day.isoformat(),
        "about": alarm.about or None,
        "raised_at": _iso(alarm.raised_at),
        "level": alarm.level,
        "next_level_at": _iso(alarm.next_level_at),
        "acknowledged_at": _iso(alarm.acknowledged_at),
        "acknowledged_by": alarm.acknowledged_by,
        "cleared_at": _iso(alarm.cleared_at),
        "findings": alarm.findings,
        "told": [
            {
                "name": each.name,
                "level": each.level,
                "channel": each.channel.value,
                "at": _iso(each.at),
            }
            for each in told
        ],
        "posts": [_post_json(post) for post in posts if post.alarm_id == alarm.id],
    }


def _post_json(post: Hook) -> dict[str, object]:
    return {
        "target": post.target,
        "state": post.state.value,
        "attempts": post.attempts,
        "reply": post.reply,
        "created_at": _iso(post.created_at),
        "ended_at": _iso(post.ended_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
