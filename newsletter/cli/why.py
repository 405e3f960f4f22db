"""``why``: what became of one person's copy of a day's edition, from owed to what came back.

``--json`` prints a list, one entry for each edition of the day (``"fate"`` says it in one word)::

    [{"newsletter", "day", "kind", "serial", "subject", "fate", "owed", "suppressed", "because",
      "handed_over_at", "said", "came_back_at", "came_back", "meaning"}]
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from newsletter.cli import context
from newsletter.cli.digest import Day, Newsletter
from newsletter.cli.people import AddressArgument, AsJson
from newsletter.errors import ConfigError, NewsletterError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from newsletter.feedback.why import Tale
    from newsletter.language import Catalog


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(why)


def why(
    address: AddressArgument, day: Day = None, newsletter: Newsletter = None, as_json: AsJson = False
) -> None:
    """Say why somebody did not get an edition: owed? handed over? what came back? what to do?"""
    from newsletter.feedback.why import tell
    from newsletter.language import catalog
    from subscribers import InvalidAddress, find, normalise

    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    zone = settings.schedule.tz
    wanted = day.date() if day else app.clock().astimezone(zone).date()
    try:
        normal = normalise(address)
    except InvalidAddress as error:
        raise ConfigError(str(error)) from None
    with app.database.readers() as session:
        person = find(session, app.keys.addresses, normal)
        if person is None:
            raise NewsletterError("nobody with this address is known; it was never on a list here")
        tales = tell(session, slug, person, wanted)
    if as_json:
        typer.echo(json.dumps([tale.as_json() for tale in tales], ensure_ascii=False, indent=2))
        return
    words = catalog("zh-CN" if context.chinese() else "en")
    for tale in tales:
        _print(tale, words, zone, settings.sender.address)


def _print(tale: Tale, words: Catalog, zone: ZoneInfo, sender: str) -> None:
    from newsletter.feedback import wording

    head = f"{tale.newsletter} {tale.day.isoformat()}"
    if tale.kind != "daily" or tale.serial != 1:
        head += f" {tale.kind} {tale.serial}"
    typer.secho(f"{head}  {tale.subject or ''}".rstrip(), bold=True)
    typer.echo(f"  {wording.what(tale, words)}")
    if tale.suppressed and tale.fate != "suppressed":
        typer.secho(f"  {words.say(f'why.suppressed.{tale.suppressed}')}", fg=typer.colors.RED)
    colon = words.say("text.colon")
    if tale.because:
        typer.echo(f"  {tale.because}")
    if tale.handed_over_at:
        moment = tale.handed_over_at.astimezone(zone)
        typer.echo(f"  {words.say('why.handed_over')}{colon} {moment:%Y-%m-%d %H:%M:%S}")
    if tale.said:
        typer.echo(f"  {words.say('why.said')}{colon} {tale.said}")
    if tale.came_back_at:
        moment = tale.came_back_at.astimezone(zone)
        meaning = f" ({tale.meaning})" if tale.meaning else ""
        typer.echo(f"  {words.say('why.came_back')}{colon} {moment:%Y-%m-%d %H:%M:%S} {tale.fate}{meaning}")
    if tale.came_back:
        typer.echo(f"  {words.say('why.words')}{colon} {tale.came_back}")
    if do := wording.to_do(tale, words, sender=sender):
        typer.echo(f"  {words.say('why.do')}{do}")
