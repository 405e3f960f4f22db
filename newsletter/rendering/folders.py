"""Where templates come from: a person's own folders first, then ours, file by file.

Every folder is laid out like ``templates/email``: ``<template>/body.mjml.j2`` and so on. A file in
an earlier folder stands in for ours of the same name, so one partial may be changed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from newsletter.errors import ExitCode, NewsletterError


class TemplateError(NewsletterError):
    """A template cannot be used. Mend the file, at the line where one is named."""

    exit_code = ExitCode.UNREADABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One template file as it was read. ``stamp`` changes when the file does."""

    name: str  # daily/body.mjml.j2
    file: str  # as named to a person
    text: str
    stamp: object


class Folders:
    """The template folders, in the order they are searched."""

    def __init__(self, own: Sequence[Path] = ()) -> None:
        for folder in own:
            if not folder.is_dir():
                raise TemplateError(
                    f"the template folder {folder} does not exist; mend the setting templates"
                )
        self._folders: tuple[Traversable, ...] = (*own, packaged_templates())

    def find(self, name: str) -> Source | None:
        """Return the first file called ``name``, or None; raise ``TemplateError`` when unreadable."""
        if not _is_plain(name):
            return None
        for folder in self._folders:
            file = folder.joinpath(*name.split("/"))
            if file.is_file():
                return _read(name, file)
        return None

    def read(self, name: str) -> Source:
        """Return the first file called ``name``, or raise ``TemplateError`` naming where we looked."""
        found = self.find(name)
        if found is None:
            places = ", ".join(str(folder) for folder in self._folders)
            raise TemplateError(f"there is no template {name}; looked in {places}")
        return found

    def stamp(self, name: str) -> object:
        """Return what changes when the file called ``name`` changes, appears or goes."""
        for folder in self._folders if _is_plain(name) else ():
            file = folder.joinpath(*name.split("/"))
            if file.is_file():
                return _stamp(file)
        return None


@cache
def packaged_templates() -> Traversable:
    """Return the folder of our own templates."""
    packed = resources.files("newsletter") / "templates" / "email"
    if packed.is_dir():
        return packed
    # An editable install ignores force-include; the folder is at the top of the checkout then.
    return Path(__file__).resolve().parents[2] / "templates" / "email"


def _is_plain(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and "\\" not in name and not {"..", "/"} & set(parts)


def _read(name: str, file: Traversable) -> Source:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{file}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise TemplateError(f"{file}: cannot be read: {error.strerror}") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Source(name=name, file=str(file), text=text, stamp=_stamp(file))


def _stamp(file: Traversable) -> object:
    if not isinstance(file, Path):
        return None  # inside a zip, where nothing changes
    status = file.stat()
    return str(file), status.st_mtime_ns, status.st_size
