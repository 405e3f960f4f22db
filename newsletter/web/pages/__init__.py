"""The HTML pages: the templates and files in this folder, and words from the catalogs. A door to ``jinja2``.

Whatever a template prints is escaped, and so is a text of the catalog; only what is filled into it may be
markup, and only when a template of ours made it. A name that does not exist is an error, never a blank.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from newsletter.language import Catalog

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


def render(name: str, words: Catalog, **values: object) -> str:
    """Return the page called ``name`` in the catalog's language."""
    template = _environment().get_template(f"{name}.html.j2")
    return template.render(values, words=words, say=_sayer(words))


def render_staff(name: str, words: Catalog, *, block: str = "", **values: object) -> str:
    """Return a page of those who work here; only its ``block`` where it has one of that name.

    Blocks find the macros as ``ui``, also when one is rendered alone.
    """
    environment = _environment()
    template = environment.get_template(f"staff/{name}.html.j2")
    known = values | {"words": words, "say": _sayer(words)}
    macros = environment.get_template("staff/macros.html.j2")
    known["ui"] = macros.make_module(known)
    if block in template.blocks:
        return "".join(template.blocks[block](template.new_context(known)))
    return template.render(known)


@cache
def _environment() -> Environment:
    # Compiled once: a change of a file needs a new start.
    return Environment(
        loader=PackageLoader("newsletter.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


class Assets:
    """The style sheet, the icon and the scripts: named by their content, so that a browser may keep them."""

    def __init__(self) -> None:
        folder = resources.files("newsletter.web") / "pages" / "static"
        self._files = dict(_walk(folder))
        everything = b"\0".join(name.encode() + b"\0" + self._files[name] for name in sorted(self._files))
        self.version = hashlib.sha256(everything).hexdigest()[:12]

    def find(self, version: str, name: str) -> tuple[bytes, str] | None:
        """Return a file and its media type; None for any other."""
        if version != self.version or name not in self._files:
            return None
        return self._files[name], _TYPES[PurePosixPath(name).suffix]


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        elif PurePosixPath(entry.name).suffix in _TYPES:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def _sayer(words: Catalog) -> Callable[..., Markup]:
    def say(key: str, *, count: int | None = None, **values: object) -> Markup:
        filled = values if count is None else values | {"count": count}
        return Markup.escape(words.pattern(key, count=count)).format(**filled)

    return say
