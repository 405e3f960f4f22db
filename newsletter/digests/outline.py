"""What lies between two headings, read into runs of prose and stories.

A list is one of stories when its items have sources, or look like titles over text; a pinned or
bold numbered line starts a story too. Text that the editors forgot to indent still belongs to the
story above it when the numbers go on after it.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from newsletter.digests.lines import Line, join_lines, split_lines
from newsletter.digests.phrases import DECORATION, NUMBER, PIN, names_commentary, names_references
from newsletter.digests.prose import Block, Link, ListBlock, Paragraph, Rule, Strong, Text, plain
from newsletter.digests.stories import Draft
from newsletter.digests.trimming import Inlines, cut_front, is_all_strong, trim, unwrap


@dataclass(slots=True)
class Run:
    """Prose, and the stories under it. A commentary has its title and no stories."""

    title: Inlines = ()
    lead: list[Block] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    is_commentary: bool = False
    title_line: int = 0

    @property
    def line(self) -> int:
        """The line it starts on."""
        starts = [
            self.title_line,
            *(block.line for block in self.lead),
            *(draft.line for draft in self.drafts),
        ]
        return next(filter(None, starts), 0)


@dataclass(frozen=True, slots=True)
class _Group:
    """Stories that were written together: one list, or one pinned paragraph."""

    drafts: tuple[Draft, ...]
    is_list: bool = False
    needs_source: bool = False  # bold type and a number alone make no story

    def followed_by(self, other: _Group) -> bool:
        """Say whether the numbers go on, or both are bullets."""
        last, first = self.drafts[-1].read_number, other.drafts[0].read_number
        if last is None or first is None:
            return last is first and self.is_list and other.is_list and len(self.drafts) == 1
        return first == last + 1


_Element = Block | _Group
_NAME_AND_TEXT = re.compile(r"\s*([^：:，。]{2,12}[：:])\s*")


def outline(blocks: Sequence[Block], source_lines: Sequence[str], *, above: str = "") -> list[Run]:
    """Read ``blocks``, which hold no heading, into runs; ``above`` is the heading's text."""
    elements = _attached(list(_elements(blocks, above)), source_lines)
    if wrong := _bold_lines_that_are_no_stories(elements):
        elements = _attached(list(_elements(blocks, above, wrong)), source_lines)
    return _folded(elements)


def _bold_lines_that_are_no_stories(elements: Sequence[_Element]) -> frozenset[int]:
    """Return the lines that look like a story's title and have no source under them.

    Where most have one, a numbered line is a story without. Where few have, it is an essay.
    """
    unsure = [e.drafts[0] for e in elements if isinstance(e, _Group) and e.needs_source]
    stories = [draft.story(by_name=False) for draft in unsure]
    with_source = [story for story in stories if story.url is not None]
    few = len(with_source) * 2 < len(stories)
    return frozenset(
        draft.line
        for draft, story in zip(unsure, stories, strict=True)
        if few or (story.url is None and story.number is None)
    )


# ---- finding the stories ----


def _elements(
    blocks: Sequence[Block], above: str, no_stories: frozenset[int] = frozenset()
) -> Iterator[_Element]:
    for block in blocks:
        match block:
            case ListBlock():
                if stories := _story_list(block, above):
                    yield stories
                else:
                    yield from _categories(block) or (block,)
            case Paragraph(children, line):
                yield from _pinned(split_lines(children, line), no_stories)
                above = plain(children)
            case _:
                yield block


def _story_list(block: ListBlock, above: str) -> _Group | None:
    if names_references(above):
        return None
    numbers: Sequence[int | None] = block.numbers or [None] * len(block.items)
    if len(set(block.numbers)) == 1:  # 1. 1. 1. is Markdown for 1. 2. 3.
        numbers = range(block.numbers[0], block.numbers[0] + len(block.items))
    drafts = [Draft.of_blocks(item, number) for item, number in zip(block.items, numbers, strict=True)]
    urls = [draft.story().url for draft in drafts]
    if len(urls) > 1 and all(url and url.startswith("#") and len(url) > 1 for url in urls):
        return None  # a table of contents
    likely = [
        url is not None or (block.start is not None and draft.reads_as_title_and_text)
        for url, draft in zip(urls, drafts, strict=True)
    ]
    return _Group(tuple(drafts), is_list=True) if sum(likely) * 2 >= len(likely) else None


def _categories(block: ListBlock) -> list[_Element]:
    """Read a list of categories, each over a list of stories; nothing when it is none."""
    found: list[_Element] = []
    for item in block.items:
        match item:
            case [Paragraph(children, line), ListBlock() as nested]:
                stories = _story_list(nested, plain(children))
                if stories is None:
                    return []
                # In bold type it is the heading of what follows.
                found += [Paragraph((Strong(children),), line), stories]
            case _:
                return []
    return found


def _pinned(lines: Sequence[Line], no_stories: frozenset[int]) -> Iterator[_Element]:
    """Yield the stories of a paragraph, and the prose before the first."""
    starts = [
        at
        for at, line in enumerate(lines)
        if _is_sure(line) or (_is_bold_title(line) and line.number not in no_stories)
    ]
    before = lines[: starts[0]] if starts else lines
    if any(trim(line.inlines) for line in before):
        yield Paragraph(join_lines(before), before[0].number)
    for start, end in pairwise([*starts, len(lines)]):
        yield _Group((Draft(tuple(lines[start:end])),), needs_source=not _is_sure(lines[start]))


def _is_sure(line: Line) -> bool:
    """Say whether the line is pinned, and numbered or a link."""
    decoration, inlines = cut_front(line.inlines, DECORATION)
    if not decoration or PIN not in decoration[0]:
        return False
    whole = unwrap(inlines)
    is_link = len(whole) == 1 and isinstance(whole[0], Link)
    return is_link or cut_front(whole, NUMBER)[0] is not None


def _is_bold_title(line: Line) -> bool:
    """Say whether the line is all bold, with or without a number in front, and no commentary's name."""
    _, inlines = cut_front(line.inlines, DECORATION)
    inlines = trim(inlines)
    _, left = cut_front(inlines, NUMBER)
    starts_bold = bool(inlines) and isinstance(inlines[0], Strong)
    bold = starts_bold and (is_all_strong(inlines) or is_all_strong(left))
    return bold and not names_commentary(plain(inlines))


# ---- text that belongs to the story above it ----


def _attached(elements: Sequence[_Element], source_lines: Sequence[str]) -> list[_Element]:
    attached: list[_Element] = []
    usual = 0  # how many blocks of text stand outside their story in this digest
    at = 0
    while at < len(elements):
        element = elements[at]
        at += 1
        if isinstance(element, _Group):
            end = at
            while end < len(elements) and _is_text(elements[end]):
                end += 1
            text = [block for block in elements[at:end] if not isinstance(block, _Group)]
            taken = _indented(text, source_lines) if element.is_list else 0
            last = element.drafts[-1]
            if element.needs_source:
                taken = len(text)
            elif len(element.drafts) == 1 or not last.has_text:
                following = next((e for e in elements[end:] if not isinstance(e, Rule)), None)
                if isinstance(following, _Group) and element.followed_by(following):
                    taken = len(text)
                    usual = max(usual, taken)
                else:
                    taken = max(taken, min(usual, len(text)))
            if taken:
                element = replace(element, drafts=(*element.drafts[:-1], last.with_more(text[:taken])))
            at += taken
        attached.append(element)
    return attached


def _is_text(element: _Element) -> bool:
    if isinstance(element, Paragraph):
        return _commentary(element) is None and not _is_label(element)
    return not isinstance(element, _Group | Rule)


def _indented(blocks: Sequence[Block], source_lines: Sequence[str]) -> int:
    """Return how many of ``blocks`` from the first on are indented by hand."""
    for count, block in enumerate(blocks):
        line = source_lines[block.line - 1] if 0 < block.line <= len(source_lines) else ""
        if not line[:1].isspace():
            return count
    return len(blocks)


# ---- runs ----


def _folded(elements: Sequence[_Element]) -> list[Run]:
    runs = [Run()]
    after_rule = False
    for element in elements:
        run = runs[-1]
        if isinstance(element, Rule):
            after_rule = True
            if run.lead and not run.drafts and not run.is_commentary:
                run.lead.append(element)
            continue
        if isinstance(element, _Group):
            if run.is_commentary or (run.drafts and _starts_anew(run.drafts[-1], element.drafts[0])):
                runs.append(run := Run())
            if not run.drafts and run.lead and not run.title and _is_label(run.lead[-1]):
                label = run.lead.pop()
                if run.lead:
                    runs.append(run := Run())
                run.title = unwrap(label.children) if isinstance(label, Paragraph) else ()
                run.title_line = label.line
            run.drafts += element.drafts
        elif isinstance(element, Paragraph) and (commentary := _commentary(element)):
            runs.append(commentary)
        else:
            if run.drafts or (run.is_commentary and after_rule):
                runs.append(run := Run())
            run.lead.append(element)
        after_rule = False
    for run in runs:
        while run.lead and isinstance(run.lead[-1], Rule):
            run.lead.pop()
    return runs


def _starts_anew(last: Draft, first: Draft) -> bool:
    if last.read_number is None or first.read_number is None:
        return last.read_number is not first.read_number
    return first.read_number <= last.read_number


def _is_label(block: Block) -> bool:
    """Say whether a paragraph is one bold line, which right above stories is their heading."""
    return isinstance(block, Paragraph) and is_all_strong(block.children)


def _commentary(paragraph: Paragraph) -> Run | None:
    """Read a paragraph that starts a commentary without a heading: ``**点评：**``."""
    first, *rest = split_lines(paragraph.children, paragraph.line)
    inlines = trim(first.inlines)
    if names_commentary(plain(inlines)):
        title, left = inlines, ()
    elif inlines and isinstance(inlines[0], Strong) and names_commentary(plain(inlines[:1])):
        title, left = inlines[:1], trim(inlines[1:])
    elif (found := _NAME_AND_TEXT.match(plain(inlines[:1]))) and names_commentary(found[1]):
        title, left = (Text(found[1]),), trim(cut_front(inlines, _NAME_AND_TEXT)[1])
    else:
        return None
    lines = [replace(first, inlines=left), *rest] if left else rest
    lead: list[Block] = [Paragraph(join_lines(lines), lines[0].number)] if lines else []
    return Run(title=unwrap(title), lead=lead, is_commentary=True, title_line=first.number)
