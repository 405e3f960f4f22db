"""A digest's blocks read into an intro and sections of stories, whatever shape the editors chose.

The blocks are cut at headings. A heading is a section over stories or prose, a commentary (点评),
or a story itself: one that is a link, or has a source under it. What lies between two headings is
read by ``outline``.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.digests.digest import Section
from newsletter.digests.lines import Line, settle, settle_blocks
from newsletter.digests.outline import Run, outline
from newsletter.digests.phrases import NUMBER, names_commentary, names_overview, names_references
from newsletter.digests.prose import Block, Heading, Link, Paragraph, Rule, every_inline, plain
from newsletter.digests.stories import Draft
from newsletter.digests.trimming import Inlines, cut_front, trim


def structure(
    blocks: Sequence[Block], source_lines: Sequence[str]
) -> tuple[tuple[Block, ...], tuple[Section, ...]]:
    """Return intro and sections of ``blocks``; ``source_lines`` are the lines of the whole file."""
    parts = _with_subheadings([_Part(heading, runs) for heading, runs in _parts(blocks, source_lines)])
    _find_stories_without_source(parts)
    intro: list[Block] = []
    if parts and parts[0].heading is None and not (first := parts[0].runs[0]).title:
        intro, first.lead = first.lead, []
    shelf = _Shelf()
    for part in parts:
        shelf.put(part)
    return settle_blocks(intro), tuple(filter(_has_content, map(_Open.section, shelf.sections)))


def is_story_heading(heading: Heading, under: Sequence[Block]) -> bool:
    """Say whether a heading over ``under`` (up to the next heading) is a story by itself."""
    part = _Part(heading, outline(under, (), above=plain(heading.children)))
    return part.is_story


def _parts(
    blocks: Sequence[Block], source_lines: Sequence[str]
) -> Iterator[tuple[Heading | None, list[Run]]]:
    heading: Heading | None = None
    under: list[Block] = []
    for block in [*blocks, None]:
        if block is not None and not isinstance(block, Heading):
            under.append(block)
            continue
        if heading or under:
            yield heading, outline(under, source_lines, above=plain(heading.children) if heading else "")
        heading, under = block, []


class _Part:
    """A heading, or none, and all up to the next."""

    def __init__(self, heading: Heading | None, runs: list[Run]) -> None:
        self.heading = heading
        self.runs = runs
        self.name = plain(heading.children) if heading else ""
        self.is_commentary = names_commentary(self.name)
        self.is_story = self._has_source()

    def absorb(self, part: _Part) -> None:
        """Take a deeper heading, and what is under it, into the text under this one."""
        if part.heading:
            self.runs[0].lead += [part.heading, *part.runs[0].lead]
            self.runs += part.runs[1:]
            self.is_story = self._has_source()

    @property
    def is_link(self) -> bool:
        """Whether the heading itself leads to the story."""
        return self.heading is not None and any(
            isinstance(i, Link) for i in every_inline(self.heading.children)
        )

    def _has_source(self) -> bool:
        return self._may_be_story() and self.draft().story(by_name=False).url is not None

    @property
    def level(self) -> int:
        return self.heading.level if self.heading else 0

    def _may_be_story(self) -> bool:
        apart = self.is_commentary or names_overview(self.name) or names_references(self.name)
        return bool(self.name) and not apart and not self.runs[0].drafts and not self.runs[0].title

    @property
    def may_be_story_without_source(self) -> bool:
        return self._may_be_story() and any(isinstance(block, Paragraph) for block in self._text())

    @property
    def is_numbered(self) -> bool:
        return self.heading is not None and cut_front(self.heading.children, NUMBER)[0] is not None

    def _text(self) -> list[Block]:
        """Return what stands right under the heading; a rule ends it."""
        lead = self.runs[0].lead
        end = next((at for at, block in enumerate(lead) if isinstance(block, Rule)), len(lead))
        return lead[:end]

    def draft(self) -> Draft:
        """Return the story that the heading is the title of."""
        assert self.heading  # noqa: S101 (for the type checker; see _may_be_story)
        line = Line(self.heading.children, self.heading.line)
        return Draft((line,), tuple(self._text()))

    def runs_after_story(self) -> list[Run]:
        """Return what a rule has parted from the story."""
        beyond = self.runs[0].lead[len(self._text()) :]
        while beyond and isinstance(beyond[0], Rule):
            beyond = beyond[1:]
        return [Run(lead=beyond), *self.runs[1:]]


def _with_subheadings(parts: Sequence[_Part]) -> list[_Part]:
    """Put the headings inside a story under it: where stories are headings, deeper ones are its own."""
    level = min((part.level for part in parts if part.is_story), default=0)
    kept: list[_Part] = []
    for part in parts:
        above = kept[-1] if kept else None
        inside = above and above.level == level < part.level and above.may_be_story_without_source
        if inside and above and not part.is_link and not part.runs[0].drafts and not part.is_commentary:
            above.absorb(part)
        else:
            kept.append(part)
    return kept


def _find_stories_without_source(parts: Sequence[_Part]) -> None:
    """Among headings that are stories, one of the same level is a story too, source or not."""
    for level in {part.level for part in parts if part.is_story}:
        peers = [part for part in parts if part.level == level and part.name and not part.is_commentary]
        stories = [part for part in peers if part.is_story]
        over_stories = any(part.runs[0].drafts for part in peers)
        for part in peers:
            if part.may_be_story_without_source and (
                part.is_numbered or (len(stories) * 2 >= len(peers) and not over_stories)
            ):
                part.is_story = True


@dataclass(slots=True)
class _Open:
    """A section that may still grow."""

    title: Inlines = ()
    level: int = 2
    line: int = 0
    lead: list[Block] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    is_commentary: bool = False
    story_level: int | None = None  # when its stories are headings

    def takes_story_of(self, level: int) -> bool:
        """Say whether a heading of ``level`` goes on with this section's stories."""
        if self.is_commentary:
            return False
        return self.level < level if self.title else not self.drafts or self.story_level == level

    def section(self) -> Section:
        return Section(
            title=settle(trim(self.title)),
            level=self.level,
            lead=settle_blocks(self.lead),
            stories=tuple(draft.story() for draft in self.drafts),
            line=self.line,
            is_commentary=self.is_commentary,
        )


def _has_content(section: Section) -> bool:
    return bool(section.title or section.lead or section.stories)


class _Shelf:
    """Takes the parts in order and keeps the sections they make."""

    def __init__(self) -> None:
        self.sections: list[_Open] = []
        self._deep: tuple[_Open, int] | None = None  # a story or commentary that deeper headings belong to

    def put(self, part: _Part) -> None:
        """Add one part."""
        heading = part.heading
        if heading is None:
            self._runs(part.runs)
        elif self._deep and part.level > self._deep[1] and not part.is_story and not part.runs[0].drafts:
            self._below(self._deep[0], [heading, *part.runs[0].lead])
            self._runs(part.runs[1:])
        elif part.is_story:
            if not self.sections or not self.sections[-1].takes_story_of(part.level):
                self.sections.append(_Open(line=heading.line))
            section = self.sections[-1]
            section.drafts.append(part.draft())
            section.story_level = part.level
            self._deep = (section, part.level)
            self._runs(part.runs_after_story())
        else:
            first = part.runs[0]
            section = _Open(heading.children, heading.level, heading.line, is_commentary=part.is_commentary)
            self.sections.append(section)
            self._deep = (section, part.level) if part.is_commentary else None
            if first.title:
                self._runs(part.runs)
            else:
                section.lead, section.drafts = first.lead, first.drafts
                self._runs(part.runs[1:])

    def _runs(self, runs: Sequence[Run]) -> None:
        for run in runs:
            if run.title or run.lead or run.drafts:
                section = _Open(run.title, line=run.line, lead=run.lead, drafts=run.drafts)
                section.is_commentary = run.is_commentary
                self.sections.append(section)
                self._deep = None

    @staticmethod
    def _below(section: _Open, blocks: Sequence[Block]) -> None:
        if section.drafts:
            section.drafts[-1] = section.drafts[-1].with_more(blocks)
        else:
            section.lead += blocks
