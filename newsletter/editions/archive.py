"""The archive: one page for every edition that went out, and for past digests put in by hand.

There is a page only for what may be shown, so whoever reads the table needs to check nothing. Pages
are listed newest first and paged by the place of the last one, never by counting. The search looks
for each term anywhere in a page's words: no index of words or trigrams, which finds no Chinese word of
two characters. The caller owns the transaction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, undefer

from newsletter.digests.digest import Digest
from newsletter.digests.prose import CodeBlock, Heading, Paragraph, Table, plain
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.gate.reading import blocks_of
from newsletter.editions.pictures import Picture
from newsletter.editions.states import Kind
from newsletter.errors import NewsletterError
from subscribers import Base, BigId, Choice, UtcDateTime

PER_PAGE = 20
MOST_TERMS = 6
LONGEST_QUERY = 100  # characters
_EXCERPT = 64  # characters around what was found
_TITLES_IN_DESCRIPTION = 3
_KEY = re.compile(rf"(\d{{4}}-\d\d-\d\d)(?:-({'|'.join(Kind)})-([1-9]\d{{0,3}}))?", re.ASCII)


class AlreadySent(NewsletterError):
    """The day has an edition that went out, and a page of it. Choose another day with --day."""


class ArchivePage(Base):
    """One page. Its HTML is made, and sanitised, from ``source`` whenever it is looked at."""

    __tablename__ = "archive_page"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    serial: Mapped[int] = mapped_column(default=1)
    edition_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("edition.id"), unique=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    ai_generated: Mapped[bool] = mapped_column(default=False)
    sponsored: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[str] = mapped_column(Text, deferred=True)  # what is searched: folded
    text: Mapped[str] = mapped_column(Text, deferred=True)  # what is shown of a find
    source: Mapped[str] = mapped_column(Text, deferred=True)  # the Markdown as it was read

    __table_args__ = (
        UniqueConstraint("newsletter", "day", "kind", "serial"),
        Index(None, "newsletter", "day", "id"),
    )

    @property
    def key(self) -> Key:
        """Its name in addresses."""
        return Key(self.day, self.kind, self.serial)


class ArchivePicture(Base):
    """One picture of a page, encoded by us."""

    __tablename__ = "archive_picture"

    page_id: Mapped[int] = mapped_column(BigId, ForeignKey("archive_page.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    src: Mapped[str] = mapped_column(Text)  # as the editors wrote it
    suffix: Mapped[str] = mapped_column(String(4))  # jpg or png
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


@dataclass(frozen=True, slots=True)
class Key:
    """Which page of a newsletter: its day, and what else tells it apart."""

    day: date
    kind: Kind = Kind.DAILY
    serial: int = 1

    @classmethod
    def parse(cls, text: str) -> Key | None:
        """Return the key that is written ``text``; None when it is none, or is written otherwise."""
        found = _KEY.fullmatch(text)
        if not found:
            return None
        try:
            day = date.fromisoformat(found[1])
        except ValueError:
            return None
        key = cls(day, Kind(found[2]), int(found[3])) if found[2] else cls(day)
        return key if str(key) == text else None

    def __str__(self) -> str:
        tail = "" if (self.kind, self.serial) == (Kind.DAILY, 1) else f"-{self.kind}-{self.serial}"
        return f"{self.day.isoformat()}{tail}"


# ---- putting in ----


def missing(session: Session, newsletter: str, *, limit: int = 50) -> Sequence[Edition]:
    """Return the newest editions that went out and have no page yet."""
    has_page = select(ArchivePage.id).where(ArchivePage.edition_id == Edition.id).exists()
    return session.scalars(
        select(Edition)
        .where(
            Edition.newsletter == newsletter,
            Edition.state.in_(SENT),
            Edition.digest_source.is_not(None),
            ~has_page,
        )
        .order_by(Edition.day.desc(), Edition.id.desc())
        .limit(limit)
    ).all()


def publish(
    session: Session, edition: Edition, digest: Digest, pictures: Sequence[Picture] = (), *, now: datetime
) -> ArchivePage:
    """Put in an edition that went out; it replaces what was put in by hand for its day."""
    page = _page(session, edition.newsletter, Key(edition.day, edition.kind, edition.serial))
    page.edition_id = edition.id
    return _write(session, page, digest, pictures, published_at=edition.frozen_at or now, now=now)


def replace(
    session: Session, edition: Edition, digest: Digest, pictures: Sequence[Picture] = (), *, now: datetime
) -> ArchivePage:
    """Show ``digest`` on the page of an edition from now on; what went out stays with the edition."""
    page = _page(session, edition.newsletter, Key(edition.day, edition.kind, edition.serial))
    published_at = page.published_at or edition.frozen_at or now
    page.edition_id = edition.id
    return _write(session, page, digest, pictures, published_at=published_at, now=now)


def touch(session: Session, edition: Edition, *, now: datetime) -> None:
    """Say that the page of an edition changed: a correction is shown on it. None yet is none to change."""
    session.execute(
        update(ArchivePage)
        .where(ArchivePage.edition_id == edition.id)
        .values(updated_at=now)
        .execution_options(synchronize_session=False)
    )


def source_of(session: Session, edition: Edition) -> str:
    """Return the Markdown of an edition as the archive shows it: corrected, where it was."""
    shown = session.scalar(select(ArchivePage.source).where(ArchivePage.edition_id == edition.id))
    return shown or edition.digest_source or ""


def corrections(session: Session, page: ArchivePage) -> Sequence[Edition]:
    """Return the corrections of a page's edition that went out, oldest first."""
    if page.edition_id is None:
        return ()
    return session.scalars(
        select(Edition)
        .where(
            Edition.corrects_id == page.edition_id,
            Edition.newsletter == page.newsletter,
            Edition.state.in_(SENT),
        )
        .order_by(Edition.frozen_at, Edition.id)
    ).all()


def add(
    session: Session,
    newsletter: str,
    key: Key,
    digest: Digest,
    pictures: Sequence[Picture] = (),
    *,
    published_at: datetime,
    now: datetime,
) -> ArchivePage:
    """Put in a past digest, or put it in again. Raises ``AlreadySent``."""
    page = _page(session, newsletter, key)
    edition = session.scalars(
        select(Edition.id).where(
            Edition.newsletter == newsletter,
            Edition.day == key.day,
            Edition.kind == key.kind,
            Edition.serial == key.serial,
            Edition.state.in_(SENT),
        )
    ).first()
    if page.edition_id is not None or edition is not None:
        raise AlreadySent(
            f"the edition of {key} went out, and the archive shows what went out; "
            "choose another day with --day"
        )
    return _write(session, page, digest, pictures, published_at=published_at, now=now)


def _page(session: Session, newsletter: str, key: Key) -> ArchivePage:
    return find(session, newsletter, key) or ArchivePage(
        newsletter=newsletter, day=key.day, kind=key.kind, serial=key.serial
    )


def _write(
    session: Session,
    page: ArchivePage,
    digest: Digest,
    pictures: Sequence[Picture],
    *,
    published_at: datetime,
    now: datetime,
) -> ArchivePage:
    text = "\n".join(filter(None, map(_shown, _lines(digest))))
    page.title = _shown(digest.title)
    page.description = _description(digest)
    page.ai_generated, page.sponsored = digest.front.ai_generated, digest.front.sponsored
    page.text, page.words = text, _folded(text)
    page.source = digest.source.replace("\0", "\ufffd")
    page.published_at, page.updated_at = published_at, now
    session.add(page)
    session.flush()
    session.execute(delete(ArchivePicture).where(ArchivePicture.page_id == page.id))
    session.add_all(
        ArchivePicture(page_id=page.id, number=number, src=each.src, suffix=each.suffix, content=each.content)
        for number, each in enumerate(pictures, 1)
    )
    session.flush()
    return page


def _lines(digest: Digest) -> Iterator[str]:
    """Yield what is read of a digest: title, headings, then the running text."""
    yield digest.title
    yield from (digest.front.description or "", *digest.front.categories, *digest.front.tags)
    yield from (section.title_text for section in digest.sections)
    yield from (story.title_text for story in digest.stories)
    for block in blocks_of(digest):
        match block:
            case CodeBlock(text):
                yield text
            case Paragraph(children) | Heading(_, children):
                yield plain(children)
            case Table(_, header, rows):
                yield from (plain(cell) for row in (header, *rows) for cell in row)


def _description(digest: Digest) -> str:
    titles = (story.title_text for story in digest.stories[:_TITLES_IN_DESCRIPTION])
    return _shown(digest.front.description or "；".join(titles))


def _shown(text: str) -> str:
    return " ".join(text.replace("\0", "\ufffd").split())


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


# ---- looking ----


def find(session: Session, newsletter: str, key: Key) -> ArchivePage | None:
    """Return one page."""
    return session.scalars(
        _of(newsletter).where(
            ArchivePage.day == key.day, ArchivePage.kind == key.kind, ArchivePage.serial == key.serial
        )
    ).one_or_none()


def newest(
    session: Session,
    newsletter: str,
    *,
    before: Key | None = None,
    terms: Sequence[str] = (),
    limit: int = PER_PAGE,
) -> Sequence[ArchivePage]:
    """Return pages, newest first: those after ``before`` in the list, with all of ``terms`` in them."""
    query = _of(newsletter).order_by(ArchivePage.day.desc(), ArchivePage.id.desc()).limit(limit)
    if terms:
        # A little faster than LIKE, and nothing in a term stands for anything else.
        place = func.instr if session.get_bind().dialect.name == "sqlite" else func.strpos
        query = query.where(*(place(ArchivePage.words, term) > 0 for term in terms))
        query = query.options(undefer(ArchivePage.text))  # for excerpts
    if before is not None:
        last = find(session, newsletter, before)
        query = query.where(_older(last) if last else ArchivePage.day < before.day)
    return session.scalars(query).all()


def neighbours(session: Session, page: ArchivePage) -> tuple[ArchivePage | None, ArchivePage | None]:
    """Return the page before and the page after ``page`` in time."""
    before = _of(page.newsletter).where(_older(page)).order_by(ArchivePage.day.desc(), ArchivePage.id.desc())
    after = _of(page.newsletter).where(_newer(page)).order_by(ArchivePage.day, ArchivePage.id)
    return session.scalars(before.limit(1)).first(), session.scalars(after.limit(1)).first()


def pictures_of(session: Session, page: ArchivePage) -> Sequence[ArchivePicture]:
    """Return a page's pictures, without their bytes until those are asked for."""
    return session.scalars(
        select(ArchivePicture).where(ArchivePicture.page_id == page.id).order_by(ArchivePicture.number)
    ).all()


def terms_of(query: str) -> list[str]:
    """Return what a person looks for, as it is looked for. Every term must be found."""
    return list(dict.fromkeys(_folded(query[:LONGEST_QUERY].replace("\0", " ")).split()))[:MOST_TERMS]


def excerpt(text: str, terms: Sequence[str]) -> list[tuple[str, bool]]:
    """Return a piece of the line with most of the terms, cut into parts; true: a term is what it is.

    The first line is the title, which is shown beside the excerpt anyway.
    """
    if not terms:
        return []
    title, *lines = text.split("\n")
    line = max(lines, key=lambda line: _count(line, terms), default=title)
    if not _count(line, terms):
        line = title
    pattern = re.compile("|".join(map(re.escape, sorted(terms, key=len, reverse=True))), re.IGNORECASE)
    first = pattern.search(line)
    start = max(0, first.start() - _EXCERPT // 2) if first else 0
    if start and line[start - 1 : start + 1].isascii():
        start = line.rfind(" ", 0, start) + 1  # not in the middle of a word
    piece = line[start : start + _EXCERPT * 2]
    parts: list[tuple[str, bool]] = [("…", False)] if start else []
    position = 0
    for found in pattern.finditer(piece):
        parts += [(piece[position : found.start()], False), (found[0], True)]
        position = found.end()
    parts.append((piece[position:] + ("…" if start + len(piece) < len(line) else ""), False))
    return [part for part in parts if part[0]]


def _count(line: str, terms: Sequence[str]) -> int:
    folded = line.casefold()
    return sum(term in folded for term in terms)


def _of(newsletter: str) -> Select[ArchivePage]:
    return select(ArchivePage).where(ArchivePage.newsletter == newsletter)


def _older(page: ArchivePage) -> ColumnElement[bool]:
    return or_(ArchivePage.day < page.day, and_(ArchivePage.day == page.day, ArchivePage.id < page.id))


def _newer(page: ArchivePage) -> ColumnElement[bool]:
    return or_(ArchivePage.day > page.day, and_(ArchivePage.day == page.day, ArchivePage.id > page.id))
