"""Cues, in English, of a model that wants its material, offers more, and remarks on its text."""

from __future__ import annotations

from newsletter.editions.gate.talk.cue import ENOUGH, SURE, Cue, cue
from newsletter.editions.gate.talk.english_words import TEXT, WORK

ASKING_EN: tuple[Cue, ...] = (
    # Please provide the articles.
    cue(
        2.5,
        r"\bplease (?:provide|paste|upload|attach|verify|confirm|double-check|replace|note that i"
        r"|let me)\b",
    ),
    cue(
        ENOUGH,
        rf"\bplease (?:provide|share|paste|send|give|upload|attach)\b[^.]{{0,30}}(?:{TEXT}|again|me"
        rf"|here|more)\b",
    ),
    cue(
        ENOUGH,
        r"\b(?:could|can|would|will) you (?:please )?(?:provide|share|paste|send|give|upload|clarify"
        r"|tell)\b",
    ),
    cue(
        ENOUGH,
        r"\b(?:what|which) (?:topics?|version|tone|format|style|articles?|language|draft)"
        r"\b[^.]{0,20}\byou\b[^.]{0,24}[?]",
    ),
    cue(3, r"\bonce you (?:provide|share|send|paste)\b|\bshare the text first\b|\bso i can\b"),
    cue(
        ENOUGH + 3,
        rf"\bplease (?:add|insert|supply|fill in|update) (?:the|a|your) (?:\w+ )?{TEXT}\b"
        rf"|\byou should (?:double-check|verify|check|confirm) (?:this|the|these)\b|\b(?:source|link"
        rf"|figure|claim|numbers?)s? (?:was |were |is |are )?(?:not |un)verified\b",
    ),
    cue(
        ENOUGH,
        r"^\W*(?:want|need|prefer)\b[^.!]{0,40}\b(?:version|changed|edits|summary|tone|format"
        r"|translation|draft|shorter|longer)\b[^.!]{0,20}[?]",
    ),
    cue(
        ENOUGH,
        r"^\W*(?:would|does|will) (?:this|that) (?:work|suit|fit|do)\b[^.!]{0,10}\byour?\b"
        r"|^\W*is the (?:length|tone|style|format|order|wording)\b[^.!]{0,16}[?]|^\W*any (?:feedback"
        r"|changes|edits|tweaks|thoughts)(?: so far)?[?]",
    ),
    cue(
        ENOUGH,
        r"\bi(?:'m| am) here (?:if you need|to help)\b|\bfeel free to (?:request|suggest|tell me"
        r"|let me)\b",
    ),
    cue(
        ENOUGH,
        r"^\W*shall i\b|\bfeel free to share (?:more|other|additional|any)\b|\bhappy to (?:refine"
        r"|tweak|polish|continue|provide|clarify)\b",
    ),
    cue(
        ENOUGH + 3,
        r"; replace with\b|\bthis is an example\b[^.]{0,6}replace|\b(?:consult|refer to)"
        r" the original (?:source|article)\b|\bbehind a paywall, so\b"
        r"|[\[(][^\])]{0,20}note: (?:shortened|edited|translated|simplified|abridged)",
    ),
    cue(
        ENOUGH,
        r"\bdo you have (?:any )?(?:other|more) (?:articles?|texts?|stories|links?)\b"
        r"|\bis there anything else you need\b",
    ),
    cue(ENOUGH + 3, r"\bplease verify before\b"),
    # Let me know; feel free; would you like.
    cue(3.5, r"\b(?:please )?let me know\b"),
    cue(2, r"\blet me know (?:if|how|whether|which)\b"),
    cue(
        SURE,
        r"\blet me know if you(?:'d| would)? (?:like|need|want|prefer|have any|require)\b"
        r"|\bfeel free to let me know\b",
    ),
    cue(ENOUGH, r"\bfeel free to (?:ask|adjust|copy|paste|edit|modify|reach out if|tweak|change|use this)\b"),
    cue(2.5, r"\bfeel free to\b"),
    cue(3, r"\b(?:just )?(?:say the word|tell me (?:if|what|how)|just ask|send them over|keep going)\b"),
    cue(
        3,
        r"\bif (?:you(?:'d| would)? (?:like|need|want|prefer|have)|anything)\b[^.!?]{0,60}\b(?:i can"
        r"|i'll|i'm|i will|let me know|just ask|tell me|send them|i am)\b",
    ),
    cue(
        ENOUGH,
        r"\b(?:would you like|do you want|do you need|want|need|shall i|should i|can i|may i)"
        r"\b[^.!?]{0,6}\b(?:me to|continue|anything|any changes|a shorter|a longer|the \w+ version"
        r"|to see more|translate|go on|add|also|proceed|include)\b[^.!]{0,40}[?]",
    ),
    cue(
        3.5,
        rf"^\W*(?:should|shall) (?:i|we)\b[^.!]{{0,30}}\b(?:{WORK}|continue|add|next|proceed|include"
        rf"|move on|rest)\b[^.!]{{0,30}}[?]",
    ),
    cue(
        ENOUGH,
        r"^\W*(?:is|was) (?:this|that|it) what you\b[^.!]{0,24}[?]|^\W*(?:does|did|how does) (?:this"
        r"|that|the tone|it)\b (?:look|sound|work for you|match|meet|read)\b[^.!]{0,24}[?]"
        r"|\bwhat do you think (?:of|about) (?:this|the) (?:draft|version|newsletter|summary|tone)",
    ),
    cue(
        ENOUGH,
        r"\b(?:is there )?anything (?:else )?(?:i|you(?:'d| would)? (?:like|want))\b|\bhow (?:can|may)"
        r" i (?:help|assist)\b|\bcan i help with anything\b",
    ),
    cue(
        ENOUGH,
        r"\b(?:i )?hope (?:this|that|it|these|you find|you like)\b[^.]{0,24}\b(?:helps?|useful|needs"
        r"|works|meets|helpful|looking for|satisf\w+)\b",
    ),
    cue(
        ENOUGH,
        r"\bhappy to (?:adjust|help|revise|expand|shorten|assist|make|rewrite)\b|\bglad to (?:help"
        r"|adjust|revise)\b",
    ),
    cue(
        ENOUGH,
        r"\bthank(?:s| you) for (?:providing|sharing|your (?:patience|request|message|instructions"
        r"|input)|the (?:articles?|detailed|text|instructions|links?|input|information|details)|using)"
        r"\b",
    ),
    cue(
        2,
        r"\b(?:i apologi[sz]e|(?:my )?apologies|sorry (?:about|for) (?:that|the (?:confusion|error"
        r"|mistake)))\b|\b(?:corrected|fixed|previous|last) (?:version|draft|response)\b",
    ),
    cue(2, r"\bunfortunately, (?:i|the (?:article|link|text))\b"),
    cue(ENOUGH, r"\blooking forward to your (?:feedback|reply|response|thoughts|input|instructions)\b"),
    # Remarks on the text.
    cue(
        ENOUGH + 3,
        r"\bplease note that (?:this|the|some|these)\b[^.]{0,20}\b(?:information|content|data|summary"
        r"|links?)\b[^.]*\b(?:outdated|may|might|accura\w+|inaccurate|verified)\b",
    ),
    cue(
        ENOUGH + 3,
        r"\bplease check the (?:official|original)\b|\bplaceholder (?:link|url|text|title|image)\b",
    ),
    cue(
        ENOUGH + 3,
        r"^\W*note\b[^.]{0,4}the original (?:article|text|source)\b[^.]{0,16}\b(?:mention|specify"
        r"|provide|include|state|say)\b",
    ),
    cue(
        ENOUGH + 3,
        r"\b(?:this|the) (?:summary|text|version|item|paragraph|list)\b[^.]{0,30}\bas requested\b",
    ),
    cue(
        SURE,
        r"^\W*(?:total )?(?:word count|words|characters)\s*:\s*(?:about |~"
        r"|approx\w* )?\d+(?: words)?\W*$|^\W*[(\[](?:approx\w*|about|around|~)?\s*\d+ words[)\]]\W*$",
    ),
    cue(3, r"\bword count\s*:|\bis (?:about|around|approximately) \d+ words\b"),
    cue(
        SURE,
        r"^\W*note\b[^.]{0,12}\b(?:i (?:have|had|could|can|did|was|made|simplified|am)|i've"
        r"|this summary is based)\b|\bfictional example\b|\billustrative\b|\bfor (?:demonstration"
        r"|illustration) purposes\b",
    ),
    cue(
        ENOUGH + 3,
        r"^\W*note:? (?:the|this|that) (?:article|text|summary|link|figures?|content|response)"
        r"\b[^.]{0,30}\b(?:you|cut off|based on|illustrative|fictional|placeholder|truncated"
        r"|incomplete)\b",
    ),
    cue(SURE, r"^\W*note\s*: replace (?:this|the|these)\b"),
    cue(3, r"\bcontinuing from (?:there|where)"),
    cue(
        ENOUGH,
        r"\breplace (?:this|the|these) (?:\w+ )?(?:links?|paragraph|placeholders?|text|url)"
        r"\b[^.]{0,30}\b(?:with|actual|real|your)\b|\bplease replace (?:it|this|them)\b",
    ),
    cue(
        SURE,
        r"\b(?:verify|double-check|check|confirm) (?:this|these|the) (?:\w+ )?(?:information|numbers?"
        r"|figures?|facts|with|claim|it)?\b[^.]{0,30}\b(?:before (?:publish|send|us|post)"
        r"|original source|independently)|\bplease (?:verify|confirm|double-check) (?:this|these|the"
        r"|it)\b|\bdouble-check it\b",
    ),
    cue(
        ENOUGH + 3,
        rf"\byou (?:may|might|could) want to (?:verify|check|adjust|replace|confirm|edit|add) (?:this"
        rf"|it|these|the (?:\w+ )?(?:{TEXT}|numbers|facts))\b|\byou can (?:replace|adjust|edit|modify)"
        rf" (?:this|these) (?:{TEXT}|part|line|sentence)\b",
    ),
    cue(
        ENOUGH,
        r"\byou can (?:copy|paste)\b[^.]{0,20}\b(?:this|text|above|it|directly|below|into)"
        r"|\bcopy (?:and paste )?(?:this|the (?:text|markdown|above))\b|\bpaste (?:this|it|more)"
        r" (?:into|in|articles)\b",
    ),
    cue(
        ENOUGH,
        r"^\W*(?:remember|don't forget|make sure) to (?:replace|fill in|update the (?:date|link|title)"
        r")\b",
    ),
    cue(
        ENOUGH,
        r"\bthat(?:'s| is| was| concludes)\b[^.]{0,16}\b(?:summary|translation|draft)"
        r" ?(?:of the provided|\.|$)|\bconcludes (?:the|this|my) (?:translation|summary|draft)"
        r"|\bend of (?:response|output|translation|summary|draft|answer)\b",
    ),
    cue(
        ENOUGH,
        r"\[?(?:output|response|content|answer) (?:was )?(?:truncated|omitted|cut off)\b[^.]{0,4}(?:;"
        r"|,|\]|$)|\b(?:token|context|length) limit (?:reached|exceeded)",
    ),
    cue(
        ENOUGH,
        r"\bthis (?:response|answer|output)\b[^.]{0,12}\b(?:was|is|follows|has|uses)\b"
        r"|\bthis (?:version|draft) (?:follows|is (?:about|around) \d|uses|keeps)\b",
    ),
    cue(
        ENOUGH,
        r"\b(?:simply |just )?reply\b[^.]{0,6}(?:\ufffc|\"continue\"|'continue'|continue)[^.]{0,10}"
        r"|\bour ai assistant\b",
    ),
    cue(
        ENOUGH,
        r"\bno (?:articles?|news|text|content|stories|input|links?) (?:was|were|have been) (?:provided"
        r"|found|given|supplied)\b",
    ),
    cue(3, r"\b(?:hello|hi(?: there)?|hey)!\s"),
    cue(
        2,
        r"\bgeneral tone|\b(?:friendly|neutral|formal|casual) tone\b|\bbullet points\b|\b(?:under|each"
        r"|than) (?:\w+ )?(?:words|sentences)\b",
    ),
    cue(
        2,
        r"\bmove on to the next (?:section|story|article)\b|\bnext batch\b|\bremaining stories\b"
        r"|\bthe rest\b[^.]*[?]",
    ),
)
