"""The Jinja templates, found by name and kept compiled. The one door to ``jinja2``.

Sandboxed and strict: a name that does not exist is an error, never a blank. Everything is escaped
as HTML except in ``*.txt.j2`` and in patterns. ``*.mjml.j2`` is compiled from MJML to HTML before
Jinja sees it. A file that changes is read again at its next use.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from jinja2 import TemplateError as JinjaError
from jinja2.exceptions import TemplateSyntaxError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from newsletter.rendering.folders import Folders, TemplateError
from newsletter.rendering.mjml import Assembled, assemble, compile_mjml

_QUOTED = re.compile(r"'([^']+)'")


class Templates:
    """The templates of some folders, ours included."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self.folders = Folders(folders)
        self._environment = SandboxedEnvironment(
            loader=_Loader(self.folders),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and not name.endswith(".txt.j2"),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """Return the template called ``name`` with ``values``, or raise ``TemplateError``."""
        try:
            return self._environment.get_template(name).render(values)
        except TemplateError:
            raise
        except TemplateSyntaxError as error:
            # Of an included HTML or text partial; those of MJML are found before compiling.
            raise TemplateError(f"{error.filename or error.name}:{error.lineno}: {error.message}") from error
        except TemplateNotFound as error:
            raise TemplateError(f"{name}: there is no template {error.message}") from error
        except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise TemplateError(f"{self._place(name, error)}: {_in_words(error)}") from error

    def render_pattern(self, pattern: str, values: Mapping[str, object], *, setting: str) -> str:
        """Return a one-line ``pattern`` from the settings, or raise ``TemplateError`` naming ``setting``."""
        try:
            return self._environment.from_string(pattern).render(values)
        except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise TemplateError(f"{setting}: {_in_words(error)}") from error

    def _place(self, name: str, error: Exception) -> str:
        source = self.folders.read(name)
        if not name.endswith(".mjml.j2"):
            for frame in reversed(traceback.extract_tb(error.__traceback__)):
                if frame.filename.endswith(".j2"):
                    return f"{frame.filename}:{frame.lineno}"
            return source.file
        # The lines Jinja knows are those of the compiled HTML, so look for the name it complains of.
        assembled = assemble(source, self.folders.read)
        complaint = _QUOTED.findall(str(error))
        for word in reversed(complaint):
            found = re.search(rf"{{[{{%][^}}]*\b{re.escape(word)}\b", assembled.text)
            if found:
                return assembled.place_at(found.end())
        return source.file


def trusted_html(html: str) -> Markup:
    """Mark ``html`` as safe to stand in a page as it is: it was sanitised, or made by us."""
    return Markup(html)  # noqa: S704 - this is the one place that says so


def html_pattern(pattern: str) -> Callable[..., Markup]:
    """Return a function that fills ``pattern``, escaping both it and the values that are not safe."""
    return Markup.escape(pattern).format


class _Loader(BaseLoader):
    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        found = self._folders.find(template)
        if found is None:
            raise TemplateNotFound(template)
        names = {found.name: found.stamp}
        text = found.text
        if template.endswith(".mjml.j2"):
            assembled = assemble(found, self._folders.read)
            _check_jinja(environment, assembled)
            text = compile_mjml(assembled)
            names |= {source.name: source.stamp for source, _ in assembled.origins}

        def is_up_to_date() -> bool:
            return all(self._folders.stamp(name) == stamp for name, stamp in names.items())

        return text, found.file, is_up_to_date


def _check_jinja(environment: Environment, template: Assembled) -> None:
    """Find syntax errors while the lines are still those of the files."""
    try:
        environment.parse(template.text)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{template.place(error.lineno)}: {error.message}") from error


def _in_words(error: Exception) -> str:
    message: Any = getattr(error, "message", None) or str(error)
    kind = "" if isinstance(error, UndefinedError) else f"{type(error).__name__}: "
    return f"{kind}{message}"
