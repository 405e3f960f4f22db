"""A revision: what is still to be handed over of a paused edition goes out in other words.

Who has which revision stays known: a call remembers the mailing that it handed over. What a worker has in
flight at this moment keeps its own; before it takes up more it sees that the edition was revised, and
gives the batch back. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.delivery.control import NothingToDo
from newsletter.delivery.tables import Batch, Call
from newsletter.editions.edition import Edition, StoredMailing, Superseded
from newsletter.editions.states import State
from newsletter.mailing import Mailing


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a revision says: the digest it was made of."""

    title: str
    subject: str
    digest_hash: str
    digest_source: str


def require_paused(edition: Edition) -> None:
    """Raise ``NothingToDo`` unless nothing of the edition begins before somebody resumes it."""
    if edition.state is not State.PAUSED:
        raise NothingToDo(
            f"{edition.label} is {edition.state}, and only a paused edition can be revised; `newsletter "
            f"pause --newsletter {edition.newsletter} --day {edition.day}` pauses one that is sending"
        )


def languages(session: Session, edition: Edition) -> list[str]:
    """Return the languages that a revision needs a mailing in, the newsletter's own first."""
    return list(
        session.scalars(
            select(StoredMailing.language)
            .where(StoredMailing.edition_id == edition.id, StoredMailing.revision == edition.revision)
            .order_by(StoredMailing.id)
        )
    )


def revise(
    session: Session,
    edition: Edition,
    mailings: Mapping[str, Mailing],
    text: Text,
    *,
    because: str,
    now: datetime,
) -> int:
    """Let the rest of a paused edition go out as ``mailings``, one for each of its ``languages``.

    Returns the number of the revision. Raises ``NothingToDo`` when the edition is not paused.
    """
    require_paused(edition)
    _remember_what_went_out(session, edition)
    session.add(
        Superseded(
            edition_id=edition.id,
            revision=edition.revision,
            title=edition.title,
            subject=edition.subject,
            digest_hash=edition.digest_hash,
            digest_source=edition.digest_source,
            because=because,
            superseded_at=now,
        )
    )
    olds = {
        old.language: old.id
        for old in session.execute(
            select(StoredMailing.language, StoredMailing.id).where(
                StoredMailing.edition_id == edition.id, StoredMailing.revision == edition.revision
            )
        )
    }
    edition.revision += 1
    edition.title, edition.subject = text.title, text.subject
    edition.digest_hash = edition.used_hash = text.digest_hash
    edition.digest_source = text.digest_source
    for language, mailing in mailings.items():
        stored = StoredMailing(
            edition_id=edition.id,
            language=language,
            revision=edition.revision,
            fingerprint=mailing.fingerprint,
            content=mailing.to_bytes(),
        )
        session.add(stored)
        session.flush()
        # Those that are done too: a copy that was refused may be tried once more, with the new words.
        session.execute(
            update(Batch)
            .where(Batch.edition_id == edition.id, Batch.mailing_id == olds[language])
            .values(mailing_id=stored.id)
            .execution_options(synchronize_session=False)
        )
    session.flush()
    return edition.revision


def _remember_what_went_out(session: Session, edition: Edition) -> None:
    """Write down the mailing of calls that do not say it yet, before their batches get another."""
    of_edition = select(Batch.id).where(Batch.edition_id == edition.id)
    mailing = select(Batch.mailing_id).where(Batch.id == Call.batch_id).scalar_subquery()
    session.execute(
        update(Call)
        .where(Call.batch_id.in_(of_edition), Call.mailing_id.is_(None))
        .values(mailing_id=mailing)
        .execution_options(synchronize_session=False)
    )
