"""``subscribers``: the people on a list, one at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context, moving
from newsletter.cli.digest import Newsletter
from newsletter.errors import ConfigError, NewsletterError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from newsletter.app import App
    from subscribers import Address, Event, Subscriber, Subscription

people = typer.Typer(help="The people on a list.", no_args_is_help=True)
AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="Their email address.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    moving.register(people)
    app.add_typer(people, name="subscribers")


@people.command()
def add(
    address: AddressArgument,
    origin: Annotated[str, typer.Option(help="Where and how they agreed to get it; kept as evidence.")],
    newsletter: Newsletter = None,
    language: Annotated[
        str | None, typer.Option(help="zh-CN or en; the newsletter's own by default.")
    ] = None,
) -> None:
    """Put a person on the list who has agreed to it elsewhere. Whoever left stays left."""
    from newsletter.config import LANGUAGES
    from subscribers import Event

    if language is not None and language not in LANGUAGES:
        raise ConfigError(f"--language: {language!r} is none of {', '.join(LANGUAGES)}")
    listed = _apply(address, newsletter, Event.ENROLLED, origin=origin, language=language)
    typer.echo(f"{listed.status.value} on {listed.newsletter}")


@people.command()
def leave(address: AddressArgument, newsletter: Newsletter = None) -> None:
    """Take a person off the list because they asked to. Only they themselves can come back."""
    from subscribers import Event

    listed = _apply(address, newsletter, Event.LEFT, origin="command line")
    typer.echo(f"{listed.status.value} on {listed.newsletter}")


@people.command(name="list")
def list_(
    newsletter: Newsletter = None,
    status: Annotated[str | None, typer.Option(help="Only pending, active or left.")] = None,
    after: Annotated[int, typer.Option(help="Go on after this id.")] = 0,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List people by id, a page at a time."""
    from subscribers import Status, page

    if status is not None and status not in set(Status):
        raise ConfigError(f"--status: {status!r} is none of {', '.join(Status)}")
    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    with app.database.readers() as session:
        rows = page(session, slug, after_id=after, limit=limit, status=Status(status) if status else None)
    if as_json:
        document = [
            {
                "id": row.subscriber_id,
                "address": row.address,
                "status": row.status.value,
                "cadence": row.cadence.value,
                "language": row.language,
                "created_at": row.created_at.isoformat(),
            }
            for row in rows
        ]
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for row in rows:
        stands = f"{row.status.value:<8} {row.cadence.value:<9}"
        typer.echo(f"{row.subscriber_id:>8}  {stands} {row.address or '(erased)'}")
    if len(rows) == limit:
        typer.echo(f"more: --after {rows[-1].subscriber_id}")


@people.command()
def show(address: AddressArgument, as_json: AsJson = False) -> None:
    """Show all we hold about a person: their lists and the evidence of consent."""
    from subscribers import history, subscriptions, suppression_of

    app = context.open_app()
    with app.database.readers() as session:
        person = _person(app, session, _normalise(address))
        suppressed = suppression_of(session, person)
        document = {
            "id": person.id,
            "address": person.address,
            "language": person.language,
            "created_at": _iso(person.created_at),
            "suppressed": suppressed.reason.value if suppressed else None,
            "subscriptions": [
                {
                    "newsletter": listed.newsletter,
                    "status": listed.status.value,
                    "cadence": listed.cadence.value,
                    "paused_until": listed.paused_until.isoformat() if listed.paused_until else None,
                    "confirmed_at": _iso(listed.confirmed_at),
                    "left_at": _iso(listed.left_at),
                }
                for listed in subscriptions(session, person.id)
            ],
            "consent": [
                {
                    "at": _iso(act.at),
                    "newsletter": act.newsletter,
                    "event": act.event.value,
                    "origin": act.origin,
                    "wording": act.wording,
                }
                for act in history(session, person.id)
            ],
        }
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{person.id}  {person.address or '(erased)'}  since {document['created_at']}")
    if suppressed:
        typer.secho(f"  never mailed: {suppressed.reason.value}", fg=typer.colors.RED)
    for listed in document["subscriptions"]:
        typer.echo(f"  {listed['newsletter']}: {listed['status']}, {listed['cadence']}")
    for act in document["consent"]:
        typer.echo(f"  {act['at']}  {act['newsletter']}  {act['event']}  ({act['origin']})")


def _apply(
    address: str, newsletter: str | None, event: Event, *, origin: str, language: str | None = None
) -> Subscription:
    from subscribers import Event as Happening
    from subscribers import Evidence, TransitionNotAllowed, apply

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    normal = _normalise(address)
    try:
        evidence = Evidence(origin=origin, language=language)
    except ValueError as error:
        raise ConfigError(f"--origin: {error}") from None
    leaving = event is Happening.LEFT
    with app.database.sessions.begin() as session:
        if leaving:
            _person(app, session, normal)
        try:
            return apply(
                session,
                app.keys.addresses,
                normal,
                newsletter=slug,
                event=event,
                evidence=evidence,
                now=app.clock(),
            )
        except TransitionNotAllowed as error:
            why = "they are not on this list" if leaving else "whoever left comes back only by themselves"
            raise NewsletterError(f"{error}: {why}") from None


def _person(app: App, session: Session, address: Address) -> Subscriber:
    from subscribers import find

    person = find(session, app.keys.addresses, address)
    if person is None:
        raise NewsletterError("nobody with this address is known")
    return person


def _normalise(address: str) -> Address:
    from subscribers import InvalidAddress, normalise

    try:
        return normalise(address)
    except InvalidAddress as error:
        raise ConfigError(str(error)) from None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
