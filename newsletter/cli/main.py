"""``newsletter``: the program. It parses, calls one story, prints, and ends with a documented code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from newsletter import __version__
from newsletter.cli import (
    afterwards,
    alarms,
    archive,
    backup,
    canaries,
    context,
    control,
    deciding,
    digest,
    dkim,
    doctor,
    doubt,
    feedback,
    journal,
    mailbox,
    moments,
    morning,
    people,
    rehearse,
    relocate,
    revisions,
    service,
    settling,
    setup,
    status,
    testsend,
    tokens,
    users,
    webhooks,
    why,
)
from newsletter.errors import ExitCode, NewsletterError

app = typer.Typer(
    help="A daily email that goes out right every morning with nobody awake.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog="Exit codes: 0 done, 1 failed or copies in doubt, 2 bad usage or unreadable input, "
    "3 held or no digest.",
)
for part in (
    setup,
    service,
    digest,
    testsend,
    rehearse,
    morning,
    moments,
    revisions,
    deciding,
    status,
    control,
    settling,
    doubt,
    afterwards,
    alarms,
    people,
    users,
    tokens,
    webhooks,
    archive,
    dkim,
    mailbox,
    canaries,
    feedback,
    why,
    journal,
    backup,
    doctor,
    relocate,
):
    part.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newsletter {__version__}")
        raise typer.Exit


@app.callback()
def common(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", envvar="NEWSLETTER_CONFIG", help="The configuration file.", show_default="config.toml"
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens.")] = False,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Remember the options that come before the command."""
    context.config_file = config
    context.verbose = verbose
    context.begin_logging()


def main() -> None:
    """Run the program; every expected error is one message and one exit code."""
    try:
        app()
    except NewsletterError as error:
        typer.echo(f"newsletter: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # `newsletter subscribers list | head` is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.DONE)


if __name__ == "__main__":
    main()
