"""All visible text of a digest stands in the HTML and in the text part, in its order."""

from collections.abc import Callable, Iterable, Iterator

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
from tests.rendering import reading_back, support


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
