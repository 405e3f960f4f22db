"""The text of a day, as the desk has it: what the source says, what was put in its place, and who did.

A revision can be written as long as the edition has not begun. Whoever saves says which revision they have
seen; somebody else's is never written over. No transaction is open while the source is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.clock import Clock
from newsletter.config import NewsletterSettings
from newsletter.database import Database
from newsletter.desk import draft as drafts
from newsletter.desk.draft import Draft
from newsletter.desk.preview import StoryLine, stories_of
from newsletter.digests.digest import Digest
from newsletter.digests.reader import read
from newsletter.digests.sources import Candidate, Found
from newsletter.editions import edition as editions
from newsletter.editions import revision as revisions
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.revision import Revision
from newsletter.editions.states import Kind
from newsletter.errors import DigestError, NewsletterError
from newsletter.morning.revised import is_contested_by, revised, text_of


class NotEditable(NewsletterError):
    """The edition has begun, so its text is no longer the desk's. Revise the rest, or correct it."""


class NothingToSave(NewsletterError):
    """There is no text here to take. The message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenText:
    """What lies on the desk for a day."""

    day: date
    edition: Edition | None
    found: Found  # in the source
    newest: Revision | None
    history: Sequence[Revision]
    draft: Draft | None

    @classmethod
    def of_row(cls, edition: Edition) -> OpenText:
        """Return what lies there of an edition that has no source: a weekly one, or a correction."""
        nothing = Found(chosen=None)
        return cls(day=edition.day, edition=edition, found=nothing, newest=None, history=(), draft=None)

    @property
    def source(self) -> Candidate | None:
        """What the source has for the day."""
        return self.found.chosen

    @property
    def revision(self) -> Revision | None:
        """The revision that stands in the place of the source."""
        return self.newest if self.newest is not None and self.newest.is_text else None

    @property
    def number(self) -> int:
        """What the next revision is written after."""
        return self.newest.number if self.newest else 0

    @property
    def is_contested(self) -> bool:
        """Whether the source was changed after the revision: a person must choose."""
        return self.revision is not None and is_contested_by(self.revision, self.found)

    @property
    def is_editable(self) -> bool:
        """Whether it is a daily edition that has not begun."""
        return self.edition is None or (self.edition.kind is Kind.DAILY and self.edition.state not in SENT)

    @property
    def left_out(self) -> frozenset[int]:
        """The places of the stories that do not go out."""
        return frozenset(self.revision.left_out) if self.revision else frozenset()

    @property
    def text(self) -> str:
        """The whole text to work on; empty when there is none."""
        if not self.is_editable and self.edition is not None:
            return self.edition.digest_source or ""
        if self.revision is not None:
            return self.revision.text or ""
        if self.source is not None:
            return self.source.digest.source
        return ""


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts of one newsletter."""

    slug: str
    newsletter: NewsletterSettings
    database: Database
    find_in_source: Callable[[date], Found]
    clock: Clock

    def open(self, day: date, window: str = "") -> OpenText:
        """Return what lies there for a day, with the draft in somebody's window."""
        with self.database.readers() as session:
            edition = editions.find(session, self.slug, day)
            has_begun = edition is not None and edition.state in SENT
        found = Found(chosen=None) if has_begun else self.find_in_source(day)
        with self.database.readers() as session:
            history = revisions.history(session, self.slug, day)
            return OpenText(
                day=day,
                edition=edition,
                found=found,
                newest=history[0] if history else None,
                history=history,
                draft=drafts.find(session, self.slug, day, window) if window else None,
            )

    def going_out(self, opened: OpenText) -> str:
        """Return the text that goes out as things stand, what is left out left out."""
        if opened.is_editable and opened.revision is not None and opened.left_out:
            try:
                return text_of(opened.revision, self.newsletter)[0]
            except DigestError:
                return opened.text
        return opened.text

    def hash_of(self, opened: OpenText) -> str:
        """Return what the text that goes out as things stand is approved by; empty when there is none."""
        chosen = revised(opened.found, opened.newest, self.newsletter).chosen
        return chosen.hash if chosen else ""

    def stories(self, opened: OpenText) -> tuple[StoryLine, ...]:
        """Return the stories of the whole text, those that are left out too."""
        try:
            return stories_of(self.read(opened.text, opened.day))
        except DigestError:
            return ()

    def read(self, text: str, day: date, *, file: str = "digest.md") -> Digest:
        """Read a text, or raise ``DigestError``."""
        return read(
            text.encode("utf-8", "replace"),
            file=file,
            newsletter_name=self.newsletter.name,
            tz=self.newsletter.schedule.tz,
            default_day=day,
        )

    # ---- writing ----

    def replace(self, day: date, text: str, *, author: str, after: int, note: str = "") -> Revision:
        """Put a text in the place of the source. Raises ``DigestError`` for one that cannot be read."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.read(text, day, file="text.md")
        return self._write(day, text=text, author=author, after=after, note=note)

    def leave_out(
        self, day: date, places: Collection[int], *, author: str, after: int, note: str = ""
    ) -> Revision:
        """Let the stories at ``places`` of the whole text not go out, and all others."""
        opened = self.open(day)
        stories = self.stories(opened)
        if not stories:
            raise NothingToSave("there are no single stories in this text")
        unknown = [place for place in places if not 0 <= place < len(stories)]
        if unknown or len(set(places)) >= len(stories):
            raise NothingToSave("at least one story must be left, and only stories that are there can go")
        revision = _leaving_out(opened, places)
        text_of(revision, self.newsletter)  # what is left must still be a digest
        return self._write(
            day, text=opened.text, left_out=places, author=author, after=after, note=note, opened=opened
        )

    def use_source(self, day: date, *, author: str, after: int, note: str = "") -> Revision:
        """Let the source be the text again, whatever it says from now on."""
        return self._write(day, text=None, author=author, after=after, note=note)

    def keep(self, day: date, *, author: str, after: int, note: str = "") -> Revision:
        """Choose the revision once more, having seen what the source says now."""
        opened = self.open(day)
        if opened.revision is None:
            raise NothingToSave("there is no revision to keep")
        return self._write(
            day,
            text=opened.revision.text,
            left_out=opened.revision.left_out,
            author=author,
            after=after,
            note=note,
            opened=opened,
        )

    def go_back(self, day: date, number: int, *, author: str, after: int) -> Revision:
        """Put an older revision in the place of the newest."""
        with self.database.readers() as session:
            old = revisions.numbered(session, self.slug, day, number)
        if old is None:
            raise NothingToSave(f"{day} has no revision {number}")
        return self._write(
            day, text=old.text, left_out=old.left_out, author=author, after=after, note=f"= {number}"
        )

    def _write(
        self,
        day: date,
        *,
        text: str | None,
        author: str,
        after: int,
        note: str,
        left_out: Collection[int] = (),
        opened: OpenText | None = None,
    ) -> Revision:
        opened = opened or self.open(day)
        source = opened.source
        with self.database.sessions.begin() as session:
            edition = editions.find(session, self.slug, day, lock=True)
            if edition is not None and edition.state in SENT:
                raise NotEditable(f"{edition.label} has begun to go out: revise the rest, or correct it")
            return revisions.add(
                session,
                self.slug,
                day,
                text=text,
                left_out=left_out,
                author=author,
                after=after,
                source_hash=source.hash if source else None,
                source_key=source.key if source else None,
                note=note,
                now=self.clock(),
            )


def _leaving_out(opened: OpenText, places: Collection[int]) -> Revision:
    """Return the text that lies open as a revision without a row, the stories at ``places`` left out."""
    return Revision(
        newsletter="",
        day=opened.day,
        number=opened.number + 1,
        text=opened.text,
        left_out=sorted(set(places)),
    )
