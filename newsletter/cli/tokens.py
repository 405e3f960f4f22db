"""``newsletter tokens`` and ``newsletter audit``: keys for programs, and what was done."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import who
from newsletter.cli.users import AddressArgument, AsJson
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.people.rights import Right

tokens = typer.Typer(
    help="API tokens: what a program shows to act for a person (`newsletter users`).", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the group, and the log."""
    app.add_typer(tokens, name="tokens")
    app.command()(audit)


@tokens.command()
def add(
    address: AddressArgument,
    name: Annotated[str, typer.Option("--name", help="What it is for; the audit log says it.")],
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="view, edit, test-send, pause, send, readers, manage-people."),
    ],
    newsletter: Annotated[
        list[str] | None,
        typer.Option("--newsletter", "-n", help="Only on this.", show_default="all of theirs"),
    ] = None,
    days: Annotated[int, typer.Option(help="How long it lasts.", min=1, max=366)] = 90,
) -> None:
    """Make a token that acts for somebody, and print it once. It never may more than they do."""
    from newsletter.people import people
    from newsletter.people import tokens as story
    from newsletter.people.audit import at_the_command_line
    from subscribers import InvalidAddress, normalise

    app = context.open_app()
    papers = [app.settings.newsletter(each)[0] for each in newsletter or ()]
    try:
        email = normalise(address)
    except InvalidAddress as error:
        raise ConfigError(str(error)) from None
    with app.database.sessions.begin() as session:
        token, secret = story.add(
            session,
            people.need(session, email),
            name=name,
            scopes={_right(each) for each in scope},
            newsletters=papers,
            lasting=timedelta(days=days),
            by=at_the_command_line(who()),
            now=app.clock(),
        )
    typer.echo(f"token {token.id}, until {token.expires_at:%Y-%m-%d}, shown only now:", err=True)
    typer.echo(secret)


@tokens.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the tokens; what they open is not kept."""
    from newsletter.people import people
    from newsletter.people import tokens as story

    app = context.open_app()
    with app.database.readers() as session:
        found = story.every(session)
        names = {person.id: person.name for person in people.every(session)}
    now = app.clock()
    if as_json:
        document = [
            {
                "id": token.id,
                "name": token.name,
                "person": names[token.person_id],
                "scopes": token.scopes,
                "newsletters": token.newsletters or None,
                "expires_at": token.expires_at.isoformat(timespec="seconds"),
                "used_at": token.used_at.isoformat(timespec="seconds") if token.used_at else None,
                "state": story.state_of(token, now=now),
            }
            for token in found
        ]
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for token in found:
        where = f" on {', '.join(token.newsletters)}" if token.newsletters else ""
        state = story.state_of(token, now=now)
        lasts = f"until {token.expires_at:%Y-%m-%d}" if state == "good" else state
        may = f"{names[token.person_id]}: {', '.join(token.scopes)}{where}"
        typer.echo(f"{token.id:>5}  {token.name}  {may}  {lasts}")


@tokens.command()
def revoke(token_id: Annotated[int, typer.Argument(metavar="ID", help="Its number.")]) -> None:
    """Let a token be worth nothing, at once and for good."""
    from newsletter.people import tokens as story
    from newsletter.people.audit import at_the_command_line

    app = context.open_app()
    by = at_the_command_line(who())
    with app.database.sessions.begin() as session:
        is_new = story.revoke(session, token_id, by=by, now=app.clock())
    typer.echo(f"token {token_id} is revoked{'' if is_new else ' (as before)'}")


def audit(
    newsletter: Annotated[
        str | None, typer.Option("--newsletter", "-n", help="Only of this newsletter.")
    ] = None,
    before: Annotated[int | None, typer.Option(help="Go on before this entry.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what people did, newest first."""
    from newsletter.people import audit as log

    app = context.open_app()
    only = [newsletter] if newsletter else None
    with app.database.readers() as session:
        entries = log.latest(session, newsletters=only, before_id=before, limit=limit)
    if as_json:
        typer.echo(json.dumps([log.as_json(entry) for entry in entries], ensure_ascii=False, indent=2))
        return
    for entry in entries:
        facts = "  ".join(f"{name}={value}" for name, value in entry.facts.items())
        via = f" ({entry.via})" if entry.via else ""
        about = "  ".join(filter(None, (entry.newsletter, entry.about, facts)))
        typer.echo(f"{entry.id:>6}  {entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.by}{via}  {entry.what}  {about}")
    if len(entries) == limit:
        typer.echo(f"more: --before {entries[-1].id}")


def _right(name: str) -> Right:
    from newsletter.people.rights import Right

    if name not in set(Right):
        raise ConfigError(f"--scope: {name!r} is none of {', '.join(Right)}")
    return Right(name)
