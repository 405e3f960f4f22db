"""Cues, in English, of a text that says of itself that a machine made it."""

from __future__ import annotations

from newsletter.editions.gate.talk.cue import ENOUGH, SURE, Cue, cue

MACHINE = (
    r"(?:(?:generative )?ai|artificial intelligence|chatgpt|gpt(?:-?\w+)?|openai|deepseek|claude"
    r"|gemini|copilot|kimi|deepl|google translate|midjourney|dall-e|stable diffusion"
    r"|(?:large )?language models?|llms?|machines?|ai (?:assistants?|models?|tools?)|an? (?:bot"
    r"|algorithm|model|script)|bots?)"
)
_MADE = (
    r"(?:generated|written|created|compiled|summari[sz]ed|translated|drafted|produced|edited|made"
    r"|assembled|curated|composed|put together|pulled together|prepared|selected|narrated|illustrated"
    r"|rewritten)"
)
_MAKE = (
    r"(?:generate|write|create|compile|summari[sz]e|translate|draft|produce|edit|wrote|generated|wrote"
    r"|drafted|translated|summari[sz]ed|produced|made|compiled|selected)"
)
_TEXT = (
    r"(?:text|summar(?:y|ies)|content|issue|edition|newsletter|email|digest|articles?|translations?"
    r"|copy|items?|stories|introduction|post|briefing|headlines?|images?|illustrations?|cover image"
    r"|cover)"
)
_BY = rf"(?:by|with|using|through) (?:the (?:help|assistance) of )?(?:an? |our )?{MACHINE}"

MACHINE_EN: tuple[Cue, ...] = (
    # No part of this issue was written by AI.
    cue(-12, rf"\b(?:no|not|never|without|n't|nobody|none|neither)\b[^.]{{0,40}}\b{MACHINE}\b"),
    cue(
        -3,
        r"\b(?:court|law|bill|study|report|finds?|found|says|said|announced|told|rules?|regulators?"
        r"|agency|company|won|judge)\b",
    ),
    # This newsletter was written by AI.
    cue(
        ENOUGH,
        rf"(?:^\W*|[:,;(.]\s)(?:note: |disclaimer: )?(?:this|these|the|all|our|some|parts?|today's|most"
        rf"|every|above|each)?\s*(?:of )?(?:the |this |our |today's )?(?:{_TEXT})"
        rf"\b[^.]{{0,30}}\b{_MADE}\b[^.]{{0,20}}\b{_BY}\b",
    ),
    cue(
        ENOUGH,
        rf"\b(?:this|these|our|today's|in this issue|all|some|the)"
        rf" (?:\w+ )?{_TEXT}\b[^.]{{0,24}}\b(?:is|are|was|were|been)\b[^.]{{0,12}}\b(?:ai|machine)"
        rf"[- ](?:generated|written|made|assisted|translated)",
    ),
    cue(
        ENOUGH,
        rf"\b{_TEXT}\b[^.]{{0,24}}\b(?:ai|machine)[- ](?:generated|written|made|assisted|translated)"
        rf"\W*$",
    ),
    cue(
        ENOUGH,
        rf"\b{_TEXT} (?:above|below|in this issue)?[^.]{{0,10}}\b(?:is|are|was|were)"
        rf"\b[^.]{{0,16}}\bgenerated automatically\b",
    ),
    cue(
        2,
        r"\bgenerated automatically\b|\bautomatically (?:generated|translated|written)\b"
        r"|\bmay contain errors\b|\bmay make mistakes\b|\bsummaries are automatic\b",
    ),
    # AI-generated. Written by GPT-4. Summaries by Gemini.
    cue(
        SURE,
        rf"^\W*(?:{_TEXT} )?(?:partly |partially |entirely )?(?:{_MADE}|{_TEXT})"
        rf" {_BY}\b[^.]{{0,24}}\W*$",
    ),
    cue(
        SURE,
        rf"^\W*(?:ai|machine)[- ](?:generated|written|assisted|made|translated)(?: {_TEXT})?\W*$"
        rf"|^\W*ai (?:summary|recap|translation)\W*$",
    ),
    cue(ENOUGH, r"\bour (?:editor|writer|author|translator) is an? (?:ai|bot|machine|language model)\b"),
    cue(
        ENOUGH,
        rf"^\W*(?:{_MADE})(?: and \w+)? (?:in part |automatically )?{_BY}\b|^\W*{_MADE} with (?:ai"
        rf"|machine)[- ]?(?:assistance|help)\b",
    ),
    cue(ENOUGH, rf"^\W*(?:disclaimer|note|disclosure)\s*:[^.]*\b{MACHINE}\b[^.]*"),
    # We use AI to summarize. An AI wrote this.
    cue(
        ENOUGH,
        rf"\b(?:we|i) (?:use|used|rely on|have used|let)"
        rf"\b[^.]{{0,10}}\b{MACHINE}\b[^.]{{0,10}}\bto {_MAKE}\b",
    ),
    cue(
        ENOUGH,
        rf"\b{MACHINE}(?: \w+)? (?:{_MAKE}) (?:this|these|the (?:summar|introduction|text|stories)"
        rf"|today's|our)\b|\b{MACHINE} (?:was|were) used to {_MAKE}\b"
        rf"|\b{MACHINE}(?: \w+)? {_MAKE} [^.]{{0,24}}\bin this (?:issue|edition|newsletter|digest)\b",
    ),
    cue(3.5, r"^\W*(?:ai|chatgpt|claude|gemini) (?:may|can) (?:make mistakes|be wrong|contain)"),
    cue(
        ENOUGH,
        rf"^\W*(?:author|written|editor|translator|by|words|text|translation|summar\w+|illustrations?)"
        rf"\s*(?::| by:?)\s*(?:an? )?{MACHINE}\b",
    ),
)
