"""What the options before a command said, and the words a person reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.app import App

config_file: Path | None = None
verbose = False


def begin_logging() -> None:
    """Log to the terminal until the settings say where to."""
    import logging

    # Not the masking one yet, which takes longer to import than --help; the same name, so that it takes over.
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.name = "newsletter"


def open_app(*, current: bool = True) -> App:
    """Return the wired application; with ``current``, only on a database of this release."""
    from newsletter import logs
    from newsletter.app import App
    from newsletter.config import find_config, load

    app = App(load(find_config(config_file)))
    logs.set_up(app.settings.log, verbose=verbose)
    for slug, newsletter in app.settings.newsletters.items():
        if newsletter.gate.severity:  # only then is there an id to know, and the gate worth its import
            from newsletter.morning.strictness import policy_of

            policy_of(slug, newsletter)
    if current:
        from newsletter.migrations import require_current

        require_current(app.database)
        app.establish()
    return app


def chinese() -> bool:
    """Say whether the person at the terminal reads Chinese, by the usual variables."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value.lower().startswith("zh")
    return False
