"""Cues, in English, of a text that is paid for: it says so, or sells something to its readers."""

from __future__ import annotations

from newsletter.editions.gate.talk.cue import ENOUGH, SURE, Cue, cue

_LABEL = (
    r"(?:ad|ads|advert|advertisement|advertorial|sponsor|sponsors|sponsored|sponsorship|promoted"
    r"|promotion|promo"
    r"|(?:paid|sponsored|partner|promoted|branded)[- ](?:content|post|partnership|promotion|message"
    r"|placement|story|section|link|advertisement))"
)

ADVERTS_EN: tuple[Cue, ...] = (
    # This issue has no sponsor.
    cue(
        -12,
        r"\b(?:no|not|without|never|n't|refuses?|ad-free|zero)\b[^.]{0,16}\b(?:ads?|adverti\w+"
        r"|sponsor\w*|affiliate|paid)\b|\bad-free\b|\bfree of ads\b",
    ),
    # Law, courts and markets speak of adverts too.
    cue(-3, r"\b(?:regulators?|court|fined|law|lawsuit|study finds|says|said|must|finds)\b"),
    # Sponsored. [Ad] Sponsor: Cloudsail
    cue(SURE, rf"^\W*{_LABEL}\W*$"),
    cue(SURE, rf"[\[(]\s*{_LABEL}\s*[\])]"),
    cue(SURE, rf"^\W*{_LABEL}\s*(?:[:|·]|-\s)\s*\S"),
    cue(SURE, r"^\W*(?:sponsored|presented|brought to you|paid for) by\b"),
    cue(
        SURE,
        r"^\W*an? (?:word|message|note) from (?:our|today's|this (?:week|issue)'s) (?:sponsors?"
        r"|partners?)\b",
    ),
    # This issue is sponsored by Cloudsail
    cue(
        SURE,
        r"\b(?:this (?:issue|edition|newsletter|email|digest|section|post|article|content|episode)"
        r"|today's (?:issue|edition|newsletter|digest|email)|the following) (?:is|was|has been) (?:a "
        r"|an )?(?:proudly )?(?:paid|sponsored|brought to you|presented|supported|made possible"
        r"|powered|an? ad|promot\w+|advert\w+)\b",
    ),
    cue(SURE, r"\bthis is (?:a|an) (?:paid|sponsored|promoted)\b|\bcontains? affiliate links?\b"),
    cue(ENOUGH, r"\bpaid (?:partnership|promotion|content|post|placement)\b"),
    cue(
        ENOUGH,
        r"\b(?:our|today's|this (?:week|issue|month)'s) sponsors?\b|\bsponsor of the (?:day|week)\b"
        r"|\bsponsor(?:ed)? (?:message|content|post|story|section|link)\b|\bsponsored by\b"
        r"|\bbrought to you by\b|\bpresented by\b",
    ),
    cue(
        ENOUGH,
        r"\b(?:thanks|thank you|grateful)\b[^.]{0,12}\bto\b[^.]{0,30}\b(?:sponsor\w*|for supporting"
        r"|partner)\b|\bfor sponsoring\b",
    ),
    cue(
        ENOUGH,
        r"^\W*(?:together with|in (?:paid )?partnership with|in collaboration with|powered by our"
        r"|partner content)\b|\b(?:made possible|supported) (?:by|with support from) (?-i:[A-Z])"
        r"|\bin partnership with\b",
    ),
    cue(
        ENOUGH,
        r"\baffiliates?\b|\bwe (?:may )?(?:earn|receive|get) (?:an? )?(?:small )?(?:commission|fee"
        r"|compensation)|\bearns? from qualifying\b|\bpromoted (?:post|content|by)\b",
    ),
    cue(
        ENOUGH,
        r"\b(?:paid for (?:this|the) (?:slot|placement|post|section|space|issue)|(?:was|were|been)"
        r" (?:paid|compensated) (?:for|by|to)|compensated for)\b",
    ),
    # Cloudsail sponsored this issue. The section below is sponsored.
    cue(
        ENOUGH,
        r"\bsponsor(?:s|ed)? (?:this|the|our) (?:issue|edition|newsletter|section|week|digest|email)"
        r"|\bis (?:our|today's|this (?:week|issue)'s) sponsor\b",
    ),
    cue(
        ENOUGH,
        r"\b(?:pays?|paid|helped pay) for (?:this|the) (?:issue|slot|section|mention|edition"
        r"|newsletter|space|post|placement)",
    ),
    cue(
        ENOUGH,
        r"\bthis (?:issue|edition|newsletter|email|digest|section|post)\b[^.]{0,16}\b(?:courtesy of"
        r"|underwritten|funded by|sponsored|brought to you)\b",
    ),
    cue(
        ENOUGH,
        r"^\W*with (?:the )?support (?:from|of)\b|\b(?:from|to) our (?:sponsors?|partners?"
        r"|advertisers?)\b",
    ),
    cue(
        ENOUGH,
        r"\b(?:the following|below|section|message|above|this)\b[^.]{0,24}\b(?:is|are)"
        r" (?:an? )?(?:sponsored|paid|ad\b|advert)",
    ),
    cue(
        ENOUGH,
        r"^\W*(?:advertisers?|advertising|advertisement|sponsor(?:'s)? (?:note|message)"
        r"|partner message|sponsored)\s*(?:[:|]|$)",
    ),
    cue(
        ENOUGH,
        r"\bwe (?:were|get|are|have been) paid (?:by|if|for|when)\b|\bpromoted by\b"
        r"|^\W*disclosure\s*:[^.]*\b(?:paid|sponsor|affiliate|commission)",
    ),
    cue(ENOUGH, r"\bsponsor (?:spotlight|highlight|shout-?out)\b|\bpaid links?\b|\bsupported by our\b"),
    # Use code DAILY20 for 20 % off
    cue(
        ENOUGH,
        r"\b(?:code|coupon|promo code|discount code|voucher)"
        r"\b:?\s*\ufffc?\s*[\"']?(?-i:[A-Z][A-Z0-9]{2,})",
    ),
    cue(3, r"\b(?:promo|coupon|discount|voucher) codes?\b"),
    cue(
        2.5,
        r"\b\d+ ?% off\b|[$€£]\d+ off\b|\bhalf[- ]price\b|\bfree (?:trial|shipping|month|for \d+)"
        r"|\b(?:one|two|three|first|\d+) (?:months?|weeks?|days?|year) free\b"
        r"|\bsave (?:up to )?[$€£]?\d+%?|\blimited[- ]time\b|\blimited time\b|\bwhile supplies last\b"
        r"|\boffer (?:ends|expires)\b|\brisk[- ]free\b|\b(?:for )?(?:only|just) [$€£]\d"
        r"|\bdiscounts?(?! codes?)\b|\b(?:special|exclusive) (?:offer|deal|discount)|\bdeal\b"
        r"|\btoday only\b|\byour first (?:month|year|order)\b",
    ),
    cue(
        2,
        r"\b(?:buy|order|subscribe|sign up|register|book|claim|grab|get yours?|join)"
        r"\b[^.]{0,12}\b(?:now|today|yours|here|before|demo|deal|discount|offer)\b|^\W*(?:buy|shop"
        r"|order) now\b|\bat checkout\b|\bclick here\b|\bstart your (?:free )?trial\b|\bclaim your\b"
        r"|\bbook a demo\b",
    ),
    cue(
        1.5,
        r"^\W*(?:get|try|save|start|claim|order|shop|buy|use|enter|sign up|book|join|grab|upgrade"
        r"|subscribe|register|unlock|download)\b",
    ),
    cue(
        2.5,
        r"\b(?:readers?|subscribers?)(?: of this newsletter)? (?:get|save|receive|enjoy)\b|\b(?:offer"
        r"|deal|price) for (?:our )?(?:readers|subscribers)\b|\bfor our readers\b",
    ),
    cue(
        2.5,
        r"^\W*(?:buy|shop|order)(?: it| yours)? (?:now|today)\W*$|^\W*try [A-Z]\w+ free\b"
        r"|\bfree for \d+ days\b",
    ),
)
