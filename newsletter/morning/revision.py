"""A revision: a paused edition is mended, and what is left of it goes out as it should have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import revising
from newsletter.delivery.control import NothingToDo
from newsletter.digests.digest import Digest
from newsletter.editions import archive
from newsletter.editions import edition as editions
from newsletter.editions.edition import Edition
from newsletter.editions.pictures import Picture
from newsletter.errors import ExitCode
from newsletter.morning import missed
from newsletter.morning.press import Press
from newsletter.morning.proof import Proof, as_json


class RevisionHeld(NothingToDo):
    """The gate holds the new text. Mend it, or say why it may go out all the same."""

    exit_code = ExitCode.HELD

    def __init__(self, proof: Proof) -> None:
        super().__init__('the gate holds this text; mend it, or say why it may go out: --because "…"')
        self.proof = proof


@dataclass(frozen=True, kw_only=True)
class Revision:
    """Revises an edition of one newsletter."""

    press: Press

    def prove(self, edition: Edition, digest: Digest, *, digest_hash: str) -> Proof:
        """Return the text as it would go out. Raises ``NothingToDo`` unless the edition is paused."""
        revising.require_paused(edition)
        if digest_hash == edition.digest_hash:
            raise NothingToDo(f"{edition.label}: this is the text it has already")
        press = self.press
        with press.database.readers() as session:
            carried = missed.carried_by(session, edition, press.newsletter)
        if carried:  # the mended text is of its own day, and what it carried goes out as well
            whole = missed.with_missed(digest, carried, press.newsletter)
            digest = press.read(missed.text_of(whole, carried, press.newsletter), day=edition.day)
        return press.prove(digest, edition)

    def run(
        self,
        edition: Edition,
        proof: Proof,
        *,
        digest_hash: str,
        by: str,
        because: str = "",
        pictures: Sequence[Picture] = (),
    ) -> Edition:
        """Store the new text for all that was not handed over yet; the edition stays paused.

        Raises ``RevisionHeld`` when the gate holds it and nobody says ``because``.
        """
        if proof.held and not because.strip():
            raise RevisionHeld(proof)
        press, now = self.press, self.press.now
        with press.database.readers() as session:
            languages = revising.languages(session, edition)
        mailings = press.mailings(proof, edition, languages)
        digest = proof.digest
        text = revising.Text(
            title=digest.title,
            subject=proof.mailing.subject,
            digest_hash=digest_hash,
            digest_source=digest.source,
        )
        with press.database.sessions.begin() as session:
            locked = editions.find(session, press.slug, edition.day, edition.kind, edition.serial, lock=True)
            if locked is None or locked.revision != edition.revision:
                raise NothingToDo(f"{edition.label} was revised by somebody else meanwhile; look again")
            self._may_use(session, locked, text.digest_hash)
            missing = [language for language in languages if language not in mailings]
            mailings |= dict.fromkeys(missing, proof.mailing)
            said = f"{by}: {because.strip()}" if because.strip() else f"{by}, by hand"
            revising.revise(session, locked, mailings, text, because=said, now=now)
            locked.findings = [as_json(finding) for finding in proof.findings]
            # A page that nobody has looked at yet is made of the newest text anyway.
            if session.scalar(
                select(archive.ArchivePage.id).where(archive.ArchivePage.edition_id == locked.id)
            ):
                archive.replace(session, locked, digest, pictures, now=now)
            return locked

    def _may_use(self, session: Session, edition: Edition, digest_hash: str) -> None:
        used = session.scalar(
            select(Edition.day).where(
                Edition.newsletter == edition.newsletter,
                Edition.kind == edition.kind,
                Edition.used_hash == digest_hash,
                Edition.id != edition.id,
            )
        )
        if used is not None:
            raise NothingToDo(f"this very text went out on {used} already")
