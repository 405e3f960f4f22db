"""Cues, in English, of a model that names itself, and what it does not know or cannot reach."""

from __future__ import annotations

from newsletter.editions.gate.talk.cue import ENOUGH, SURE, Cue, cue
from newsletter.editions.gate.talk.english_words import CANNOT, TEXT

LIMITS_EN: tuple[Cue, ...] = (
    # I'm an AI. My knowledge ends.
    cue(
        SURE,
        r"\bas an? (?:\w+ )?(?:ai|artificial intelligence|(?:large )?language model|llm|chatbot)"
        r"(?: language)?(?: model| assistant)?,? (?:i|my)\b",
    ),
    cue(
        SURE,
        r"\bi(?:'m| am) (?:just |only |simply )?(?:an? |your )(?:\w+ )?(?:ai\b|artificial intelligence"
        r"|(?:large )?language model|chatbot|virtual|(?:\w+ )?assistant(?! \w+))",
    ),
    cue(
        ENOUGH,
        r"\bas (?:your|an?) (?:\w+ )?(?:assistant|helper),? (?:i|my)\b|\bmy job is to (?:summar|help"
        r"|translat|write)",
    ),
    cue(
        SURE,
        r"\bmy (?:last |latest )?(?:knowledge|training)(?: data|base)? ?(?:cut-?off|ends|only|update"
        r"|goes|does not|stops|is limited)|\bmy training data|\b(?:as of|since|at the time of)"
        r" my (?:last |latest )?(?:knowledge|training|update|data)",
    ),
    cue(
        SURE,
        r"\bmy (?:previous|last|earlier) (?:reply|message|version|draft|responses?|answers?|output"
        r"|instructions)\b",
    ),
    cue(2, r"\bmy (?:responses?|output|instructions)\b"),
    # I cannot open the link.
    cue(
        SURE,
        rf"\bi ?{CANNOT} (?:currently |directly )?(?:access|browse|open (?:the link|the file|links?"
        rf"|urls?|attach|two of)|retrieve|verify|confirm|view|read|see (?:any )?attach|have (?:access"
        rf"|the ability|personal|opinions)|help with|assist|generate|provide|guarantee|real-time"
        rf"|the ability|personal (?:opinions|views)|access)\b",
    ),
    cue(
        2.5,
        rf"\bi ?{CANNOT} (?:(?:see|find) (?:any|the|enough) (?:\w+ )?(?:news|{TEXT})|write|discuss"
        rf"|create|continue|complete|fulfill|do that|opinions)\b",
    ),
    cue(1.5, rf"\bi ?{CANNOT}\b"),
    cue(
        SURE,
        r"\band cannot (?:access|browse|verify)|\bunable to (?:confirm whether|verify|access|browse"
        r"|view)\b|\bi don't have (?:real-time|access|information|opinions|the ability)"
        r"|\bi do not have (?:real-time|access|personal|opinions)",
    ),
    cue(
        2,
        r"\b(?:cannot|can't|could not|couldn't) (?:access|be retrieved|open (?:the |your "
        r"|this )?(?:link|file|page|url|attach)|browse)\b",
    ),
    cue(
        ENOUGH + 3,
        r"\bi(?:'m| am) not sure (?:this|that|if|whether|about)\b|\bi should (?:mention|note|add"
        r"|point out) that\b|\bunavailable to me\b|\bgrain of salt\b",
    ),
    cue(
        3,
        r"\b(?:it )?(?:seems|looks like|appears)\b[^.]{0,24}\b(?:you|cut off|empty|missing|incomplete"
        r"|truncated)\b",
    ),
)
