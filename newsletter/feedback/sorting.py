"""What a mail that came back is, and which copy it is about, as far as a signature says so. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from newsletter.feedback import answers, arf, dsn
from newsletter.feedback.letter import Letter
from newsletter.keys import Keys
from newsletter.replies import Meaning
from newsletter.returns import Returns
from subscribers import Claim, Purpose

_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-RCPT-TO", "To", "Cc", "Received")
_MESSAGE_ID = re.compile(r"<?(?:e\d{1,18}-s\d{1,18}|n\d{1,18})\.[0-9a-f]{16}@[\w.-]{1,255}>?")
_LEAVE_LINK = re.compile(r"/leave/([a-z0-9]{1,8}\.[a-z][a-z0-9_]{0,39}\.[0-9a-z]{1,13}\.[A-Za-z0-9_-]{22})")


class Sort(StrEnum):
    """What it is."""

    BOUNCE = "bounce"  # did not arrive, and why
    DELAY = "delay"  # not yet
    RECEIPT = "receipt"  # it arrived
    COMPLAINT = "complaint"
    AUTOMATIC = "automatic"  # a program answered: out of office
    LEAVE = "leave"  # wants to leave
    ANSWER = "answer"  # somebody wrote something else
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What a mail is. ``ref`` names a copy of ours only where a signature proves it."""

    sort: Sort
    ref: str | None = None
    claim: Claim | None = None  # of a leave-link that it quotes
    is_sure: bool = False  # its ``ref`` is from an address made for this very purpose
    meaning: Meaning | None = None
    words: str = ""


def sort(letter: Letter, keys: Keys, returns: Returns | None) -> Sorted:
    """Say what a mail is. Raises nothing, whatever is in it."""
    if letter.is_empty:
        return Sorted(sort=Sort.UNREADABLE, words="no headers: this is no mail")
    to = "\n".join(value for name in _TO for value in letter.headers(name))
    named = returns.read(to) if returns else []
    copy = next((each.ref for each in named if each.purpose is Purpose.BOUNCE), None)
    leaving = next((each.ref for each in named if each.purpose is Purpose.LEAVE_BY_MAIL), None)
    complaint = arf.report_of(letter)
    if complaint is not None:
        kind = Sort.COMPLAINT if complaint.is_complaint else Sort.RECEIPT
        return Sorted(sort=kind, ref=copy or _returned(letter, keys), words=complaint.words)
    bounce = dsn.status_of(letter)
    if bounce is None and dsn.looks_returned(letter):
        bounce = dsn.words_of(letter)
    if bounce is not None:
        kind = {dsn.Action.FAILED: Sort.BOUNCE, dsn.Action.DELAYED: Sort.DELAY}.get(
            bounce.action, Sort.RECEIPT
        )
        ref = copy or _returned(letter, keys)
        return Sorted(sort=kind, ref=ref, is_sure=True, meaning=bounce.meaning, words=bounce.words)
    if answers.is_automatic(letter):
        return Sorted(sort=Sort.AUTOMATIC, words=letter.header("Subject")[:200])
    if leaving is not None:
        return Sorted(sort=Sort.LEAVE, ref=leaving, is_sure=True, words="a mail to its own address")
    if answers.wants_to_leave(letter):
        return Sorted(
            sort=Sort.LEAVE, ref=_answered(letter, keys), claim=_quoted(letter, keys), words="an answer"
        )
    words = answers.own_words(letter) or letter.header("Subject")
    if not words.strip() and not letter.sender:
        return Sorted(sort=Sort.UNREADABLE, words="neither a sender nor a word")
    return Sorted(sort=Sort.ANSWER, ref=_answered(letter, keys), words=words[:4000])


def _returned(letter: Letter, keys: Keys) -> str | None:
    """Return the copy whose signed Message-ID is in what was returned."""
    for part in letter.parts:
        for found in _MESSAGE_ID.findall(part.text):
            if ref := keys.ref_of(found):
                return ref
    return _answered(letter, keys)


def _answered(letter: Letter, keys: Keys) -> str | None:
    """Return the copy that this answers to, by its signed Message-ID."""
    for name in ("In-Reply-To", "References"):
        for found in _MESSAGE_ID.findall(letter.header(name)):
            if ref := keys.ref_of(found):
                return ref
    return None


def _quoted(letter: Letter, keys: Keys) -> Claim | None:
    for part in letter.parts:
        for token in _LEAVE_LINK.findall(part.text):
            if claim := keys.tokens.verify(Purpose.LEAVE, token):
                return claim
    return None
