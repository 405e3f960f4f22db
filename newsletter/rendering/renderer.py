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
from newsletter.rendering.headers import edition_headers
from newsletter.rendering.holes import Marks
from newsletter.rendering.letter import Prose, Title
from newsletter.rendering.links import LinkNames
from newsletter.rendering.markup import clean
from newsletter.rendering.plaintext import TextWriter
from newsletter.rendering.reading import cut, first_sentences, minutes, one_line
from newsletter.rendering.templates import Templates, html_pattern, trusted_html
from newsletter.urls import Urls

SUBJECT_HAN = 30  # phones show 15, desktops about 30
PREHEADER_HAN = 60
DEFAULT_TEMPLATE = "daily"  # lends what another template does not bring


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
    ) -> Rendered:
        """Return ``digest`` as the mailing that goes out on ``day``, or raise ``TemplateError``.

        The holes are ``leave_url``, ``manage_url`` and ``address``.
        """
        words = catalog(language)
        online = urls.edition(day, kind, serial)
        marks = Marks([repr(digest), repr(newsletter), repr(urls), language, edition])
        common: dict[str, object] = {
            "language": words.tag,
            "direction": words.direction,
            "name": newsletter.name,
            "description": newsletter.description,
            "title": Title.of(digest, name=newsletter.name),
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
            "online_url": online,
            "leave_url": marks.mark("leave_url"),
            "manage_url": marks.mark("manage_url"),
            "address": marks.mark("address"),
            "contact": newsletter.sender.reply_to or newsletter.sender.address,
            "postal_address": newsletter.postal_address,
        }
        subject = self._subject(digest, newsletter, words, common, marks)
        preheader = _preheader(digest, words)
        common |= {"subject": subject, "preheader": preheader}

        leave = Hole("leave_url", HoleKind.URL, urls.home)
        manage = Hole("manage_url", HoleKind.URL, urls.home)
        html_address = Hole("address", HoleKind.HTML, words.say("email.your_address"))
        text_address = Hole("address", HoleKind.TEXT, words.say("email.your_address"))

        prose = self._html_prose(digest, newsletter, words, common)
        html_name, html_source = self._part(newsletter, "body.mjml.j2")
        html = marks.split(
            self._templates.render(html_name, common | _as_values(prose) | {"say": _HtmlWords(words)}),
            *(leave, manage, html_address),
            where=html_source,
        )
        text_name, text_source = self._part(newsletter, "body.txt.j2")
        text = marks.split(
            self._text(text_name, digest, words, common),
            *(leave, manage, text_address),
            where=text_source,
        )
        mailing = Mailing(
            edition=edition,
            language=words.tag,
            sender=Sender(newsletter.sender_name, newsletter.sender.address),
            subject=subject,
            headers=edition_headers(
                newsletter, urls=urls, language=words.tag, edition=edition, kind=kind, leave=leave
            ),
            text=text,
            html=html,
        )
        return Rendered(
            mailing=mailing,
            html_bytes=len(html.fill({}).encode()),
            story_bytes=tuple(
                len(story.title.encode()) + len(story.body.encode())
                for section in prose.sections
                for story in section.stories
            ),
            preheader=preheader,
        )

    def _subject(
        self,
        digest: Digest,
        newsletter: NewsletterSettings,
        words: Catalog,
        common: Mapping[str, object],
        marks: Marks,
    ) -> str:
        """Return the digest's own subject, else the newsletter's pattern, else the template's."""
        first = digest.stories[0].title_text if digest.stories and not digest.is_essay else digest.title
        values = {**common, "story": cut(clean(first), SUBJECT_HAN), "cut": cut, "say": words.say}
        where = "subject"
        if digest.front.subject:
            subject = clean(digest.front.subject)
        elif newsletter.subject:
            where = "the setting subject of the newsletter"
            subject = self._templates.render_pattern(newsletter.subject, values, setting=where)
        else:
            name, where = self._part(newsletter, "subject.txt.j2")
            subject = self._templates.render(name, values)
        # No hole may stand in a subject, so there is one piece, or none when it came out empty.
        pieces = marks.split(one_line(subject), where=where).pieces
        subject = str(pieces[0]) if pieces else newsletter.name
        marked = words.say("email.advert_subject", subject=subject)
        is_marked = words.say("email.advert") in subject[:6] or subject.startswith(marked[:4])
        return marked if digest.front.sponsored and not is_marked else subject

    def _html_prose(
        self, digest: Digest, newsletter: NewsletterSettings, words: Catalog, common: Mapping[str, object]
    ) -> Prose:
        styles_name, _ = self._part(newsletter, "prose.toml")
        writer = HtmlWriter(
            ProseStyles.read(self._templates.folders.read(styles_name)),
            unnamed_image=words.say("text.image"),
        )
        prose = Prose.of(digest, writer)
        reserved = {
            words.say("email.view_online"): common["online_url"],
            words.say("email.archive"): common["archive_url"],
            words.say("email.manage"): common["manage_url"],
            words.say("email.leave"): common["leave_url"],
            words.say("email.subscribe"): common["home_url"],
            str(common["contact"]): f"mailto:{common['contact']}",
        }
        names = LinkNames(
            prose.fragments(),
            reserved={name: str(target) for name, target in reserved.items()},
            with_host=lambda host: words.say("text.with_host", host=host),
        )
        return prose.rewritten(lambda fragment: trusted_html(names.write(fragment)))

    def _text(self, name: str, digest: Digest, words: Catalog, common: Mapping[str, object]) -> str:
        writer = TextWriter(
            image_label=lambda alt: words.say("text.image_label", alt=alt),
            unnamed_image=words.say("text.image"),
        )
        values = common | _as_values(Prose.of(digest, writer)) | {"say": words.say}
        return self._templates.render(name, values).strip() + "\n"

    def _part(self, newsletter: NewsletterSettings, file: str) -> tuple[str, str]:
        """Return the name and place of a file of the newsletter's template, or of the default one."""
        found = self._templates.folders.find(f"{newsletter.template}/{file}")
        if found is None:
            found = self._templates.folders.read(f"{DEFAULT_TEMPLATE}/{file}")
        return found.name, found.file


class _HtmlWords:
    """``say`` for HTML: the text and every value that is not safe HTML are escaped."""

    def __init__(self, words: Catalog) -> None:
        self._words = words

    def __call__(self, key: str, *, count: int | None = None, **values: object) -> str:
        return html_pattern(self._words.pattern(key, count=count))(count=count, **values)


def _as_values(prose: Prose) -> dict[str, object]:
    return {"intro": prose.intro, "sections": prose.sections}


def _preheader(digest: Digest, words: Catalog) -> str:
    """Return the line a mailbox shows after the subject: what the reader cannot see yet."""
    if digest.front.description:
        return cut(clean(digest.front.description), PREHEADER_HAN)
    if intro := first_sentences(digest.intro, PREHEADER_HAN):
        return clean(intro)
    # The first title is in the subject already.
    titles = [one_line(clean(story.title_text)) for story in digest.stories[1:4]]
    if titles:
        return cut(words.say("text.more", titles=words.say("text.separator").join(titles)), PREHEADER_HAN)
    bodies = (block for story in digest.stories for block in story.body)
    return clean(first_sentences(bodies, PREHEADER_HAN)) or newsletter_line(digest)


def newsletter_line(digest: Digest) -> str:
    """Return the digest's title, for a preheader when there is no prose at all."""
    return cut(clean(digest.title), PREHEADER_HAN)
