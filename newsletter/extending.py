"""What installed packages offer to this installation, by entry points, chosen by name in the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

from newsletter.errors import ConfigError

TRANSPORTS = "newsletter.transports"
SOURCES = "newsletter.sources"


def made(group: str, name: str, options: Mapping[str, Any], *, setting: str) -> Any:
    """Return what a package's factory makes of the options that the settings hold for it.

    Raise ``ConfigError``, which names the setting, when no package offers it, or it cannot be made.
    """
    offered = {entry.name: entry for entry in entry_points(group=group)}
    if name not in offered:
        there = ", ".join(sorted(offered)) or "none"
        raise ConfigError(
            f"{setting} = {name!r}: no installed package offers it in {group}; there are: {there}"
        )
    try:
        factory: Callable[..., Any] = offered[name].load()
        return factory(**options)
    except Exception as error:  # a stranger's module may fail in any way
        raise ConfigError(
            f"{setting} = {name!r}: {offered[name].value} failed: {type(error).__name__}: {error}"
        ) from error
