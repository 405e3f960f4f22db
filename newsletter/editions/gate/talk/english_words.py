"""The words that the tables of cues are made of, in English; folded as ``sentences`` folds."""

from __future__ import annotations

START = r"(?:^\W*|(?<=[.!?:,;)\]-] ))"
YES = (
    r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|alright|great|perfect|no problem"
    r"|got it|understood|sounds good|happy to help|done|noted|will do|great question"
    r"|you['’]re welcome)"
)
WORK = (
    r"(?:translat\w+|summar\w+|rewrit\w+|rewrote|rephras\w+|revis\w+|format\w*|draft\w*|polish\w*"
    r"|shorten\w*|expand\w*|edit(?:ed|s)?|compil\w+"
    r"|generat\w+|organi[sz]\w+|cleaned|corrected|fixed|improved|trimmed|simplif\w+|condens\w+"
    r"|tweak\w*|adjust\w*|proofread|reorder\w*|rearrang\w+|paraphras\w+|reword\w*|restructur\w+|merged"
    r"|trim)"
)
TEXT = (
    r"(?:text|articles?|stor(?:y|ies)|sources?|links?|draft|version|summar(?:y|ies)|translation"
    r"|newsletter|digest|headlines?|content|file|list"
    r"|input|roundup|introduction|paragraph|markdown|html|json|tone|wording|format\w*|output|response"
    r"|topics?|items?|details?|context|audience|commentary|editor|batch|figures?)"
)
CANNOT = (
    r"(?:can(?:no|')t|cannot|can not|could(?: not|n't)|am unable to|'m unable to|am not able to"
    r"|'m not able to|was(?: not|n't) able to|do(?: not|n't) have|did(?: not|n't)|have(?: not|n't)"
    r"|'m not|am not)"
)
GAVE = (
    r"(?:provided|shared|gave|sent|pasted|asked|requested|wanted|attached|included|uploaded|linked"
    r"|supplied|specified|mentioned|listed)"
)
READERS = (
    r"(?:reply to this|hit reply|reply and|this email|subscrib\w+|unsubscrib\w+|forward(?:ed)? (?:this"
    r"|it|to)|for reading|our readers|the readers|readers who|editors|tomorrow|yesterday'?s?|weekend"
    r"|this week|vote|write to us|tell us|a friend|sponsor|coffee|overnight|good morning|spam folder"
    r"|the news\b|this issue\b)"
)
