"""What a mailbox shows before a message is opened: the subject's beginning and the preheader.

Phones show fifteen Han characters of a subject and some thirty of the preheader, so both carry news.

Pure: values in, values out.
"""

from __future__ import annotations

from newsletter.digests.digest import Digest
from newsletter.digests.prose import Block
from newsletter.language import Catalog
from newsletter.rendering.letter import Title
from newsletter.rendering.markup import clean
from newsletter.rendering.reading import cut, first_sentences, one_line

SUBJECT_HAN = 30  # Han characters; desktops show about as many
PREHEADER_HAN = 60


def headline(digest: Digest, *, name: str) -> str:
    """Return the first story's title as a subject has room for it, or what an essay is about.

    An essay's title that only repeats the newsletter's ``name`` says nothing; its first words do.
    """
    first = digest.stories[0].title_text if digest.stories and not digest.is_essay else digest.title
    if digest.is_essay and Title.of(digest, name=name, day=digest.day).is_name:
        first = first_sentences(_bodies(digest), SUBJECT_HAN) or first
    return cut(clean(first).rstrip("。. "), SUBJECT_HAN)


def marked_as_advert(subject: str, words: Catalog) -> str:
    """Return ``subject`` with the mark of an advertisement in front, once (MIIT order 38, article 13)."""
    mark = words.say("email.advert_subject", subject="")
    is_marked = words.say("email.advert") in subject[:8] or subject.startswith(mark.strip())
    return subject if is_marked else mark + subject


def preheader(digest: Digest, words: Catalog) -> str:
    """Return the digest's description, else its first sentences, else the titles after the first."""
    if digest.front.description and digest.front.description.strip():
        return cut(clean(digest.front.description), PREHEADER_HAN)
    if intro := first_sentences(digest.intro, PREHEADER_HAN):
        return clean(intro)
    titles = [one_line(clean(story.title_text)) for story in digest.stories[1:4]]
    if titles:
        return cut(words.say("text.more", titles=words.say("text.separator").join(titles)), PREHEADER_HAN)
    return clean(first_sentences(_bodies(digest), PREHEADER_HAN)) or cut(clean(digest.title), PREHEADER_HAN)


def _bodies(digest: Digest) -> tuple[Block, ...]:
    return tuple(block for story in digest.stories for block in story.body)
