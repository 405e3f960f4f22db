"""The classes of fault that an unattended edition must not go out with."""

from __future__ import annotations

from enum import StrEnum


class FaultClass(StrEnum):
    """What can be wrong with an edition."""

    DRAFT = "draft"
    WRONG_DAY = "wrong-day"
    ALREADY_SENT = "already-sent"
    CHATTER = "chatter"  # a language model that talks to its operator
    PLACEHOLDER = "placeholder"  # a slot nobody filled, or what a program left behind
    LITERAL_MARKDOWN = "literal-markdown"
    NO_STORIES = "no-stories"
    STORY_WITHOUT_LINK = "story-without-link"
    STORY_WITHOUT_BODY = "story-without-body"
    DUPLICATE_STORY = "duplicate-story"
    UNUSUAL_COUNT = "unusual-count"
    ANNOUNCED_COUNT = "announced-count"  # the text promises another number of stories
    BAD_SCHEME = "bad-scheme"
    NO_HOST = "no-host"
    PLACEHOLDER_HOST = "placeholder-host"
    MISLEADING_LINK = "misleading-link"  # its text names another host than it leads to
    DEAD_LINK = "dead-link"
    IMAGE_WITHOUT_ALT = "image-without-alt"
    IMAGE_NOT_HTTPS = "image-not-https"
    IMAGE_TOO_HEAVY = "image-too-heavy"
    EMPTY_SUBJECT = "empty-subject"
    LONG_SUBJECT = "long-subject"
    SAME_SUBJECT = "same-subject"
    EMPTY_PREHEADER = "empty-preheader"
    LONG_PREHEADER = "long-preheader"
    WRONG_LANGUAGE = "wrong-language"
    TOO_BIG = "too-big"
    EMPTY_TEXT_PART = "empty-text-part"
    UNSAFE_HTML = "unsafe-html"
    MISSING_ADVERT_LABEL = "missing-advert-label"
    MISSING_AI_LABEL = "missing-ai-label"
    NO_AUDIENCE = "no-audience"
    UNUSUAL_AUDIENCE = "unusual-audience"
    SENDER_DNS = "sender-dns"


# Nobody is misled or harmed, so telling people is enough; every other class holds the edition.
WARNING_SUFFICES = frozenset(
    {
        FaultClass.DEAD_LINK,
        FaultClass.IMAGE_WITHOUT_ALT,
        FaultClass.IMAGE_NOT_HTTPS,
        FaultClass.IMAGE_TOO_HEAVY,
        FaultClass.LONG_SUBJECT,  # a mailbox cuts it
        FaultClass.EMPTY_PREHEADER,  # a mailbox shows the first words instead
        FaultClass.LONG_PREHEADER,
        FaultClass.UNSAFE_HTML,  # rendering takes it away
        FaultClass.UNUSUAL_AUDIENCE,
    }
)
