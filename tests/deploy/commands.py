"""The commands there are, as typer knows them."""

from __future__ import annotations

import typer.main

from newsletter.cli.main import app

COMMANDS = frozenset(typer.main.get_group(app).commands)
