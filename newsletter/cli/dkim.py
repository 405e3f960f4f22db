"""``dkim new``: a key to sign with, and the DNS record that lets receivers check it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*")
_STRING = 255  # characters a TXT record holds in one string


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Keys that sign what we send by SMTP (DKIM).", no_args_is_help=True)
    group.callback()(_keep_the_group)
    group.command("new")(new)
    app.add_typer(group, name="dkim")


def _keep_the_group() -> None:
    # With one command only, typer would drop its name.
    return


def new(
    domain: Annotated[str, typer.Option(help="The domain of the sender's address, or one above it.")],
    selector: Annotated[str, typer.Option(help="The key's name in the DNS, such as n2026.")],
    file: Annotated[
        Path | None, typer.Option(help="Where the key is to lie.", show_default="var/dkim-SELECTOR.pem")
    ] = None,
    ed25519: Annotated[bool, typer.Option("--ed25519", help="A short key to use beside an RSA one.")] = False,
) -> None:
    """Make a private key and print its DNS record; a file that is there is never overwritten."""
    from newsletter.config import DkimSettings
    from newsletter.errors import ConfigError
    from newsletter.transports import dkim

    path = (file or Path("var") / f"dkim-{selector}.pem").resolve()
    try:
        DkimSettings(domain=domain, selector=selector, key=path)
    except ValueError as error:
        raise ConfigError(
            "--domain and --selector must be DNS names such as example.com and n2026"
        ) from error
    if not _DOMAIN.fullmatch(domain):
        raise ConfigError("--domain must be a domain in ASCII such as news.example.com")
    key = dkim.create(path, domain=domain, selector=selector, algorithm="ed25519" if ed25519 else "rsa")
    typer.echo(f"made {path}; keep it secret\n")
    typer.echo("Publish this TXT record:\n")
    typer.echo(f"  name   {key.name}")
    typer.echo(f"  value  {key.record}\n")
    typer.echo("or, in a zone file:\n")
    strings = [key.record[start : start + _STRING] for start in range(0, len(key.record), _STRING)]
    quoted = " ".join(f'"{string}"' for string in strings)
    typer.echo(f"  {key.name}. IN TXT ( {quoted} )\n")
    typer.echo("When it can be seen, add to config.toml:\n")
    typer.echo("  [[transport.smtp.dkim]]")
    for name, value in (("domain", domain), ("selector", selector), ("key", path)):
        typer.echo(f'  {name} = "{value}"')
