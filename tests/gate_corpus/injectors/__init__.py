"""One injector for each class of fault: a good digest in, the same with one fault out.

Pure: the same digest and seed give the same fault. ``None``: this digest cannot have that fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from tests.gate_corpus.context import context_of
from tests.gate_corpus.faults import FaultClass
from tests.gate_corpus.injectors.base import Injected, Injector, Subject
from tests.gate_corpus.injectors.days import already_sent, draft, wrong_day
from tests.gate_corpus.injectors.email import (
    empty_preheader,
    empty_subject,
    empty_text_part,
    long_preheader,
    long_subject,
    same_subject,
    too_big,
)
from tests.gate_corpus.injectors.images import image_not_https, image_too_heavy, image_without_alt
from tests.gate_corpus.injectors.links import (
    bad_scheme,
    dead_link,
    misleading_link,
    no_host,
    placeholder_host,
)
from tests.gate_corpus.injectors.stories import (
    announced_count,
    duplicate_story,
    no_stories,
    story_without_body,
    story_without_link,
    unusual_count,
)
from tests.gate_corpus.injectors.surroundings import no_audience, sender_dns, unusual_audience
from tests.gate_corpus.injectors.words import (
    chatter,
    literal_markdown,
    missing_advert_label,
    missing_ai_label,
    placeholder,
    unsafe_html,
    wrong_language,
)
from tests.gate_corpus.labels import Labelled
from tests.gate_corpus.page import Page
from tests.gate_corpus.phrases import phrases

INJECTORS: Mapping[FaultClass, Injector] = {
    FaultClass.DRAFT: draft,
    FaultClass.WRONG_DAY: wrong_day,
    FaultClass.ALREADY_SENT: already_sent,
    FaultClass.CHATTER: chatter,
    FaultClass.PLACEHOLDER: placeholder,
    FaultClass.LITERAL_MARKDOWN: literal_markdown,
    FaultClass.NO_STORIES: no_stories,
    FaultClass.STORY_WITHOUT_LINK: story_without_link,
    FaultClass.STORY_WITHOUT_BODY: story_without_body,
    FaultClass.DUPLICATE_STORY: duplicate_story,
    FaultClass.UNUSUAL_COUNT: unusual_count,
    FaultClass.ANNOUNCED_COUNT: announced_count,
    FaultClass.BAD_SCHEME: bad_scheme,
    FaultClass.NO_HOST: no_host,
    FaultClass.PLACEHOLDER_HOST: placeholder_host,
    FaultClass.MISLEADING_LINK: misleading_link,
    FaultClass.DEAD_LINK: dead_link,
    FaultClass.IMAGE_WITHOUT_ALT: image_without_alt,
    FaultClass.IMAGE_NOT_HTTPS: image_not_https,
    FaultClass.IMAGE_TOO_HEAVY: image_too_heavy,
    FaultClass.EMPTY_SUBJECT: empty_subject,
    FaultClass.LONG_SUBJECT: long_subject,
    FaultClass.SAME_SUBJECT: same_subject,
    FaultClass.EMPTY_PREHEADER: empty_preheader,
    FaultClass.LONG_PREHEADER: long_preheader,
    FaultClass.WRONG_LANGUAGE: wrong_language,
    FaultClass.TOO_BIG: too_big,
    FaultClass.EMPTY_TEXT_PART: empty_text_part,
    FaultClass.UNSAFE_HTML: unsafe_html,
    FaultClass.MISSING_ADVERT_LABEL: missing_advert_label,
    FaultClass.MISSING_AI_LABEL: missing_ai_label,
    FaultClass.NO_AUDIENCE: no_audience,
    FaultClass.UNUSUAL_AUDIENCE: unusual_audience,
    FaultClass.SENDER_DNS: sender_dns,
}


def inject(kind: FaultClass, good: Labelled, seed: int) -> Injected | None:
    """Return ``good`` with one fault of ``kind``, or None when it cannot have it."""
    context = context_of(good)
    subject = Subject(
        page=Page(good.markdown, context),
        context=context,
        phrases=phrases(good.part, good.language),
        chance=Random(f"{kind} {good.file} {seed}"),
    )
    return INJECTORS[kind](subject)
