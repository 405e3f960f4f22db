"""All visible text of a digest stands in the HTML and in the text part, in its order."""

import re
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import comrak
import pytest

from newsletter.digests.digest import Digest
from newsletter.digests.prose import (
    Block,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Image,
    Inline,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    RawBlock,
    Strike,
    Strong,
    Table,
    Text,
)
from newsletter.mailing import Filled
from tests.rendering import reading_back, support
from tests.tools import needs_shared


def visible(digest: Digest) -> Iterator[str]:
    """Yield every piece of visible text; written apart from the product on purpose."""
    yield digest.title
    yield from in_blocks(digest.intro)
    for section in digest.sections:
        yield from in_inlines(section.title)
        yield from in_blocks(section.lead)
        for story in section.stories:
            if not digest.is_essay:
                yield from in_inlines(story.title)
            yield from in_blocks(story.body)


def in_blocks(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(children) | Heading(_, children):
                yield from in_inlines(children)
            case Quote(children):
                yield from in_blocks(children)
            case ListBlock(_, items):
                for item in items:
                    yield from in_blocks(item)
            case CodeBlock(text):
                yield from text.split()
            case Table(_, header, rows):
                for cell in (*header, *(cell for row in rows for cell in row)):
                    yield from in_inlines(cell)
            case RawBlock(raw):
                yield from reading_back.read(raw).text.split()


def in_inlines(inlines: Iterable[Inline]) -> Iterator[str]:
    for inline in inlines:
        match inline:
            case Text(text) | Code(text):
                yield text
            case Strong(children) | Emphasis(children) | Strike(children) | Link(_, children):
                yield from in_inlines(children)
            case Image(_, alt):
                yield alt


SHAPES = [
    support.numbered,
    support.sections_of_briefs,
    support.essay,
    support.kitchen_sink,
    support.twenty_stories,
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_piece_of_text_is_in_the_html_in_order(shape: Callable[[], Digest]) -> None:
    digest = shape()

    page = reading_back.read(support.filled(support.render(digest)).html)

    assert reading_back.missing(list(visible(digest)), page.text) == []


@pytest.mark.parametrize("shape", SHAPES)
def test_every_piece_of_text_is_in_the_text_part_in_order(shape: Callable[[], Digest]) -> None:
    digest = shape()

    text = support.filled(support.render(digest)).text

    assert reading_back.missing(list(visible(digest)), text) == []


@pytest.mark.parametrize("shape", SHAPES)
def test_every_safe_story_link_is_in_both_parts(shape: Callable[[], Digest]) -> None:
    digest = shape()

    copy = support.filled(support.render(digest))

    targets = {target for _, target in reading_back.read(copy.html).links}
    for story in digest.stories:
        if story.url and story.url.startswith("https://"):
            assert story.url in targets
            assert story.url in copy.text.split()


# ---- straight from the Markdown of real digests, past our reader ----

BOLD = re.compile(r"(?<![\\*])\*\*(?!\*)(?=\S)(.+?)(?<=[^\s\\*])\*\*(?!\*)")
SENTINEL = "\u3164"  # comrak alone leaves some ** beside quotation marks
# Decoration, and the names of links whose addresses are kept as the story's.
DROPPED = re.compile("[\U0001f4cc\U0001f517\ufe0f]|^(?:原文链接|消息来源)$")
LIST_MARK = re.compile(r"^\d+\.\s*")


def seen_in_markdown(file: Path) -> list[str]:
    """Return the visible text of a digest as another Markdown engine sees it."""
    text = re.sub(r"\A---\n.*?\n---\n", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    options = comrak.ExtensionOptions()
    options.cjk_friendly_emphasis = options.strikethrough = options.table = True
    html = comrak.render_markdown(
        BOLD.sub(lambda match: f"{SENTINEL}**{match[1]}**{SENTINEL}", text), extension_options=options
    ).replace(SENTINEL, "")
    pieces: list[str] = []

    class Collector(HTMLParser):
        def handle_data(self, data: str) -> None:
            piece = LIST_MARK.sub("", DROPPED.sub("", data.strip()).strip())
            if piece and not DROPPED.match(piece):
                pieces.append(piece)

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "img":
                pieces.append(dict(attrs).get("alt") or "")

    Collector().feed(html)
    return pieces


def rendered(file: Path) -> Filled:
    return support.filled(support.render(support.real(file)))


@needs_shared
@pytest.mark.parametrize("file", support.REAL, ids=lambda file: file.stem)
def test_every_visible_word_of_a_real_digest_is_in_the_html(file: Path) -> None:
    page = reading_back.read(rendered(file).html)

    assert reading_back.missing(seen_in_markdown(file), page.text) == []


@needs_shared
@pytest.mark.parametrize("file", support.REAL, ids=lambda file: file.stem)
def test_every_visible_word_of_a_real_digest_is_in_the_text_part(file: Path) -> None:
    assert reading_back.missing(seen_in_markdown(file), rendered(file).text) == []


@needs_shared
@pytest.mark.parametrize("file", support.REAL, ids=lambda file: file.stem)
def test_no_two_links_of_a_real_digest_share_a_name(file: Path) -> None:
    targets: dict[str, set[str]] = {}
    for name, target in reading_back.read(rendered(file).html).links:
        targets.setdefault(name.casefold(), set()).add(target)

    assert [name for name, found in targets.items() if len(found) > 1 or not name] == []


@needs_shared
@pytest.mark.parametrize("file", support.REAL, ids=lambda file: file.stem)
def test_every_safe_address_of_a_real_digest_is_kept(file: Path) -> None:
    written = set(re.findall(r"\]\((https?://[^\s)]+)", file.read_text(encoding="utf-8")))

    copy = rendered(file)

    page = reading_back.read(copy.html)
    kept = {target for _, target in page.links} | {image.attributes["src"] for image in page.all("img")}
    assert written <= kept
    assert [address for address in written if address not in copy.text] == []
