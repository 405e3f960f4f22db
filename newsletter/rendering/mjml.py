"""MJML made into HTML. The one door to the ``mjml`` library (mrml underneath).

MJML is compiled first, with the Jinja expressions still in it; Jinja runs on the result. So no
digest and no reader's value ever passes through mrml, which writes attribute values with escapes of
its own. What it would silently break or drop in a template is refused here, with file and line.

``<mj-include path="daily/footer.mjml.j2" />`` takes in another template file, one level deep.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mjml import mjml2html

from newsletter.rendering.folders import Source, TemplateError

_INCLUDE = re.compile(r"""<mj-include\s+path=["']([^"']+)["']\s*/>""")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# A tag of any kind, its attributes included; Jinja in an attribute must not hold a quote or a ">".
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>")
_BARE = re.compile(r"<(?![A-Za-z/!])")
_VALUE = re.compile(r"=\s*(?:\"([^\"]*)\"|'([^']*)')")
_POSITION = re.compile(r"position (\d+):\d+")
# mrml drops an element it does not know without a word.
_ELEMENTS = frozenset(
    "mjml mj-head mj-body mj-title mj-preview mj-attributes mj-all mj-class mj-breakpoint mj-font mj-style "
    "mj-raw mj-wrapper mj-section mj-group mj-column mj-text mj-image mj-button mj-divider mj-spacer "
    "mj-table mj-hero mj-navbar mj-navbar-link mj-social mj-social-element mj-accordion "
    "mj-accordion-element mj-accordion-title mj-accordion-text mj-carousel mj-carousel-image".split()
)
_MAY_STAND_IN_HEAD = re.compile(r"<mj-attributes>.*?</mj-attributes>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A template with its includes in place, and where each of its lines came from."""

    text: str
    origins: tuple[tuple[Source, int], ...]

    def place(self, line: int) -> str:
        """Return ``file:line`` for a 1-based line of ``text``."""
        source, number = self.origins[min(max(line, 1), len(self.origins)) - 1]
        return f"{source.file}:{number}"

    def place_at(self, offset: int) -> str:
        """Return ``file:line`` for an offset in ``text``."""
        return self.place(self.text.count("\n", 0, offset) + 1)


def assemble(source: Source, read: Callable[[str], Source]) -> Assembled:
    """Put the files that ``source`` includes in their places, or raise ``TemplateError``."""
    lines: list[str] = []
    origins: list[tuple[Source, int]] = []
    for number, line in enumerate(source.text.split("\n"), start=1):
        include = _INCLUDE.search(line)
        if include is None:
            lines.append(line)
            origins.append((source, number))
            continue
        if include[0] != line.strip():
            raise TemplateError(f"{source.file}:{number}: <mj-include> must stand alone on its line")
        part = read(include[1])
        for part_number, part_line in enumerate(part.text.rstrip("\n").split("\n"), start=1):
            if _INCLUDE.search(part_line):
                raise TemplateError(
                    f"{part.file}:{part_number}: an included file cannot include another; "
                    f"name both in {source.name}"
                )
            lines.append(part_line)
            origins.append((part, part_number))
    return Assembled("\n".join(lines), tuple(origins))


def compile_mjml(template: Assembled) -> str:
    """Return ``template`` as HTML, its Jinja expressions untouched, or raise ``TemplateError``."""
    _check(template)
    try:
        # fonts: none is ever fetched from elsewhere.
        return mjml2html(template.text, fonts={})
    except ValueError as error:
        position = _POSITION.search(str(error))
        # mrml counts bytes.
        before = template.text.encode()[: int(position[1])].decode(errors="ignore") if position else ""
        raise TemplateError(f"{template.place_at(len(before))}: {error}") from error


def _check(template: Assembled) -> None:
    """Refuse what mrml would pass over: unbalanced or unknown elements, values it would mangle."""
    text = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), template.text)
    if bare := _BARE.search(text):
        raise TemplateError(
            f"{template.place_at(bare.start())}: a bare < must be written &lt; (in Jinja: 'a is lt b')"
        )
    loose = _MAY_STAND_IN_HEAD.search(text)
    may_be_anything = range(*loose.span()) if loose else range(0)
    open_elements: list[tuple[str, int]] = []
    for tag in _TAG.finditer(text):
        closes, name, attributes, is_empty = tag.groups()
        for value in _values(attributes):
            _check_value(value, template, tag.start())
        if not name.startswith("mj"):
            continue
        if name not in _ELEMENTS and tag.start() not in may_be_anything:
            raise TemplateError(f"{template.place_at(tag.start())}: there is no element <{name}>")
        if closes:
            opened, start = open_elements.pop() if open_elements else ("", tag.start())
            if opened != name:
                about = f"<{opened}> of {template.place_at(start)} is open" if opened else "nothing is open"
                raise TemplateError(f"{template.place_at(tag.start())}: </{name}> stands where {about}")
        elif not is_empty:
            open_elements.append((name, tag.start()))
    if open_elements:
        name, start = open_elements[-1]
        raise TemplateError(f"{template.place_at(start)}: <{name}> is never closed")


def _values(attributes: str) -> Iterator[str]:
    for match in _VALUE.finditer(attributes):
        yield match[1] if match[1] is not None else match[2]


def _check_value(value: str, template: Assembled, offset: int) -> None:
    # mrml writes values as Rust debug strings: \" for a quote, \u{fe0f} for a variation selector.
    bad = next(
        (c for c in value if c in '"\\' or unicodedata.category(c) in {"Cc", "Cf", "Mn", "Me"} - {"\n"}), None
    )
    if bad is not None and bad != "\n":
        shown = bad if bad in '"\\' else f"U+{ord(bad):04X}"
        raise TemplateError(f"{template.place_at(offset)}: an attribute's value must not hold {shown}")
