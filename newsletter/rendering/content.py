"""A digest's prose as HTML fragments for an email: sanitised, with inline styles. The one door to ``nh3``.

A fragment holds no script, handler, style of its own, unsafe or relative address; the visible text
stays. Its tags are well formed and closed, so it cannot break out of the place it is put in. Chinese
webmail drops style sheets, so every style is on its element (``prose.toml`` of the template).
"""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import nh3

from newsletter.digests.prose import Block, Inline, plain
from newsletter.rendering.folders import Source, TemplateError
from newsletter.rendering.links import safe_url, unlink_unsafe
from newsletter.rendering.markup import (
    RAW_INLINE_TAGS,
    block_markup,
    heading_markup,
    inline_markup,
    title_runs,
)

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_TITLE_TAGS = RAW_INLINE_TAGS - {"img", "br", "kbd"}
_PROSE_TAGS = (
    RAW_INLINE_TAGS
    | _HEADINGS
    | frozenset(
        "p hr ul ol li blockquote pre table caption thead tbody tfoot tr th td div dl dt dd "
        "figure figcaption".split()  # no details: mail programs would never open it
    )
)
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
_IMAGE = re.compile(r"<img\b((?:[^<>\"]|\"[^\"]*\")*)>")
_SRC = re.compile(r"\bsrc=\"([^\"]*)\"")
_ALT = re.compile(r"\balt=\"([^\"]*)\"")
_LAST_PARAGRAPH = re.compile(
    r"<p style=\"[^\"]*\">((?:(?!<p\b).)*)</p>(?=</(?:blockquote|li|td)>)", re.DOTALL
)
_HEADING_TAG = re.compile(r"<(/?)h([1-6])\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProseStyles:
    """The inline style of each element, in prose and in titles; ``h`` is every heading."""

    prose: Mapping[str, str]
    title: Mapping[str, str]

    @classmethod
    def read(cls, source: Source) -> ProseStyles:
        """Read ``prose.toml``, or raise ``TemplateError``."""
        try:
            document = tomllib.loads(source.text)
        except tomllib.TOMLDecodeError as error:
            raise TemplateError(f"{source.file}: {error}") from error
        prose, title = document.pop("prose", {}), document.pop("title", {})
        for table, known in ((prose, _PROSE_TAGS | {"h"}), (title, _TITLE_TAGS)):
            for tag, style in table.items():
                if tag not in known or not isinstance(style, str) or '"' in style:
                    raise TemplateError(f'{source.file}: {tag}: must be an element, and its style free of "')
        if document:
            raise TemplateError(f"{source.file}: there is no table [{next(iter(document))}]")
        heading = prose.pop("h", None)
        if heading:
            prose = dict.fromkeys(sorted(_HEADINGS), heading) | prose
        return cls(prose=prose, title=title)


class HtmlWriter:
    """Writes prose as HTML fragments in one template's styles.

    ``unnamed_image`` stands for the alternative text that an image does not bring.
    """

    def __init__(self, styles: ProseStyles, *, unnamed_image: str) -> None:
        self._unnamed_image = html.escape(unnamed_image)
        self._prose = _cleaner(_PROSE_TAGS, styles.prose)
        self._title = _cleaner(_TITLE_TAGS, styles.title)

    def blocks(self, blocks: Sequence[Block], *, under: int) -> str:
        """Return ``blocks``; their headings rank below ``under`` and skip no rank."""
        if not blocks:
            return ""
        fragment = unlink_unsafe(self._prose.clean(block_markup(blocks)))
        # What encloses a paragraph has a margin of its own.
        fragment = _LAST_PARAGRAPH.sub(r'<p style="margin:0;">\1</p>', fragment)
        return ranked(self._images_named(fragment), under=under)

    def heading(self, inlines: Sequence[Inline]) -> str:
        """Return the words of a heading; links inside it keep their targets."""
        return self._runs(inlines, None)

    def title(self, inlines: Sequence[Inline], url: str | None) -> str:
        """Return a story's title as the link to its story, or unlinked when ``url`` may not stand."""
        return self._runs(inlines, url)

    def _runs(self, inlines: Sequence[Inline], url: str | None) -> str:
        safe, pieces = safe_url(url) if url else None, []
        if safe and not plain(inlines):
            # A link without words is named after its host when all links are named.
            return f'<a href="{html.escape(safe)}"></a>'
        for position, (own, run) in enumerate(title_runs(inlines)):
            words = heading_markup(run) if position == 0 else inline_markup(run)
            target = (safe_url(own) if own else None) or safe
            is_link = target is not None and words.strip()
            pieces.append(f'<a href="{html.escape(target or "")}">{words}</a>' if is_link else words)
        return unlink_unsafe(self._title.clean("".join(pieces)))

    def _images_named(self, fragment: str) -> str:
        """Give every image an alternative text; one without an address is only its text."""

        def name(image: re.Match[str]) -> str:
            alt, src = _ALT.search(image[1]), _SRC.search(image[1])
            words = alt[1] if alt and alt[1].strip() else ""
            if src is None:
                return words.replace(">", "&gt;").replace("<", "&lt;")
            if words:
                return image[0]
            return f'<img alt="{self._unnamed_image}"{_ALT.sub("", image[1]).rstrip()}>'

        return _IMAGE.sub(name, fragment)


def ranked(fragment: str, *, under: int) -> str:
    """Return ``fragment`` with its headings ranked below ``under``, each at most one below the last."""
    open_levels: list[int] = []

    def rank(tag: re.Match[str]) -> str:
        level = int(tag[2])
        if not tag[1]:
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
        return f"<{tag[1]}h{min(under + len(open_levels), 6)}"

    return _HEADING_TAG.sub(rank, fragment)


def _cleaner(tags: frozenset[str], styles: Mapping[str, str]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(tags),
        attributes={tag: names for tag, names in _ATTRIBUTES.items() if tag in tags},
        # What is hidden from screen readers is decoration of ours; an editor's own may only say so.
        tag_attribute_values={"span": {"aria-hidden": {"true"}}},
        # One attribute per element only: nh3 keeps them in an order of its own.
        set_tag_attribute_values={tag: {"style": style} for tag, style in styles.items() if tag in tags},
        attribute_filter=_filter,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=None,
    )


def _filter(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return safe_url(value)
    if name == "src":
        url = safe_url(value)
        if url is None or url.startswith("mailto:"):
            return None
        return "https" + url.removeprefix("http") if url.startswith("http:") else url
    if name in {"start", "colspan", "rowspan"}:
        return value if re.fullmatch(r"[0-9]{1,4}", value) else None
    return value
