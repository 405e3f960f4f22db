"""The moments of an unattended morning by hand: ``schedule``, ``prepare``, ``send``, ``watch``, ``tidy``.

`newsletter run` and `newsletter worker` do them by themselves; whoever prefers cron calls these. Each may
be called again and again: the rows decide what is still to be done.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import context
from newsletter.cli.digest import Day, Newsletter
from newsletter.cli.morning import AsJson, print_report, report_json
from newsletter.errors import ExitCode

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.timetable import Decision, Timetable

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (schedule, prepare, send, watch, tidy):
        app.command()(command)


def schedule(
    count: Annotated[int, typer.Option("--next", min=1, max=400, help="How many editions to show.")] = 7,
    newsletter: Newsletter = None,
    as_json: AsJson = False,
) -> None:
    """Show when the next editions go out, which days have none and why, and what would keep them back."""
    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    timetable, now = app.morning(slug).timetable, app.clock()
    shown, editions = [], 0
    for decision in timetable.days(now):
        shown.append(_entry(app, slug, timetable, decision))
        editions += decision.goes
        if editions == count or len(shown) >= 2_000:
            break
    warnings = _warnings(app, timetable, now)
    app.close()
    if as_json:
        report = {"newsletter": slug, "zone": settings.schedule.zone, "days": shown, "warnings": warnings}
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2, default=str))
        return
    first = timetable.moments(shown[0]["day"])
    local = [f"{at.astimezone(settings.schedule.tz):%H:%M}" for at in (first.latest, first.deliver_until)]
    typer.echo(
        f"{slug}: {settings.schedule.send_at:%H:%M} {settings.schedule.zone}; "
        f"nothing begins by itself after {local[0]}, and what is left at {local[1]} expires"
    )
    for entry in shown:
        day = entry["day"]
        ahead = f"in {_duration(entry['send_at'] - now)}" if entry["goes"] else "no edition"
        line = f"  {day} {WEEKDAYS[day.weekday()]}  {ahead:<11} {entry['because'] or entry['state'] or ''}"
        typer.secho(line.rstrip(), dim=not entry["goes"])
    for warning in warnings:
        typer.secho(f"  warning  {warning}", fg=typer.colors.YELLOW)


def prepare(day: Day = None, newsletter: Newsletter = None, as_json: AsJson = False) -> None:
    """Examine the digest of the edition to come, write down what is found, and tell whoever must know.

    Exit code 3 when it would not go out as things stand.
    """
    from newsletter.delivery.heartbeat import is_beating
    from newsletter.editions.states import State
    from newsletter.morning import report_of

    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    this = app.unattended(slug)
    wanted = day.date() if day else this.morning.timetable.next(app.clock()).day
    try:
        this.prepare_day(wanted, anew=True)
        this.watch_day(this.morning.timetable.moments(wanted))
        with app.database.readers() as session:
            has_worker = is_beating(session, now=app.clock())
            row = this.morning.existing(wanted)
            report = report_of(session, row) if row else None
        if not has_worker:
            app.alarms.send_without_worker(app.notice_sender(), app.poster)
    finally:
        app.close()
    if report is None:
        typer.echo(f"{slug} {wanted}: there is no digest yet; that is no trouble before its time")
        raise typer.Exit(ExitCode.HELD)
    if as_json:
        typer.echo(json.dumps(report_json(report), ensure_ascii=False, indent=2))
    else:
        print_report(report, settings.schedule.tz)
    if report.state in (State.MISSING, State.HELD):
        raise typer.Exit(ExitCode.HELD)


def send(
    day: Day = None,
    newsletter: Newsletter = None,
    late: Annotated[
        bool, typer.Option("--late", help="Although `latest` is past, or the day was skipped.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send the edition of the day by the newsletter's rules, as the schedule does at its hour.

    Nothing goes out before its hour, after `latest`, on a day without an edition, or without an approval
    where one is needed; `newsletter morning` asks only the gate. Twice does nothing twice.
    """
    from newsletter.cli.ending import told_to_end

    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    this = app.morning(slug)
    try:
        with told_to_end(this.courier.stopping.set):
            report = this.send(day.date() if day else None, late=late)
        app.unattended(slug).watch_day(this.timetable.moments(report.day))
        app.alarms.send_without_worker(app.notice_sender(), app.poster)
    finally:
        app.close()
    if as_json:
        typer.echo(json.dumps(report_json(report), ensure_ascii=False, indent=2))
    else:
        print_report(report, settings.schedule.tz)
    raise typer.Exit(report.exit_code)


def watch(newsletter: Newsletter = None, as_json: AsJson = False) -> None:
    """Look how the last morning went and how the next one stands; tell whoever must know what is new.

    Exit code 1 when somebody was told.
    """
    from newsletter.fitness import Fitness

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    try:
        told = [*Fitness(app=app).look(now=app.clock()), *app.unattended(slug).watch()]
        app.alarms.send_without_worker(app.notice_sender(), app.poster)
    finally:
        app.close()
    if as_json:
        typer.echo(json.dumps({"newsletter": slug, "told": told}))
    elif told:
        typer.secho(f"{slug}: told people of {', '.join(told)}; see `newsletter alarms`", fg=typer.colors.RED)
    else:
        typer.echo(f"{slug}: nothing new to tell")
    if told:
        raise typer.Exit(ExitCode.FAILED)


def tidy() -> None:
    """Forget what is not to be kept, as the worker does every night."""
    from newsletter.tidying import tidy as forget

    app = context.open_app()
    try:
        while forget(app):
            pass
    finally:
        app.close()
    typer.echo("tidied")


def _entry(app: App, slug: str, timetable: Timetable, decision: Decision) -> dict[str, Any]:
    from newsletter.editions import edition as editions

    with app.database.readers() as session:
        row = editions.find(session, slug, decision.day)
    state = None
    if row is not None:
        state = f"{row.state}: {row.stopped_because or row.subject or row.title or ''}".rstrip(": ")
    because = decision.because
    if decision.goes and not decision.is_known:
        because = "whether it is a holiday is not published yet"
    return {
        "day": decision.day,
        "goes": decision.goes,
        "send_at": timetable.moments(decision.day).send_at,
        "because": because,
        "state": state,
    }


def _warnings(app: App, timetable: Timetable, now: datetime) -> list[str]:
    from newsletter import holidays
    from newsletter.clock import is_kept
    from newsletter.delivery import heartbeat

    warnings = []
    if refusal := app.refusal():
        warnings.append(refusal)
    with app.database.readers() as session:
        if not heartbeat.is_beating(session, now=now):
            warnings.append("no worker runs: start `newsletter run`, or nothing goes out by itself")
    country = timetable.schedule.holidays
    if country and (ends := holidays.known_until(country)):
        warnings.append(f"holidays are known until {ends}; a new release brings those of the next year")
    if is_kept() is False:
        warnings.append("this machine's clock is not synchronised (NTP): the hour may come early or late")
    return warnings


def _duration(ahead: Any) -> str:
    hours, minutes = divmod(int(ahead.total_seconds()) // 60, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h" if hours else f"{minutes} min"
