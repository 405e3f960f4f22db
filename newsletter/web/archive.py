"""The archive's pages: past editions to read, to search and to follow. Everybody sees the same.

A page is made of the digest's Markdown and sanitised again whenever it is shown: what an email was is
never served, so it holds no reader's address or link. Nothing here can be posted to. The first visit
after an edition went out puts it into the archive, which changes nothing for anybody.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter import language
from newsletter.config import NewsletterSettings
from newsletter.digests.digest import Digest
from newsletter.digests.prose import Block, Link, Paragraph
from newsletter.digests.reader import read
from newsletter.editions import archive
from newsletter.editions.archive import ArchivePage, ArchivePicture, Key
from newsletter.editions.edition import Edition
from newsletter.editions.pictures import gather, with_pictures
from newsletter.errors import DigestError
from newsletter.rendering.content import HtmlWriter, ProseStyles
from newsletter.rendering.letter import Prose
from newsletter.urls import Urls
from newsletter.web import feeds
from newsletter.web.door import READ, Door
from newsletter.web.security import POLICY

IN_FEED = 20
_FRESH = f"public, max-age={timedelta(minutes=5).seconds}"
_KEPT = f"public, max-age={timedelta(days=1).total_seconds():.0f}"
# Only a page that shows pictures of other sites may load them.
_POLICY_WITH_PICTURES = POLICY.replace("img-src 'self'", "img-src 'self' https:")
_TYPES = {"jpg": "image/jpeg", "png": "image/png"}
_UNSTYLED = ProseStyles(prose={}, title={})  # the policy allows no style on an element

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """One line of a list: a page, where it is, and the piece of it that was looked for."""

    page: ArchivePage
    url: str
    parts: list[tuple[str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A correction on the page of what it corrects."""

    day: date
    prose: Prose


class Archive:
    """The pages of past editions."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> APIRouter:
        """Return where they are; they come before the pages of a newsletter and of tokens."""
        router = APIRouter(include_in_schema=False)
        for path, handler in (
            ("/sitemap.xml", self.sitemap),
            ("/{slug}/feed.xml", self.feed),
            ("/{slug}/archive", self.listing),
            ("/{slug}/archive/search", self.search),
            ("/{slug}/archive/{key}", self.page),
            ("/{slug}/archive/{key}/image/{number:int}.{suffix}", self.picture),
        ):
            router.add_api_route(path, handler, methods=READ)
        return router

    def listing(self, request: Request, slug: str, before: str = "") -> Response:
        """Show the newest editions, or those before one."""
        return self._list(request, slug, query="", before=before, is_search=False)

    def search(self, request: Request, slug: str, q: str = "", before: str = "") -> Response:
        """Show the editions that have every term in them."""
        return self._list(request, slug, query=q, before=before, is_search=True)

    def page(self, request: Request, slug: str, key: str) -> Response:
        """Show one edition."""
        with self._open(slug) as session:
            page = self._find(session, slug, key) if session else None
            if session is None or page is None:
                return self.door.gone(request)
            newsletter, here = self.door.newsletter(slug), self.door.paths(slug)
            pictures = archive.pictures_of(session, page)
            older, newer = archive.neighbours(session, page)
            words = language.catalog(self.door.language(request, slug))
            prose = self._written(page, pictures, newsletter, self.door.app.urls(slug))
            notes = self._notes(session, page, newsletter, self.door.app.urls(slug))
        # Absolute as in an email; the policy knows only the name the site was reached by.
        absolute, local = f'src="{self.door.app.urls(slug).archive}/', f'src="{here.archive}/'
        prose = prose.rewritten(
            lambda fragment: Markup(fragment.replace(absolute, local))  # noqa: S704 - the sanitiser made it
        )
        response = self.door.show(
            request,
            "archive_page",
            slug=slug,
            tag=words.tag,
            is_public=True,
            page_=page,
            prose=prose,
            notes=notes,
            say_date=words.long_date,
            long_date=words.long_date(page.day),
            weekday=words.weekday(page.day),
            canonical=_address(self.door.app.urls(slug), page),
            older=(older, _address(here, older)) if older else None,
            newer=(newer, _address(here, newer)) if newer else None,
        )
        if any('src="https:' in fragment for fragment in prose.fragments()):
            response.headers["content-security-policy"] = _POLICY_WITH_PICTURES
        return _shared(response)

    def picture(self, request: Request, slug: str, key: str, number: int, suffix: str) -> Response:
        """Serve one picture, for mail programs and other sites too."""
        with self._open(slug) as session:
            page = self._find(session, slug, key) if session else None
            found = session.get(ArchivePicture, (page.id, number)) if session and page else None
            if found is None or found.suffix != suffix:
                return self.door.gone(request)
            headers = {"cache-control": _KEPT, "cross-origin-resource-policy": "cross-origin"}
            return Response(found.content, media_type=_TYPES[suffix], headers=headers)

    def feed(self, request: Request, slug: str) -> Response:
        """Return the newest editions as an Atom feed."""
        with self._open(slug) as session:
            if session is None:
                return self.door.gone(request)
            newsletter, urls = self.door.newsletter(slug), self.door.app.urls(slug)
            entries = [
                feeds.Entry(
                    url=_address(urls, page),
                    title=page.title,
                    summary=page.description,
                    html=self._in_feed(session, page, newsletter, urls),
                    published_at=page.published_at,
                    updated_at=page.updated_at,
                )
                for page in archive.newest(session, slug, limit=IN_FEED)
            ]
        content = feeds.atom(
            url=f"{urls.home}/feed.xml",
            home=urls.archive,
            title=newsletter.name,
            subtitle=newsletter.description,
            language=newsletter.language,
            entries=entries,
            now=self.door.now(),
        )
        return Response(
            content,
            media_type="application/atom+xml",
            headers={"cache-control": _FRESH, "x-robots-tag": "all"},
        )

    def sitemap(self) -> Response:
        """Return the address of every page that search engines may know."""
        return Response(
            feeds.sitemap(self._addresses()), media_type="application/xml", headers={"cache-control": _FRESH}
        )

    # ---- lists ----

    def _list(self, request: Request, slug: str, *, query: str, before: str, is_search: bool) -> Response:
        after = Key.parse(before) if before else None
        if before and after is None:
            return self.door.gone(request)
        terms, query = archive.terms_of(query), query[: archive.LONGEST_QUERY].strip()
        with self._open(slug) as session:
            if session is None:
                return self.door.gone(request)
            pages: Sequence[ArchivePage] = []
            if terms or not is_search:
                limit = archive.PER_PAGE + 1
                pages = archive.newest(session, slug, before=after, terms=terms, limit=limit)
            shown, here = pages[: archive.PER_PAGE], self.door.paths(slug)
            finds = [
                Find(
                    page=page,
                    url=_address(here, page),
                    parts=archive.excerpt(page.text, terms) if terms else [],
                )
                for page in shown
            ]
        words = language.catalog(self.door.language(request, slug))
        response = self.door.show(
            request,
            "archive",
            slug=slug,
            tag=words.tag,
            is_public=not is_search,
            is_get=not is_search,  # another language would forget what was looked for
            is_search=is_search,
            is_newest=after is None,
            query=query,
            finds=finds,
            long_date=words.long_date,
            more=str(pages[len(shown) - 1].key) if len(pages) > len(shown) else None,
            canonical=self.door.app.urls(slug).archive,
        )
        return response if is_search else _shared(response)

    def _addresses(self) -> Iterator[tuple[str, date | None]]:
        for slug in self.door.settings.newsletters:
            urls = self.door.app.urls(slug)
            with self._open(slug) as session:
                pages = archive.newest(session, slug, limit=feeds.MOST_ADDRESSES) if session else ()
            yield urls.home, None
            yield urls.archive, pages[0].day if pages else None
            for page in pages:
                yield _address(urls, page), page.updated_at.date()

    # ---- one page ----

    def _find(self, session: Session, slug: str, key: str) -> ArchivePage | None:
        parsed = Key.parse(key)
        return archive.find(session, slug, parsed) if parsed else None

    def _written(
        self,
        page: ArchivePage,
        pictures: Sequence[ArchivePicture],
        newsletter: NewsletterSettings,
        urls: Urls,
    ) -> Prose:
        """Read a page's digest and write it as safe HTML, its pictures at absolute addresses."""
        digest = _read(page.source, newsletter, page.day)
        base = _address(urls, page)
        digest = with_pictures(
            digest, {each.src: f"{base}/image/{each.number}.{each.suffix}" for each in pictures}
        )
        unnamed = language.catalog(newsletter.language).say("text.image")
        return Prose.of(digest, HtmlWriter(_UNSTYLED, unnamed_image=unnamed))

    def _notes(
        self, session: Session, page: ArchivePage, newsletter: NewsletterSettings, urls: Urls
    ) -> list[Note]:
        """Return the corrections of a page's edition, each without the link that leads here."""
        unnamed = language.catalog(newsletter.language).say("text.image")
        notes = []
        for edition in archive.corrections(session, page):
            digest = _read(edition.digest_source or "", newsletter, edition.day)
            said = _without_link(digest, _address(urls, page))
            prose = Prose.of(said, HtmlWriter(_UNSTYLED, unnamed_image=unnamed))
            safe = prose.rewritten(Markup)  # the sanitiser made it
            notes.append(Note(day=edition.day, prose=safe))
        return notes

    def _in_feed(
        self, session: Session, page: ArchivePage, newsletter: NewsletterSettings, urls: Urls
    ) -> str:
        prose = self._written(page, archive.pictures_of(session, page), newsletter, urls)
        words = language.catalog(newsletter.language)
        labels = [
            words.say(f"email.{label}")
            for label, is_on in (("advert", page.sponsored), ("ai_label", page.ai_generated))
            if is_on
        ]
        pieces = [f"<p><b>{Markup.escape(label)}</b></p>" for label in labels]
        for note in self._notes(session, page, newsletter, urls):
            corrected = Markup.escape(words.say("archive.corrected", date=words.long_date(note.day)))
            said = "".join(note.prose.fragments())
            pieces.append(f"<blockquote><p><b>{corrected}</b></p>{said}</blockquote>")
        pieces.append(prose.intro)
        for section in prose.sections:
            pieces.append(f"<h2>{section.title}</h2>{section.lead}" if section.title else section.lead)
            pieces += [
                f"<h3>{story.title}</h3>{story.body}" if story.title else story.body
                for story in section.stories
            ]
        return "".join(pieces)

    # ---- what went out since the last visit ----

    def _open(self, slug: str) -> _Opened:
        if slug in self.door.settings.newsletters:
            self._catch_up(slug)
            return _Opened(self.door.reading())
        return _Opened(None)

    def _catch_up(self, slug: str) -> None:
        with self.door.reading() as session:
            editions = archive.missing(session, slug)
        newsletter, now = self.door.newsletter(slug), self.door.now()
        for edition in editions:
            try:
                digest = _read(edition.digest_source or "", newsletter, edition.day)
                bundle = _bundle(newsletter.source.folder, edition)
                pictures = gather(digest, bundle) if bundle else []
                with self.door.writing() as session:
                    archive.publish(session, edition, digest, pictures, now=now)
            except DigestError as error:
                logger.error("%s has no page: %s", edition.label, error)
            except IntegrityError:
                pass  # another visitor was quicker


class _Opened:
    """A session, or none, for ``with``."""

    def __init__(self, session: Session | None) -> None:
        self._session = session

    def __enter__(self) -> Session | None:
        return self._session

    def __exit__(self, *_error: object) -> None:
        if self._session is not None:
            self._session.close()


def _read(source: str, newsletter: NewsletterSettings, day: date) -> Digest:
    return read(
        source.encode(),
        file="digest.md",
        newsletter_name=newsletter.name,
        tz=newsletter.schedule.tz,
        default_day=day,
    )


def _without_link(digest: Digest, url: str) -> Digest:
    """Return a correction without the paragraph that is nothing but a link to ``url``."""

    def kept(blocks: Sequence[Block]) -> tuple[Block, ...]:
        return tuple(block for block in blocks if not _is_link_to(block, url))

    sections = tuple(
        replace(
            section,
            lead=kept(section.lead),
            stories=tuple(replace(story, body=kept(story.body)) for story in section.stories),
        )
        for section in digest.sections
    )
    return replace(digest, intro=kept(digest.intro), sections=sections)


def _is_link_to(block: Block, url: str) -> bool:
    match block:
        case Paragraph(children=(Link(url=target),)):
            return target == url
    return False


def _bundle(folder: Path | None, edition: Edition) -> Path | None:
    """Return the folder of an edition's page bundle, if its digest lay in one."""
    if not edition.digest_key or folder is None:
        return None
    bundle = folder / edition.digest_key
    return bundle if (bundle / "index.md").is_file() else None


def _address(urls: Urls, page: ArchivePage) -> str:
    return urls.edition(page.day, page.kind, page.serial)


def _shared(response: HTMLResponse) -> HTMLResponse:
    """Let caches keep a page that is the same for everybody who reads its language."""
    response.headers["cache-control"] = _FRESH
    response.headers["vary"] = "Accept-Language"
    return response
