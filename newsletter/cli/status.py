"""``status``: an edition and its books at this moment, once or again and again.

``--json`` prints one document (with ``--watch``, one on a line for every look)::

    {
      "newsletter", "day", "kind", "serial", "revisions": {number: copies accepted},
      "beside": [{"name", "state"}],
      "state", "subject", "digest", "findings", "problems",   state null: no edition
      "books": {"considered", "excluded": {reason: count}, "owed", "waiting", "in_flight", "accepted",
                "refused", "deferred", "in_doubt", "withdrawn", "expired", "balanced"},
      "next_due", "stopped_because", "sent_now", "exit_code", "next_slot",
      "backup": null or {"made_at", "age_hours", "file", "checked"},
      "now", "deliver_until", "per_second",
      "switched_off": null or {"since", "because"},
      "lanes": {lane: {state: count …, "per_second", "paused_until"}},
      "canaries": null or {"outcome", "began_at", "mailboxes": {name: {"place", "arrived_at", …}}},
      "forecast": null or {"has_speed", "finishes_at", "expires", "floor": {…}, "lanes": {lane: {…}}}
    }

Moments are ISO 8601 in UTC, ``next_slot`` in local time. From "now" on it is there only for an edition that
was frozen.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import canaries, context
from newsletter.cli.control import kind_of
from newsletter.cli.digest import Day, Newsletter
from newsletter.cli.morning import AsJson, print_report, report_json
from newsletter.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime, tzinfo
    from zoneinfo import ZoneInfo

    from newsletter.app import App
    from newsletter.delivery.progress import LaneProgress, Progress
    from newsletter.feedback.canary_rows import Canary, CanaryRun
    from newsletter.morning import Report

LOOK_EVERY_SECONDS = 2.0
StatusKind = Annotated[
    str,
    typer.Option(
        "--kind", help="daily, weekly or correction; with a number where a day has several: correction-2."
    ),
]
CLEAR = "\x1b[H\x1b[2J"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one look found."""

    report: Report | None
    progress: Progress | None  # of an edition that was frozen
    canaries: tuple[CanaryRun, Sequence[Canary]] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is going to happen."""
        from newsletter.editions.states import State

        ended = self.report is not None and self.report.state in (State.FINISHED, State.CANCELLED)
        return ended and not (self.report and self.report.books and self.report.books.open)

    @property
    def exit_code(self) -> ExitCode:
        """A sum that does not hold is a failure; all else is told and is none."""
        books = self.report.books if self.report else None
        return ExitCode.DONE if books is None or books.balanced else ExitCode.FAILED


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    day: Day = None,
    kind: StatusKind = "daily",
    newsletter: Newsletter = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every 2 seconds until it is done.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show an edition, its books, its lanes and when it will be done: every copy accounted for."""
    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    wanted = day.date() if day else None
    seen = _look(app, slug, wanted, kind)
    try:
        while watch and not seen.is_over:
            _show(app, slug, wanted, seen, as_json=as_json, watched=True)
            time.sleep(LOOK_EVERY_SECONDS)
            seen = _look(app, slug, wanted, kind)
    except KeyboardInterrupt:
        raise typer.Exit(seen.exit_code) from None
    if watch and not as_json and sys.stdout.isatty():
        sys.stdout.write(CLEAR)
    _show(app, slug, wanted, seen, as_json=as_json, watched=False)
    raise typer.Exit(seen.exit_code)


def _look(app: App, slug: str, day: date | None, kind: str) -> Seen:
    """Read all of it at one moment."""
    from newsletter.delivery import progress
    from newsletter.editions import edition as editions
    from newsletter.feedback.canaries import of_edition
    from newsletter.morning import report_of

    zone = app.settings.newsletters[slug].schedule.tz
    which, serial = kind_of(kind)
    with app.database.readers() as session:
        if day:
            edition = editions.find(session, slug, day, which, serial or 1)
        else:
            edition = editions.latest(session, slug, which)
        if edition is None:
            return Seen(report=None, progress=None)
        report = report_of(session, edition)
        if report.books is None:
            return Seen(report=report, progress=None)
        goes = progress.of_edition(
            session, edition, report.books, limits=app.limits, now=app.clock(), zone=zone
        )
        return Seen(report=report, progress=goes, canaries=of_edition(session, edition.id))


def _show(app: App, slug: str, wanted: date | None, seen: Seen, *, as_json: bool, watched: bool) -> None:
    zone = app.settings.newsletters[slug].schedule.tz
    slot = app.morning(slug).timetable.next(app.clock()).send_at.astimezone(zone)
    if as_json:
        document = report_json(seen.report) if seen.report else {"newsletter": slug, "state": None}
        document |= {"next_slot": slot.isoformat(), "backup": _backup(app)}
        document |= _plain(seen.progress) if seen.progress else {}
        document |= {"canaries": canaries.facts(*seen.canaries) if seen.canaries else None}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=None if watched else 2))
        return
    if watched and not sys.stdout.isatty():
        typer.echo(_line(app, slug, seen))
        return
    if watched:
        sys.stdout.write(CLEAR)
    if seen.report is None:
        typer.echo(f"{slug}: no edition" + (f" of {wanted}" if wanted else " yet"))
    else:
        due = seen.report.next_due
        # What is due already is being sent, or its lane says why not.
        waits = due is not None and due > app.clock()
        print_report(seen.report if waits else replace(seen.report, next_due=None), zone)
    if seen.canaries:
        typer.echo(f"  canaries   {canaries.line(*seen.canaries, zone)}")
    if seen.progress:
        _print_progress(seen.progress, zone)
    typer.echo(f"next edition: {slot:%Y-%m-%d %H:%M} {zone.key} (`newsletter schedule` tells more)")
    _print_backup(app, zone)
    sys.stdout.flush()


def _backup(app: App) -> dict[str, object] | None:
    """Return the newest backup, or None where there is none yet."""
    from newsletter.backup.nightly import last_good

    with app.database.readers() as session:
        newest = last_good(session)
    if newest is None:
        return None
    return {
        "made_at": newest.started_at.isoformat(),
        "age_hours": round((app.clock() - newest.started_at).total_seconds() / 3600, 1),
        "file": newest.file,
        "checked": newest.checked,
    }


def _print_backup(app: App, zone: ZoneInfo) -> None:
    from newsletter.backup.nightly import last_good

    with app.database.readers() as session:
        newest = last_good(session)
    if newest is not None:
        age = app.clock() - newest.started_at
        is_old = age > app.settings.backup.alarm_after
        checked = newest.checked or "not checked"
        typer.secho(
            f"last backup: {newest.started_at.astimezone(zone):%Y-%m-%d %H:%M} ({checked})",
            fg=typer.colors.RED if is_old else None,
        )
    elif app.settings.backup.folder is None:
        typer.secho("no backups are made: see docs/backup.md", fg=typer.colors.YELLOW)


def _print_progress(goes: Progress, zone: ZoneInfo) -> None:
    for lane, each in goes.lanes.items():
        typer.echo(f"  {lane.value:<10} {_lane_words(each, zone)}")
    if goes.per_second:
        typer.echo(f"  speed      {goes.per_second:,.1f} copies a second in the last minute")
    if goes.off_since:
        since = f"{goes.off_since.astimezone(zone):%Y-%m-%d %H:%M}"
        typer.secho(
            f"  OFF        all sending since {since}: {goes.off_because}; `newsletter go` switches it on",
            fg=typer.colors.RED,
            bold=True,
        )
    if goes.forecast.waiting:
        words = _forecast_words(goes, zone)
        typer.echo(f"  forecast   {words}" + (" (if it went on now)" if _is_held_up(goes) else ""))
        if goes.deliver_until:
            typer.echo(f"  expires    what is left at {goes.deliver_until.astimezone(zone):%Y-%m-%d %H:%M}")


def _lane_words(lane: LaneProgress, zone: ZoneInfo) -> str:
    counts = [f"{state.value.replace('_', ' ')} {count:,}" for state, count in lane.counts.items() if count]
    if lane.per_second:
        counts.append(f"{lane.per_second:,.1f}/s")
    if lane.paused_until:
        counts.append(f"waits until {lane.paused_until.astimezone(zone):%H:%M:%S}: we came too fast")
    return ", ".join(counts)


def _line(app: App, slug: str, seen: Seen) -> str:
    """Return one look on one line, for a log."""
    from newsletter.delivery.states import State

    zone = app.settings.newsletters[slug].schedule.tz
    now, report, goes = app.clock().astimezone(zone), seen.report, seen.progress
    if report is None or report.books is None or goes is None:
        return f"{now:%H:%M:%S} {slug}: {report.state.value if report else 'no edition yet'}"
    books = report.books
    parts = [f"accepted {books[State.ACCEPTED]:,} of {books.owed:,}", f"left {books.open:,}"]
    parts += [
        f"{state.value.replace('_', ' ')} {books[state]:,}"
        for state in (State.REFUSED, State.IN_DOUBT, State.EXPIRED, State.WITHDRAWN)
        if books[state]
    ]
    parts += [f"{goes.per_second:,.1f}/s"] if goes.per_second else []
    parts += [_forecast_words(goes, zone)] if goes.forecast.waiting and not _is_held_up(goes) else []
    parts += [goes.stopped_because] if goes.stopped_because else []
    parts += [f"sending is off: {goes.off_because}"] if goes.off_since else []
    parts += [] if books.balanced else ["THE BOOKS DO NOT BALANCE"]
    return f"{now:%H:%M:%S} {slug} {report.day} {report.state.value}: {', '.join(parts)}"


def _is_held_up(goes: Progress) -> bool:
    return bool(goes.stopped_because or goes.off_since)


def _forecast_words(goes: Progress, zone: tzinfo) -> str:
    from newsletter.delivery.forecast import in_words
    from newsletter.language import catalog

    words = catalog("zh-CN" if context.chinese() else "en")
    return in_words(goes.forecast, words.say, zone)


def _plain(goes: Progress) -> dict[str, object]:
    def iso(moment: datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    return {
        "now": iso(goes.now),
        "deliver_until": iso(goes.deliver_until),
        "per_second": round(goes.per_second, 3),
        "switched_off": {"since": iso(goes.off_since), "because": goes.off_because}
        if goes.off_since
        else None,
        "lanes": {
            lane.value: {
                **{state.value: count for state, count in each.counts.items()},
                "per_second": round(each.per_second, 3),
                "paused_until": iso(each.paused_until),
            }
            for lane, each in goes.lanes.items()
        },
        "forecast": goes.forecast.as_json() if goes.forecast.waiting else None,
    }
