"""A digest: what the editors wrote for one day, read into stories instead of a blob.

Pure: values only. ``newsletter.digests.reader`` makes one out of a Markdown file.
Lines are 1-based and count from the top of the file, front matter included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from newsletter.digests.prose import Block, Inline, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One news item. ``url`` is None when no link was written, and as written otherwise.

    A written link may be empty, relative or unsafe; rendering shows such a title unlinked and
    the gate holds the edition.
    """

    title: tuple[Inline, ...]
    url: str | None
    body: tuple[Block, ...] = ()
    number: int | None = None  # as printed by the editors
    line: int = 0
    url_line: int = 0  # where ``url`` is written; 0 without one

    @property
    def title_text(self) -> str:
        """The title's visible characters."""
        return plain(self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A run of stories under one heading, or under none; ``lead`` is the prose before its stories.

    A commentary (点评) is a section with a title, prose and no stories.
    """

    title: tuple[Inline, ...] = ()
    level: int = 2
    lead: tuple[Block, ...] = ()
    stories: tuple[Story, ...] = ()
    line: int = 0
    is_commentary: bool = False

    @property
    def title_text(self) -> str:
        """The heading's visible characters, empty when there is none."""
        return plain(self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The keys we know; ``extra`` keeps the others, untouched."""

    title: str | None = None
    date: date | datetime | None = None
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str | None = None  # the preheader
    subject: str | None = None
    draft: bool = False
    slug: str | None = None
    publish_at: datetime | date | None = None  # publishDate
    expires_at: datetime | date | None = None  # expiryDate
    ai_generated: bool = False
    sponsored: bool = False
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One day's digest. ``sections`` is everything after ``intro``, in the order it was written."""

    title: str
    day: date
    front: FrontMatter
    intro: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    is_essay: bool = False  # one story that is the whole text; its title is the digest's
    file: str = ""  # as named to a person in errors and findings
    source: str = ""  # the Markdown as it was read, front matter included, "\n" line ends

    @property
    def stories(self) -> tuple[Story, ...]:
        """Every story, in order."""
        return tuple(story for section in self.sections for story in section.stories)

    @property
    def categories(self) -> tuple[str, ...]:
        """The editors' labels, as written."""
        return self.front.categories
