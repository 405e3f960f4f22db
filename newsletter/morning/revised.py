"""What the desk has put in the place of a day's source: the newest revision is the digest that goes out.

A source that was changed after the revision was written is somebody else's work: which of the two is meant,
only a person can say. Until then the edition is held. A source that is gone or cannot be reached changes
nothing: the revision is whole. Pure, but for reading Markdown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from newsletter.config import NewsletterSettings
from newsletter.digests.cutting import without
from newsletter.digests.digest import Digest
from newsletter.digests.reader import read
from newsletter.digests.sources import Candidate, Found, PassedOver, Reason
from newsletter.editions.gate import Finding, Severity
from newsletter.editions.revision import Revision, hash_of
from newsletter.errors import DigestError, SourceUnreachable

SOURCE_CHANGED = "source-changed"


def revised(
    found: Found,
    revision: Revision | None,
    newsletter: NewsletterSettings,
    *,
    already_sent: Callable[[Candidate], bool] = lambda candidate: False,
) -> Found:
    """Return what a day has to send, given what its source holds and its newest revision."""
    if revision is None or revision.text is None:
        return found
    try:
        text, digest = text_of(revision, newsletter)
    except DigestError as error:
        return Found(chosen=None, passed_over=found.passed_over, errors=(*found.errors, error))
    source, is_contested = found.chosen, is_contested_by(revision, found)
    candidate = Candidate(
        key=revision.source_key or (source.key if source else revision.day.isoformat()),
        origin=name_of(revision),
        path=source.path if source else None,  # the pictures beside the source are the revision's too
        hash=_both(text, found) if is_contested else hash_of(text),
        modified_at=revision.created_at,
        digest=digest,
        contested=is_contested,
    )
    if already_sent(candidate):
        sent = PassedOver(
            key=candidate.key, origin=candidate.origin, reason=Reason.SENT, detail="it was sent already"
        )
        return Found(chosen=None, passed_over=(*found.passed_over, sent))
    return Found(chosen=candidate, passed_over=found.passed_over)


def is_contested_by(revision: Revision, found: Found) -> bool:
    """Say whether the source was changed after its author had seen it."""
    if any(not isinstance(error, SourceUnreachable) for error in found.errors):
        return revision.source_hash is not None  # it could be read then, so somebody is at work on it
    return found.chosen is not None and found.chosen.hash != revision.source_hash


def text_of(revision: Revision, newsletter: NewsletterSettings) -> tuple[str, Digest]:
    """Return what a revision sends, without the stories that it leaves out; raise ``DigestError``."""
    text = revision.text or ""
    digest = _read(text, revision, newsletter)
    if not revision.left_out:
        return text, digest
    text = without(digest, frozenset(revision.left_out))
    return text, _read(text, revision, newsletter)


def name_of(revision: Revision) -> str:
    """Return how a person is told of it."""
    return f"revision {revision.number} by {revision.author}"


def changed_finding(candidate: Candidate) -> Finding:
    """Return what holds an edition whose source was changed after its revision."""
    return Finding(
        check=SOURCE_CHANGED,
        severity=Severity.HOLD,
        line=None,
        message_zh=f"在编辑台改过之后（{candidate.origin}），来源文件又变了",
        message_en=f"The source was changed after {candidate.origin}",
        remedy_zh="请在编辑台对照两份文字，选定发哪一份",
        remedy_en="Compare the two at the desk, and choose which one goes out",
    )


def _read(text: str, revision: Revision, newsletter: NewsletterSettings) -> Digest:
    return read(
        text.encode(),
        file=f"revision-{revision.number}.md",
        newsletter_name=newsletter.name,
        tz=newsletter.schedule.tz,
        default_day=revision.day,
    )


def _both(text: str, found: Found) -> str:
    """Return the hash of both texts: an approval of this one is not one of it beside another source."""
    other = found.chosen.hash if found.chosen else " ".join(str(error) for error in found.errors)
    return hashlib.sha256(f"{hash_of(text)} {other}".encode()).hexdigest()
