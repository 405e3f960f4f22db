"""``morning``: sending the edition of a day, and what became of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.digest import Day, Newsletter

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from newsletter.delivery.books import Books
    from newsletter.morning import Report

AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(morning)


def morning(day: Day = None, newsletter: Newsletter = None, as_json: AsJson = False) -> None:
    """Find the digest of the day, examine it, freeze the edition and send it; twice does nothing twice.

    SIGTERM or Ctrl+C ends it: no new copy is taken up, those on their way are finished and recorded.
    """
    from newsletter.cli.ending import told_to_end
    from newsletter.delivery.states import State as CopyState
    from newsletter.editions.states import State

    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    this = app.morning(slug)
    stopping = this.courier.stopping
    try:
        with told_to_end(stopping.set):
            report = this.run(day.date() if day else None)
        if report.state is State.PAUSED:
            app.alarms.send_without_worker(app.notice_sender(), app.poster)
    finally:
        app.close()
    if as_json:
        typer.echo(json.dumps(report_json(report), ensure_ascii=False, indent=2))
    else:
        print_report(report, settings.schedule.tz)
        if stopping.is_set() and report.books and report.books.open:
            left = f"{report.books.open:,} copies are left, {report.books[CopyState.IN_DOUBT]:,} are in doubt"
            typer.secho(f"told to end: {left}; `newsletter morning` goes on with it", fg=typer.colors.YELLOW)
        if report.books and report.books.owed and app.settings.transport.kind == "file":
            folder = app.settings.transport.file.folder
            typer.echo(f"the emails lie in {folder}/{slug}-{report.day}/ (open index.html)")
    raise typer.Exit(report.exit_code)


def print_report(report: Report, zone: ZoneInfo) -> None:
    """Print a report for a person."""
    colour = {"finished": typer.colors.GREEN, "sending": typer.colors.YELLOW}.get(
        report.state.value, typer.colors.RED
    )
    typer.secho(f"{report.name}: {report.state.value}", fg=colour, bold=True)
    if report.subject:
        typer.echo(f"  subject   {report.subject}")
    if report.digest:
        typer.echo(f"  digest    {report.digest}")
    for problem in report.problems:
        typer.secho(f"  problem   {problem}", fg=typer.colors.YELLOW)
    words = ("message", "remedy")
    language = "zh-CN" if context.chinese() else "en"
    for finding in report.findings:
        place = f"line {finding['line']}: " if finding["line"] else ""
        text = " → ".join(finding[word][language] for word in words if finding[word][language])
        typer.echo(f"  {finding['severity']:<9} {place}{text} [{finding['check']}]")
    if report.books:
        print_books(report.books)
    if report.revisions:
        have = ", ".join(f"revision {number}: {count:,}" for number, count in report.revisions.items())
        typer.echo(f"  revised    accepted of {have}")
    for name, state in report.beside:
        typer.echo(f"  beside it  {name}: {state}")
    if report.stopped_because:
        typer.secho(f"  stopped    {report.stopped_because}", fg=typer.colors.RED)
    if report.next_due:
        typer.echo(
            f"  the rest is due {report.next_due.astimezone(zone):%Y-%m-%d %H:%M:%S}; run it again then"
        )


def print_books(books: Books) -> None:
    """Print the books as the sums they are."""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(books.excluded.items()))
    excluded = sum(books.excluded.values())
    typer.echo(
        f"  considered {books.considered:,} = excluded {excluded:,}" + (f" ({reasons})" if reasons else "")
    )
    typer.echo(f"             + owed {books.owed:,}")
    states = " + ".join(
        f"{state.value.replace('_', ' ')} {count:,}" for state, count in books.by_state.items() if count
    )
    typer.echo(f"  owed       {books.owed:,} = {states or '0'}")
    if books.balanced:
        typer.secho("  the books balance", fg=typer.colors.GREEN)
    else:
        typer.secho("  THE BOOKS DO NOT BALANCE", fg=typer.colors.RED, bold=True)


def report_json(report: Report) -> dict[str, object]:
    """Return a report for ``--json``: plain names, numbers and moments."""
    return {
        "newsletter": report.newsletter,
        "day": report.day.isoformat(),
        "kind": report.kind.value,
        "serial": report.serial,
        "revisions": {str(number): count for number, count in report.revisions.items()},
        "beside": [{"name": name, "state": state} for name, state in report.beside],
        "state": report.state.value,
        "subject": report.subject,
        "digest": report.digest,
        "findings": report.findings,
        "problems": report.problems,
        "books": report.books.as_json() if report.books else None,
        "next_due": _iso(report.next_due),
        "stopped_because": report.stopped_because,
        "sent_now": report.sent_now,
        "exit_code": int(report.exit_code),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
