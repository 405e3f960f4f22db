"""``newsletter webhooks``: other programs that hear of events, and how that goes."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.users import AsJson
from newsletter.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from newsletter.config.webhooks import EventWebhookSettings

SECRET_BYTES = 32

webhooks = typer.Typer(
    help="Webhooks out: other programs hear who joins and what is sent ([[webhooks]], docs/webhooks.md).",
    epilog="Exit codes: 0 done, 1 the far side did not accept, 2 bad usage.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(webhooks, name="webhooks")


@webhooks.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """Show each webhook, what it hears, and what became of it."""
    from newsletter.alarms import hooks
    from newsletter.alarms.tables import HookState

    app = context.open_app()
    document = []
    with app.database.readers() as session:
        for webhook in app.settings.webhooks:
            counts, last = hooks.of_events(session, webhook.name)
            document.append(
                {
                    "name": webhook.name,
                    "events": [event.value for event in webhook.events],
                    "newsletters": list(webhook.newsletters) or None,
                    **{state.value: counts.get(state, 0) for state in HookState},
                    "last_reply": last.reply if last else None,
                }
            )
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for each in document:
        told = f"{each['accepted']} told, {each['waiting']} waiting, {each['failed']} given up"
        reply = f"; last: {each['last_reply']}" if each["last_reply"] else ""
        typer.echo(f"{each['name']}: {', '.join(each['events'])}\n  {told}{reply}")
    if not document:
        typer.echo("none: see [[webhooks]] in the configuration")


@webhooks.command()
def test(name: Annotated[str, typer.Argument(metavar="NAME", help="Which one.")]) -> None:
    """Post an example of each event it hears, at once, and say what the far side answered."""
    from newsletter.alarms import hooks

    app = context.open_app()
    webhook = _webhook(app.settings.webhooks, name)
    is_refused = False
    for number, event in enumerate(webhook.events):
        now = app.clock()
        data = {"newsletter": next(iter(app.settings.newsletters), "example"), "example": True}
        content = {"type": event.value, "timestamp": now.isoformat(), "data": data}
        answer = app.poster.call(hooks.EVENT + name, content, key=f"test:{int(now.timestamp())}{number}")
        is_refused |= not answer.is_accepted
        typer.echo(f"{event.value}: {answer.words}{'' if answer.is_accepted else ' (not accepted)'}")
    if is_refused:
        raise typer.Exit(ExitCode.FAILED)


@webhooks.command()
def secret() -> None:
    """Print a new secret, for both sides."""
    from newsletter.config.webhooks import SECRET_PREFIX

    typer.echo(SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def _webhook(known: tuple[EventWebhookSettings, ...], name: str) -> EventWebhookSettings:
    for webhook in known:
        if webhook.name == name:
            return webhook
    names = ", ".join(webhook.name for webhook in known) or "none"
    raise ConfigError(f"there is no webhook {name!r} in the configuration (configured: {names})")
