"""``rehearse``: the whole morning with the real readers, from which nothing leaves.

``--json`` prints the document of ``morning`` with, beside it::

    {
      "audience": {lane: {language: copies}}, "html_bytes": {language: bytes}, "clip_bytes",
      "sizes": {"copies", "mean", "largest", "total"},       bytes of whole messages on the wire
      "failures": [{"reason", "copies", "subscriber_ids"}],
      "forecast": null or as in ``status``, "warnings": [text], "took_seconds", "sending_took_seconds"
    }
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from newsletter.cli import context
from newsletter.cli.digest import Day, Newsletter
from newsletter.cli.morning import AsJson, print_report, report_json
from newsletter.errors import ExitCode

if TYPE_CHECKING:
    from datetime import datetime
    from types import FrameType
    from zoneinfo import ZoneInfo

    from newsletter.rehearsal import Rehearsal


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(rehearse)


def rehearse(day: Day = None, newsletter: Newsletter = None, as_json: AsJson = False) -> None:
    """Go through the whole morning with every real reader; nothing leaves and nothing is changed."""
    from newsletter.rehearsal import rehearse as go

    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    try:
        with _broken_off_cleanly():
            rehearsal = go(app, slug, day.date() if day else None)
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.FAILED) from None
    finally:
        app.close()
    if as_json:
        typer.echo(json.dumps(_plain(rehearsal), ensure_ascii=False, indent=2))
    else:
        print_rehearsal(rehearsal, settings.schedule.tz)
    raise typer.Exit(rehearsal.exit_code)


@contextmanager
def _broken_off_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGINT break off once; whoever repeats them waits until the readers' copy is gone."""

    def told(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        typer.echo("breaking off; the copy of the readers is being removed", err=True)
        raise KeyboardInterrupt

    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, told) for number in signals}
    try:
        yield
    finally:
        for number in signals:
            if signal.getsignal(number) is told:  # otherwise we are on our way out
                signal.signal(number, before[number])


def print_rehearsal(rehearsal: Rehearsal, zone: ZoneInfo) -> None:
    """Print a rehearsal for a person."""
    from newsletter.editions.gate.size import MOST_BYTES

    typer.secho("a rehearsal: nothing leaves, nothing is changed", bold=True)
    print_report(rehearsal.report, zone)
    for lane, languages in rehearsal.audience.items():
        by_language = ", ".join(f"{language} {copies:,}" for language, copies in languages.items())
        typer.echo(f"  {lane.value:<10} {sum(languages.values()):,} ({by_language})")
    for language, size in rehearsal.html_bytes.items():
        typer.echo(f"  HTML       {language} {size:,} bytes; Gmail clips it over {MOST_BYTES:,}")
    sizes = rehearsal.sizes
    if sizes.copies:
        typer.echo(
            f"  messages   {sizes.copies:,}: mean {sizes.mean:,} bytes, largest {sizes.largest:,}, "
            f"together {sizes.total / 1e6:,.1f} MB"
        )
    for failure in rehearsal.failures:
        who = ", ".join(str(id_) for id_ in failure.subscriber_ids)
        more = " …" if failure.copies > len(failure.subscriber_ids) else ""
        typer.secho(
            f"  cannot     {failure.copies:,} of them be made: {failure.reason} (subscribers {who}{more})",
            fg=typer.colors.RED,
        )
    _print_forecast(rehearsal, zone)
    for warning in rehearsal.warnings:
        typer.secho(f"  warning    {warning}", fg=typer.colors.YELLOW)
    took, sending = rehearsal.took.total_seconds(), rehearsal.sending_took.total_seconds()
    typer.echo(f"  took       {took:,.1f} s, of which {sending:,.1f} s to make and record every copy")


def _print_forecast(rehearsal: Rehearsal, zone: ZoneInfo) -> None:
    from newsletter.delivery.forecast import in_words
    from newsletter.language import catalog

    coming = rehearsal.forecast
    if coming is None:
        return
    say = catalog("zh-CN" if context.chinese() else "en").say
    typer.echo(f"  forecast   {in_words(coming, say, zone)} (by the lanes' limits and this machine alone)")
    floor = coming.overall_floor
    if floor.finishes_at:
        typer.echo(f"  floor      {_clock(floor.finishes_at, zone)}, on the fastest machine")
    else:
        until = _clock(coming.until, zone)
        typer.echo(f"  floor      {floor.expires:,} copies expire at {until}, on any machine")


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _plain(rehearsal: Rehearsal) -> dict[str, object]:
    from newsletter.editions.gate.size import MOST_BYTES

    sizes = rehearsal.sizes
    return report_json(rehearsal.report) | {
        "exit_code": int(rehearsal.exit_code),
        "audience": {lane.value: dict(languages) for lane, languages in rehearsal.audience.items()},
        "html_bytes": dict(rehearsal.html_bytes),
        "clip_bytes": MOST_BYTES,
        "sizes": {
            "copies": sizes.copies,
            "mean": sizes.mean,
            "largest": sizes.largest,
            "total": sizes.total,
        },
        "failures": [
            {
                "reason": failure.reason,
                "copies": failure.copies,
                "subscriber_ids": list(failure.subscriber_ids),
            }
            for failure in rehearsal.failures
        ],
        "forecast": rehearsal.forecast.as_json() if rehearsal.forecast else None,
        "warnings": list(rehearsal.warnings),
        "took_seconds": round(rehearsal.took.total_seconds(), 3),
        "sending_took_seconds": round(rehearsal.sending_took.total_seconds(), 3),
    }
