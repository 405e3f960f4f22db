"""``newsletter users``: who works here, what each may do, and their one-time links. No readers are here."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import who
from newsletter.errors import ConfigError, NewsletterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from newsletter.app import App
    from newsletter.people.audit import Actor
    from newsletter.people.people import Held
    from newsletter.people.rights import Role
    from newsletter.people.tables import Person
    from subscribers import Address

users = typer.Typer(
    help="Who works here: people, their roles, and one-time links. (Readers: `newsletter subscribers`.)",
    no_args_is_help=True,
)
AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="Their email address.")]
RoleOption = Annotated[str, typer.Option("--role", help="viewer, editor, sender or admin.")]
On = Annotated[
    str | None,
    typer.Option("--newsletter", "-n", help="On which newsletter.", show_default="all, also those to come"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(users, name="users")


@users.command()
def add(
    address: AddressArgument,
    name: Annotated[str, typer.Option("--name", help="Their name; the audit log says it.")],
    role: RoleOption,
    newsletter: On = None,
    language: Annotated[str | None, typer.Option(help="zh-CN or en.", show_default="their browser's")] = None,
) -> None:
    """Write somebody down, and print the one-time link with which they choose a password."""
    from newsletter.config import LANGUAGES
    from newsletter.people import invitations, people

    if language is not None and language not in LANGUAGES:
        raise ConfigError(f"--language: {language!r} is none of {', '.join(LANGUAGES)}")
    app, chosen = context.open_app(), _role(role)
    where = _where(app, newsletter)
    with app.database.sessions.begin() as session:
        now = app.clock()
        person = people.add(session, _address(address), name=name, language=language, by=_by(), now=now)
        people.grant(session, person, chosen, where, by=_by(), now=now)
        secret = invitations.invite(session, person, now=now)
    typer.echo(f"{person.name} is {chosen.value} on {where or 'all newsletters'}")
    _print_link(app, secret, person)


@users.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List everybody with their roles."""
    from newsletter.people import people

    app = context.open_app()
    with app.database.readers() as session:
        everybody, held = people.every(session), people.held_by_all(session)
    if as_json:
        document = [_as_json(person, held.get(person.id, ())) for person in everybody]
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for person in everybody:
        roles = ", ".join(f"{role} on {on or 'all'}" for on, role in held.get(person.id, ())) or "no role"
        typer.echo(f"{person.id:>5}  {person.email:<32}  {person.name}  {roles}{_state(person)}")
    if not everybody:
        typer.echo("nobody yet: `newsletter users add`, or the link that `newsletter run` prints")


@users.command()
def role(
    address: AddressArgument,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, editor, sender or admin.")],
    newsletter: On = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take it away.")] = False,
) -> None:
    """Give somebody a role, or take it away. It holds at once."""
    from newsletter.people import people

    app, chosen = context.open_app(), _role(role)
    where = _where(app, newsletter, gone=remove)
    change = people.revoke if remove else people.grant
    with app.database.sessions.begin() as session:
        person = people.need(session, _address(address))
        is_new = change(session, person, chosen, where, by=_by(), now=app.clock())
    state = "is no longer" if remove else "is"
    tail = "" if is_new else " (as before)"
    typer.echo(f"{person.name} {state} {chosen.value} on {where or 'all newsletters'}{tail}")


@users.command()
def disable(address: AddressArgument) -> None:
    """Log somebody out everywhere and let nothing of theirs work; what they did stays in the log."""
    from newsletter.people import people

    _change(address, people.disable, "disabled")


@users.command()
def enable(address: AddressArgument) -> None:
    """Let a disabled person back in."""
    from newsletter.people import people

    _change(address, people.enable, "enabled")


@users.command()
def link(address: AddressArgument) -> None:
    """Print a one-time link with which somebody chooses another password."""
    from newsletter.people import audit, invitations, people

    app = context.open_app()
    with app.database.sessions.begin() as session:
        person = _able(session, _address(address))
        secret = invitations.invite(session, person, now=app.clock())
        what, about = audit.What.LINK_MADE, people.name_of(person)
        audit.write(session, _by(), what, about=about, now=app.clock())
    _print_link(app, secret, person)


@users.command()
def password(address: AddressArgument) -> None:
    """Set somebody's password, typed twice or from a pipe, and log them out everywhere."""
    from newsletter.people import people
    from newsletter.people.passwords import Passwords

    app = context.open_app()
    with app.database.readers() as session:
        _able(session, _address(address))
    typed = (
        typer.prompt("New password", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    kept = Passwords.of(app.settings.staff).hash(typed)  # slow on purpose: before the transaction
    with app.database.sessions.begin() as session:
        person = _able(session, _address(address))
        ended = people.set_password(session, person, kept, by=_by(), now=app.clock())
    typer.echo(f"{person.name}: the password is set; logged out on {ended} device{'' if ended == 1 else 's'}")


@users.command(name="second-factor-off")
def second_factor_off(address: AddressArgument) -> None:
    """Ask somebody who lost their phone for no code any more."""
    from newsletter.people import people, second

    app = context.open_app()
    with app.database.sessions.begin() as session:
        person = people.need(session, _address(address))
        was_on = second.turn_off(session, person, by=_by(), now=app.clock())
    typer.echo(f"{person.name}: {'the second factor is off' if was_on else 'there was no second factor'}")


def _change(address: str, change: Callable[..., bool], done: str) -> None:
    from newsletter.people import people

    app = context.open_app()
    with app.database.sessions.begin() as session:
        person = people.need(session, _address(address))
        is_new = change(session, person, by=_by(), now=app.clock())
    typer.echo(f"{person.name} is {done}{'' if is_new else ' (as before)'}")


def _print_link(app: App, secret: str, person: Person) -> None:
    from newsletter.people import invitations

    hours = invitations.LASTING[invitations.kind_for(person)].total_seconds() / 3600
    typer.echo(f"good once, for {hours:g} h: {app.settings.base_url}/staff/welcome/{secret}")


def _able(session: Session, address: Address) -> Person:
    from newsletter.people import people

    person = people.need(session, address)
    if person.disabled_at is not None:
        raise NewsletterError(f"{person.name} is disabled; `newsletter users enable` comes first")
    return person


def _by() -> Actor:
    from newsletter.people.audit import at_the_command_line

    return at_the_command_line(who())


def _role(name: str) -> Role:
    from newsletter.people.rights import Role

    if name not in set(Role):
        raise ConfigError(f"--role: {name!r} is none of {', '.join(Role)}")
    return Role(name)


def _where(app: App, newsletter: str | None, *, gone: bool = False) -> str:
    from newsletter.people.rights import ALL

    if newsletter is None:
        return ALL
    # A role on a newsletter that was taken from the configuration can still be taken away.
    return newsletter if gone else app.settings.newsletter(newsletter)[0]


def _address(typed: str) -> Address:
    from subscribers import InvalidAddress, normalise

    try:
        return normalise(typed)
    except InvalidAddress as error:
        raise ConfigError(str(error)) from None


def _state(person: Person) -> str:
    if person.disabled_at is not None:
        return "  (disabled)"
    if person.password_hash is None:
        return "  (no password yet)"
    return "  (two-step)" if person.second_on_at is not None else ""


def _as_json(person: Person, held: Held) -> dict[str, object]:
    return {
        "id": person.id,
        "address": person.email,
        "name": person.name,
        "language": person.language,
        "roles": [{"newsletter": on or None, "role": role.value} for on, role in held],
        "has_password": person.password_hash is not None,
        "second_factor": person.second_on_at is not None,
        "disabled": person.disabled_at is not None,
        "created_at": person.created_at.isoformat(timespec="seconds"),
    }
