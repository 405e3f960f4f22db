"""Cues, in English, of a language model that answers, and tells what it made of what it was given."""

from __future__ import annotations

from newsletter.editions.gate.talk.cue import ENOUGH, SURE, Cue, cue
from newsletter.editions.gate.talk.english_words import GAVE, READERS, START, TEXT, WORK, YES

ANSWERING_EN: tuple[Cue, ...] = (
    # A person, and his readers.
    cue(-3, rf"\b{READERS}"),
    cue(-1.5, r"\b(?:we|our|us)\b"),
    # Somebody is quoted without quotation marks.
    cue(-6, r"\b(?:he|she|they|say|says|said|wrote|writes|told|advise)\b"),
    # Who speaks, to whom, of what.
    cue(1.5, r"\b(?:i|i'm|i'll|i'd|i've|me|my)\b"),
    cue(1, r"\byou(?:r|'d|'ll|'ve|'re)?\b"),
    cue(1, rf"\b{WORK}\b"),
    cue(0.5, rf"\b{TEXT}\b"),
    cue(0.5, r"[?]$|^\W*please\b"),
    cue(1, r"\b(?:sorry|apolog\w+|unfortunately)\b"),
    # Sure! Got it. Certainly. Here's …
    cue(
        ENOUGH,
        rf"^\W*{YES}\s*!+$|^\W*(?:sure(?: thing)?|certainly|of course|absolutely|no problem|got it"
        rf"|understood|happy to help)\s*\.$",
    ),
    cue(
        ENOUGH,
        rf"^\W*{YES}(?: to (?:see|help|hear))?\s*(?:[!,:]|-)+\s*(?:here|i\b|i'|please|below|let"
        rf"|the following|happy|thank|drafting|translat|(?:\w+ )?(?:stories|items|summaries))",
    ),
    cue(
        SURE,
        r"^\W*(?:sure|certainly|of course|absolutely)\s*[!,:-]+\s*(?:here(?:'s| is| are)|i\b|i'|please"
        r"|below)",
    ),
    cue(2, rf"^\W*{YES}\s*[!:]"),
    # Here is the revised draft
    cue(
        ENOUGH,
        rf"{START}(?:here(?:'s| is| are)|below (?:is|are|you'll find|you will find)|this is"
        rf"|the following is|the above is)\b[^.?]{{0,40}}\b(?:you (?:requested|asked|wanted|provided"
        rf"|shared|sent|gave|can use)|your (?:newsletter|digest|summary|draft|translation|changes"
        rf"|request)|{WORK}|draft|version|output|translation|as (?:requested|you)|provided|(?:in|as)"
        rf" (?:markdown|html|json|bullet)|formatted|came up with|possible|each (?:under|with)"
        rf"|in the order)\b",
    ),
    cue(
        ENOUGH,
        rf"{START}(?:here(?:'s| is| are)|below (?:is|are)) (?:a|the|your) (?:concise |full |brief "
        rf"|short |clean |quick )?(?:summar(?:y|ies)|{WORK}|draft|output|translation)\b(?:[^.]*\b(?:you"
        rf"|your|above|below|provided|articles?|text|bullet|markdown|order)\b|[^.]{{0,30}}:?\s*$)",
    ),
    cue(2, rf"{START}(?:here(?:'s| is| are)|below (?:is|are)|this is|the following)\b[^.?]{{0,60}}:\s*$"),
    cue(
        ENOUGH,
        rf"{START}the (?:following|above|text above|edited|translated|revised|newsletter|summaries)"
        rf" ?(?:text|newsletter|version|summaries|draft|stories|content)?[^.]{{0,6}} (?:has been"
        rf"|have been|is|are|was|were|follows?|below)\b[^.]{{0,20}}(?:{WORK}|follows|below|based on"
        rf"|provided|you)",
    ),
    cue(
        ENOUGH,
        r"\b(?:edited|translated|revised|newsletter|full|corrected|final) (?:newsletter|text|version"
        r"|draft|translation)?\s*(?:follows|is below)\b",
    ),
    cue(
        ENOUGH,
        r"^\W*(?:translation|translated (?:text|version)|(?:rewritten|revised|edited|improved|final"
        r"|updated|polished) (?:version|answer|output|draft|text)|output|response|answer|(?:option"
        r"|version|variant) (?:[1-4]|[a-d]|one|two)(?: \([^)]{0,20}\))?)\s*:\s*$",
    ),
    cue(
        ENOUGH,
        r"^\W*(?:generating|searching|thinking|translating|summari[sz]ing|drafting|working on|loading"
        r"|processing)\b[^.]{0,30}(?:…|\.\.\.|now\.?)$|^\W*(?:thinking|reasoning|analysis"
        r"|thought process)\s*:",
    ),
    cue(2.5, r"\b(?:drafting|writing|working on|translating) (?:the|your|it)?\s*\w* ?(?:now|right away)\b"),
    cue(
        ENOUGH,
        r"^\W*continu(?:ing|e) (?:with|from) (?:the |your )?(?:next|remaining|rest|previous|where"
        r"|story|article|item)|\bcontinued in the next (?:message|response|reply)\b|^\W*continu(?:ed"
        r"|ing)\s*:",
    ),
    # I've rewritten, I assumed, I left out.
    cue(
        1,
        rf"\bi(?:'ve| have)? (?:also |only |simply )?(?:{WORK}|reviewed|prepared|kept|removed|added"
        rf"|included|selected|assumed|omitted|left (?:it|this|that|out)|made up|tried|followed"
        rf"|put together|picked|limited|noticed|see that|understand(?: that)? you|summarized)\b",
    ),
    cue(
        ENOUGH + 2.5,
        r"\bi (?:assumed|made up)\b|\bi (?:summari[sz]ed|translated|rewrote) (?:this|it|that|these)"
        r" (?:from|as|based)",
    ),
    cue(
        2.5,
        r"\bi need (?:more|the|your|some)\b|\bi(?:'ll| will)? need [^.]{0,14}\b(?:information|context"
        r"|details|text|articles|to proceed)\b|\bi (?:don't|do not|can't) see (?:any|the) (?:attach"
        r"|text|article|file|link|stor)",
    ),
    cue(
        2,
        rf"\bi(?:'ve| have) (?:\w+ )?(?:reviewed|organi[sz]ed|rewritten|compiled|prepared|polished"
        rf"|formatted|shortened|translated|summari[sz]ed) (?:the|all|this|your|these)"
        rf" (?:\w+ )?(?:{TEXT})\b",
    ),
    cue(
        3,
        rf"\bi(?:'ll| will| can| could|'d| would| am going to|'m going to) (?:now |also |gladly "
        rf"|happily |stick|do my best|need|keep each|write (?:the|a|this|your)|wait for your"
        rf"|get started|continue|{WORK}|provide|help|add|produce|put together|make|turn|convert|avoid)",
    ),
    cue(
        ENOUGH,
        rf"\bi(?:'d| would) (?:be (?:happy|glad|delighted)|love) to (?!hear)|\bi(?:'m| am) (?:happy"
        rf"|glad|ready|here) (?:for|to (?:help|{WORK}|assist|adjust|revise|continue|put))"
        rf"|\bi look forward to your feedback\b|\bready when you are\b",
    ),
    cue(
        ENOUGH + 1.5,
        r"\bso i (?:left|assumed|used|kept|removed|skipped|summari[sz]ed|omitted|shortened)\b",
    ),
    cue(3, r"\bi went ahead and\b|\bi(?:'ve| have)? tried to (?:keep|make|stay|preserve|write|match)\b"),
    cue(
        1.5,
        r"\b(?:concise|punchier|neutral|engaging|shorter|tighter|clearer|untranslated"
        r"|as placeholders?)\b",
    ),
    cue(
        ENOUGH + 1.5,
        r"\bi (?:invented|fabricated|guessed)\b|\bi left (?:this|the|that|it)\b[^.]*\b(?:untranslated"
        r"|blank|as is|unchanged|empty)\b|\bthe original (?:text|article|source)\b[^.]{0,30}, so i\b",
    ),
    cue(
        ENOUGH + 3,
        r"\bi(?:'m| am) not able to (?:check|tell|determine|confirm|know|verify)\b"
        r"|\bi have no (?:information|knowledge|data|access|way)\b",
    ),
    cue(
        2,
        r"\bhere are (?:some|a few|several|the) (?:suggested|possible|potential|alternative)\b"
        r"|\bsuggested headlines\b",
    ),
    cue(2, r"\bsuggested\b"),
    cue(ENOUGH, r"\bit (?:seems|looks|appears)\b[^.]{0,30}\b(?:attached|provided|included|pasted)\b"),
    cue(
        ENOUGH,
        r"\bhere(?:'s| is) (?:the|your|a) (?:newsletter|digest|summary|text|translation|article|list"
        r"|roundup)\b[^.]*(?:\bin (?:english|chinese|markdown|html)|\bfrom the (?:text|articles?)"
        r"|\bas follows)\b",
    ),
    cue(
        ENOUGH,
        r"\bi(?:'ve| have) taken the liberty\b|\bi(?:'d| would) (?:suggest|recommend) (?:starting"
        r"|adding|using|shortening|moving|removing|changing)|^\W*(?:below|above),? i(?:'ve| have)\b",
    ),
    cue(SURE, r"\bi(?: was|'m| am) unable to (?:retrieve|access|open|verify|fetch|browse|view)\b"),
    cue(SURE, r"\bbased on my (?:knowledge|training|understanding)\b"),
    cue(
        ENOUGH + 1.5,
        r"\bi (?:could not|couldn't|can't|cannot|did not|didn't) find (?:any )?(?:information|details"
        r"|sources|articles|news) (?:about|on|for)\b",
    ),
    # The articles you provided; as requested; based on your instructions.
    cue(
        4,
        rf"\b(?:the|this) (?:\w+ )?(?:information|text|sources?|links?|articles?|content|stories|files?"
        rf"|link) (?:that )?you(?:'ve| have)? {GAVE}\b",
    ),
    cue(3, rf"\byou(?:'ve| have)? (?:just )?(?!asked (?!for|me|to))(?!asked,)(?:{GAVE})\b"),
    cue(2.5, r"\byour (?:changes|input|feedback)\b"),
    cue(
        3,
        r"\byou (?:have(?: not|n't)|did(?: not|n't)|forgot|had in mind)\b(?: (?:to )?(?:provid\w+"
        r"|shar\w+|sen[dt]|past\w+|attach\w*|includ\w+|upload\w*|specif\w+|giv\w+|mention\w*))?",
    ),
    cue(
        SURE,
        r"\b(?:as per|per|following|according to|based on|to match|as) your (?:prompt|instructions?"
        r"|request|guidelines|format\w*)\b|,? as you (?:asked|requested|instructed)\b",
    ),
    cue(
        ENOUGH,
        r"^\W*as (?:requested|you asked|instructed)\b|\b(?:as )?per the (?:prompt|guidelines"
        r"|instructions|brief|template)\b|\byour (?:guidelines|instructions|prompt|request|formatting)"
        r"\b|\bfollow(?:ing|s) (?:your|the) (?:format|guidelines|instructions)",
    ),
    cue(
        ENOUGH,
        r"\bbased on (?:the )?(?:provided|given|supplied)\b|\bbased on your (?:notes|articles?|text"
        r"|links?|brief|list|draft|outline|input)\b|\bbased on the (?:text|articles?|information|input"
        r"|links?) (?:above|provided|below|you)\b|\b(?:the )?(?:provided|supplied) (?:articles?|text"
        r"|stories)\b",
    ),
    cue(ENOUGH, r"\bthe user (?:wants|asked|asks|is asking|requested|provided|needs|has|did)\b"),
    cue(
        ENOUGH,
        rf"{START}(?:let me|let's) (?:start with the (?:first|second|next|summar\w+|article)|think"
        rf"|translate|summari[sz]e|check|rewrite|break (?:it|this|that) down|put together)\b",
    ),
    cue(
        2.5,
        rf"^\W*(?:first|next|then|now|okay|so),? (?:so )?i(?:'ll| will|'m| am| need| should| have)"
        rf"\b[^.]{{0,20}}\b(?:{WORK}|pick|most important|user|start)",
    ),
    cue(
        3,
        r"\b(?:we|i) (?:need|should|must) (?:to )?(?:produce|output|write|summari[sz]e|translate"
        r"|respond)\b",
    ),
    cue(2.5, r"\b(?:i|we) (?:need|must|should) to?\b"),
)
