"""The gate: the checks an edition must pass to go out unattended.

The whole policy is the table ``CHECKS``: which rules there are, and whether one holds the edition
or only warns. ``examine`` applies them all. Pure: no database, no clock, no network.
"""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.editions.gate.already_sent import already_sent
from newsletter.editions.gate.audience import no_audience, unusual_audience
from newsletter.editions.gate.chatter import chatter, prompts
from newsletter.editions.gate.counts import fewer_than_announced, unusual_counts
from newsletter.editions.gate.dead_links import dead_images, dead_links, heavy_images, many_dead_links
from newsletter.editions.gate.draft import drafts, not_in_force
from newsletter.editions.gate.duplicates import duplicate_stories
from newsletter.editions.gate.evidence import Evidence, RecentEdition, SenderDns
from newsletter.editions.gate.finding import Check, Finding, Remark, Severity
from newsletter.editions.gate.garbled import garbled_text
from newsletter.editions.gate.hosts import misleading_links, placeholder_links
from newsletter.editions.gate.images import bad_images, images_without_words, insecure_images
from newsletter.editions.gate.labels import unlabelled_adverts, unlabelled_ai
from newsletter.editions.gate.leftover_failures import leftover_failures
from newsletter.editions.gate.leftover_marks import leftover_marks
from newsletter.editions.gate.leftover_notes import leftover_notes, leftover_slots
from newsletter.editions.gate.leftover_templates import leftover_templates
from newsletter.editions.gate.leftover_values import leftover_values
from newsletter.editions.gate.links import bad_links, picture_links
from newsletter.editions.gate.needs import WORDS, Need, NotChecked, is_known
from newsletter.editions.gate.no_stories import no_stories
from newsletter.editions.gate.own import examine_own
from newsletter.editions.gate.policy import Level, Policy
from newsletter.editions.gate.probe import ProbeResult, Reach
from newsletter.editions.gate.removed_html import removed_html, unsafe_html
from newsletter.editions.gate.sender_dns import sender_dns
from newsletter.editions.gate.size import nearly_too_big, too_big
from newsletter.editions.gate.stories import empty_stories, stories_without_link, stories_without_text
from newsletter.editions.gate.subject import (
    empty_preheader,
    empty_subject,
    endless_subject,
    long_preheader,
    long_subject,
    repeated_subject,
)
from newsletter.editions.gate.text_part import poor_text_parts
from newsletter.editions.gate.untitled_stories import untitled_stories
from newsletter.editions.gate.wording import untranslated_stories, wrong_language
from newsletter.editions.gate.wrong_day import wrong_day, wrong_weekday

__all__ = [
    "CHECKS",
    "Check",
    "Evidence",
    "Finding",
    "Level",
    "Need",
    "NotChecked",
    "Policy",
    "ProbeResult",
    "Reach",
    "RecentEdition",
    "Remark",
    "SenderDns",
    "Severity",
    "examine",
    "not_checked",
]

CHECKS: tuple[Check, ...] = (
    # Is it the digest of the day?
    Check("draft", Severity.HOLD, drafts),
    Check("not-in-force", Severity.HOLD, not_in_force, Need.NOW),
    Check("wrong-day", Severity.HOLD, wrong_day, Need.DAY),
    Check("wrong-weekday", Severity.HOLD, wrong_weekday),
    Check("already-sent", Severity.HOLD, already_sent, Need.RECENT),
    # Was it written for readers, and finished?
    Check("chatter", Severity.HOLD, chatter),
    Check("prompt", Severity.HOLD, prompts),
    Check("leftover-value", Severity.HOLD, leftover_values, in_story=True),
    Check("leftover-failure", Severity.HOLD, leftover_failures, in_story=True),
    Check("leftover-note", Severity.HOLD, leftover_notes, in_story=True),
    Check("leftover-slot", Severity.HOLD, leftover_slots, in_story=True),
    Check("leftover-template", Severity.HOLD, leftover_templates, in_story=True),
    Check("leftover-mark", Severity.HOLD, leftover_marks, in_story=True),
    Check("garbled-text", Severity.HOLD, garbled_text, in_story=True),
    Check("wrong-language", Severity.HOLD, wrong_language, Need.LANGUAGE),
    Check("untranslated-story", Severity.HOLD, untranslated_stories, Need.LANGUAGE, in_story=True),
    # Are its stories whole, and as many as they should be?
    Check("no-stories", Severity.HOLD, no_stories),
    Check("untitled-story", Severity.HOLD, untitled_stories, in_story=True),
    Check("empty-story", Severity.HOLD, empty_stories, in_story=True),
    Check("story-without-link", Severity.HOLD, stories_without_link, in_story=True),
    Check("story-without-text", Severity.HOLD, stories_without_text, in_story=True),
    Check("duplicate-story", Severity.HOLD, duplicate_stories, in_story=True),
    Check("unusual-count", Severity.HOLD, unusual_counts, Need.RECENT),
    Check("fewer-than-announced", Severity.HOLD, fewer_than_announced),
    # Do its links and images lead somewhere?
    Check("bad-link", Severity.HOLD, bad_links, in_story=True),
    Check("placeholder-link", Severity.HOLD, placeholder_links, in_story=True),
    Check("misleading-link", Severity.HOLD, misleading_links, in_story=True),
    Check("dead-link", Severity.WARN, dead_links, Need.PROBES, in_story=True),
    Check("many-dead-links", Severity.HOLD, many_dead_links, Need.PROBES),
    Check("picture-link", Severity.WARN, picture_links),
    Check("bad-image", Severity.HOLD, bad_images, in_story=True),
    Check("dead-image", Severity.WARN, dead_images, Need.PROBES),
    Check("heavy-image", Severity.WARN, heavy_images, Need.PROBES),
    Check("insecure-image", Severity.WARN, insecure_images),
    Check("image-without-words", Severity.WARN, images_without_words),
    # Is it a good email?
    Check("empty-subject", Severity.HOLD, empty_subject, Need.SUBJECT),
    Check("endless-subject", Severity.HOLD, endless_subject, Need.SUBJECT),
    Check("long-subject", Severity.WARN, long_subject, Need.SUBJECT),
    Check("repeated-subject", Severity.HOLD, repeated_subject, Need.RECENT),
    Check("empty-preheader", Severity.HOLD, empty_preheader, Need.PREHEADER),
    Check("long-preheader", Severity.WARN, long_preheader, Need.PREHEADER),
    Check("unsafe-html", Severity.HOLD, unsafe_html),
    Check("removed-html", Severity.WARN, removed_html),
    Check("too-big", Severity.HOLD, too_big, Need.SIZE),
    Check("nearly-too-big", Severity.WARN, nearly_too_big, Need.SIZE),
    Check("poor-text-part", Severity.HOLD, poor_text_parts, Need.TEXT_PART),
    Check("unlabelled-advert", Severity.HOLD, unlabelled_adverts),
    Check("unlabelled-ai", Severity.HOLD, unlabelled_ai),
    # May it go to these readers, from this sender?
    Check("no-audience", Severity.HOLD, no_audience, Need.AUDIENCE),
    Check("unusual-audience", Severity.HOLD, unusual_audience, Need.USUAL_AUDIENCE),
    Check("sender-dns", Severity.HOLD, sender_dns, Need.SENDER_DNS),
)


def examine(evidence: Evidence, own: Sequence[Check] = ()) -> list[Finding]:
    """Return all findings, holds first, then in the order of the file; ``own`` are a user's checks."""
    findings = [finding for check in CHECKS for finding in check.examine(evidence)]
    findings += [finding for check in own for finding in examine_own(check, evidence)]
    return sorted(findings, key=lambda finding: (finding.severity is Severity.WARN, finding.line or 0))


def not_checked(evidence: Evidence, own: Sequence[Check] = ()) -> list[NotChecked]:
    """Return which checks were not made for want of evidence. One that is switched off is not wanted."""
    missing: dict[Need, list[str]] = {}
    for check in (*CHECKS, *own):
        if evidence.policy.levels.get(check.name) is not Level.OFF and not is_known(check.needs, evidence):
            missing.setdefault(check.needs, []).append(check.name)
    return [
        NotChecked(checks=tuple(names), because_zh=WORDS[need][0], because_en=WORDS[need][1])
        for need, names in missing.items()
    ]
