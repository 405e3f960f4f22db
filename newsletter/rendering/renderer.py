"""A digest becomes a mailing: subject, headers, HTML and text, with holes for each reader's values.

Rendering is a function of its arguments and the template files: the same in, the same bytes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newsletter.config import NewsletterSettings
from newsletter.digests.digest import Digest
from newsletter.language import Catalog, catalog
from newsletter.mailing import Hole, HoleKind, Mailing, Sender
from newsletter.rendering.content import HtmlWriter, ProseStyles
from newsletter.rendering.folders import TemplateError
from newsletter.rendering.headers import edition_headers
from newsletter.rendering.holes import Marks
from newsletter.rendering.inbox import headline, marked_as_advert, preheader
from newsletter.rendering.letter import Prose, Title
from newsletter.rendering.links import LinkNames
from newsletter.rendering.markup import clean
from newsletter.rendering.plaintext import TextWriter
from newsletter.rendering.reading import cut, minutes, one_line
from newsletter.rendering.templates import Templates, html_pattern, trusted_html
from newsletter.urls import Urls

FILES = ("body.mjml.j2", "body.txt.j2", "subject.txt.j2", "prose.toml")
DEFAULT_TEMPLATE = "daily"  # lends the files that another template does not bring


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A mailing and what the gate asks about it. Sizes are of UTF-8, before any transfer encoding."""

    mailing: Mailing
    html_bytes: int
    story_bytes: tuple[int, ...]  # of each of the digest's stories, in order
    preheader: str


class Renderer:
    """Renders digests with the templates of ``folders`` before ours; keeps what it has compiled."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._templates = Templates(folders)

    def render(
        self,
        digest: Digest,
        newsletter: NewsletterSettings,
        *,
        urls: Urls,
        language: str,
        day: date,
        edition: str,
        kind: str = "daily",
        serial: int = 1,
        answers: str = "",
    ) -> Rendered:
        """Return ``digest`` as the mailing that goes out on ``day``, or raise ``TemplateError``.

        ``edition`` is the mailing's label. ``answers`` is the domain in the Message-ID of the copies that
        those of a correction answer to; empty: they answer to none. A reader's values fill ``leave_url``,
        ``manage_url`` and ``address``; without them the links lead to the sign-up page.
        """
        words = catalog(language)
        marks = Marks([repr(digest), repr(newsletter), repr(urls), edition])
        values = _values(digest, newsletter, words, urls=urls, day=day)
        values["online_url"] = urls.edition(day, kind, serial)
        values |= {name: marks.mark(name) for name in ("leave_url", "manage_url", "address")}
        values["subject"] = subject = self._subject(digest, newsletter, words, values, marks, kind)
        values["preheader"] = first_words = preheader(digest, words)

        leave = Hole("leave_url", HoleKind.URL, urls.home)
        manage = Hole("manage_url", HoleKind.URL, urls.home)
        your_address = words.say("email.your_address")
        prose = self._html_prose(digest, newsletter, words, values)
        html, html_file = self._render(newsletter, "body.mjml.j2", values, prose, _HtmlWords(words))
        text, text_file = self._render(
            newsletter, "body.txt.j2", values, _text_prose(digest, words), words.say
        )
        mailing = Mailing(
            edition=edition,
            language=words.tag,
            sender=Sender(newsletter.sender_name, newsletter.sender.address),
            subject=subject,
            headers=edition_headers(
                newsletter,
                urls=urls,
                language=words.tag,
                edition=edition,
                kind=kind,
                leave=leave,
                answers=answers,
            ),
            text=marks.split(
                text, leave, manage, Hole("address", HoleKind.TEXT, your_address), where=text_file
            ),
            html=marks.split(
                html, leave, manage, Hole("address", HoleKind.HTML, your_address), where=html_file
            ),
        )
        return Rendered(
            mailing=mailing,
            html_bytes=len(mailing.html.fill({}).encode()),
            story_bytes=tuple(
                len(story.title.encode()) + len(story.body.encode())
                for section in prose.sections
                for story in section.stories
            ),
            preheader=first_words,
        )

    def _subject(
        self,
        digest: Digest,
        newsletter: NewsletterSettings,
        words: Catalog,
        values: Mapping[str, object],
        marks: Marks,
        kind: str,
    ) -> str:
        """Return the digest's own subject, else the newsletter's pattern, else the template's.

        The pattern is for daily editions; the others have templates of their own for their subjects.
        """
        names = {**values, "story": headline(digest, name=newsletter.name), "cut": cut, "say": words.say}
        if digest.front.subject and digest.front.subject.strip():
            where, subject = "subject", clean(digest.front.subject)
        elif pattern := {"daily": newsletter.subject, "weekly": newsletter.weekly.subject}.get(kind, ""):
            where = f"the newsletter's setting {'' if kind == 'daily' else 'weekly.'}subject"
            subject = self._templates.render_pattern(pattern, names, setting=where)
        else:
            is_daily = kind == DEFAULT_TEMPLATE
            own = None if is_daily else self._templates.folders.find(f"{kind}/subject.txt.j2")
            name, where = (own.name, own.file) if own else self._file(newsletter, "subject.txt.j2")
            subject = self._templates.render(name, names)
        # Given no hole, the marks raise where one stands: a subject is the same for every reader.
        marks.split(subject, where=where)
        subject = one_line(subject) or newsletter.name
        return marked_as_advert(subject, words) if digest.front.sponsored else subject

    def _html_prose(
        self, digest: Digest, newsletter: NewsletterSettings, words: Catalog, values: Mapping[str, object]
    ) -> Prose:
        styles, _ = self._file(newsletter, "prose.toml")
        writer = HtmlWriter(
            ProseStyles.read(self._templates.folders.read(styles)), unnamed_image=words.say("text.image")
        )
        prose = Prose.of(digest, writer)
        links_of_ours = ("view_online", "online_url"), ("archive", "archive_url"), ("subscribe", "home_url")
        links_of_theirs = ("manage", "manage_url"), ("leave", "leave_url")
        names = LinkNames(
            prose.fragments(),
            reserved={
                words.say(f"email.{key}"): str(values[target])
                for key, target in links_of_ours + links_of_theirs
            },
            with_host=lambda host: words.say("text.with_host", host=host),
        )
        return prose.rewritten(lambda fragment: trusted_html(names.write(fragment)))

    def _render(
        self,
        newsletter: NewsletterSettings,
        file: str,
        values: Mapping[str, object],
        prose: Prose,
        say: object,
    ) -> tuple[str, str]:
        """Return a part of the email, its marks still in it, and the file it was made with."""
        name, place = self._file(newsletter, file)
        names = {**values, "intro": prose.intro, "sections": prose.sections, "say": say}
        return self._templates.render(name, names).strip() + "\n", place

    def _file(self, newsletter: NewsletterSettings, file: str) -> tuple[str, str]:
        """Return the name and place of a file of the newsletter's template, or of the default one."""
        folders, template = self._templates.folders, newsletter.template
        found = folders.find(f"{template}/{file}")
        if found is None and not any(folders.find(f"{template}/{other}") for other in FILES):
            raise TemplateError(f"there is no template {template!r}; mend the newsletter's setting template")
        found = found or folders.read(f"{DEFAULT_TEMPLATE}/{file}")
        return found.name, found.file


class _HtmlWords:
    """``say`` for HTML: the text is escaped, and so is every value that is not safe HTML."""

    def __init__(self, words: Catalog) -> None:
        self._words = words

    def __call__(self, key: str, *, count: int | None = None, **values: object) -> str:
        return html_pattern(self._words.pattern(key, count=count))(count=count, **values)


def _values(
    digest: Digest, newsletter: NewsletterSettings, words: Catalog, *, urls: Urls, day: date
) -> dict[str, object]:
    """Return what every template sees, the subject's included."""
    return {
        "language": words.tag,
        "direction": words.direction,
        "name": newsletter.name,
        "description": newsletter.description,
        "title": Title.of(digest, name=newsletter.name, day=day),
        "date": words.long_date(day),
        "short_date": words.short_date(day),
        "weekday": words.weekday(day),
        "minutes": minutes(digest),
        "story_count": len(digest.stories),
        "categories": tuple(filter(None, (one_line(clean(label)) for label in digest.categories))),
        "is_essay": digest.is_essay,
        "sponsored": digest.front.sponsored,
        "ai_generated": digest.front.ai_generated,
        "home_url": urls.home,
        "archive_url": urls.archive,
        "contact": newsletter.sender.reply_to or newsletter.sender.address,
        "postal_address": newsletter.postal_address,
    }


def _text_prose(digest: Digest, words: Catalog) -> Prose:
    writer = TextWriter(
        image_label=lambda alt: words.say("text.image_label", alt=alt), unnamed_image=words.say("text.image")
    )
    return Prose.of(digest, writer)
