"""A correction: one more edition, for exactly those who have what it corrects.

Whoever has it is whoever's copy was accepted. Copies in doubt are counted and not mailed: nobody knows
whether they arrived. The page of the corrected edition shows the correction, and the corrected text where
one is given; what went out stays with the edition.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery import audience, received
from newsletter.delivery.control import NothingToDo
from newsletter.delivery.states import State as CopyState
from newsletter.digests.digest import Digest
from newsletter.digests.frontmatter import part
from newsletter.editions import archive
from newsletter.editions.edition import SENT, Edition, StoredMailing
from newsletter.editions.pictures import Picture
from newsletter.editions.states import Kind, State
from newsletter.errors import DigestError, ExitCode
from newsletter.language import catalog
from newsletter.mailing import Mailing
from newsletter.morning.press import Press
from newsletter.morning.proof import Proof
from newsletter.morning.races import unless_outrun
from newsletter.morning.report import Report

LEAST_TIME = timedelta(hours=24)  # that a correction has to go out: it is due even late
# A correction says what was wrong: it has no stories, and need not look like a digest.
NOT_ASKED = ("no-stories", "untitled-story", "empty-preheader")


class CorrectionHeld(NothingToDo):
    """The text of a correction has a fault that the gate holds an edition for. Mend the text."""

    exit_code = ExitCode.HELD

    def __init__(self, proof: Proof) -> None:
        super().__init__("the correction is held; mend its text and give the command again")
        self.proof = proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who would get a correction, and who of those considered would not."""

    considered: int
    excluded: Mapping[str, int]

    @property
    def owed(self) -> int:
        """How many copies it would be."""
        return self.considered - sum(self.excluded.values())

    @property
    def in_doubt(self) -> int:
        """How many copies of what is corrected may have arrived, and may not."""
        return self.excluded.get(CopyState.IN_DOUBT, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A correction as it would go out."""

    corrects: Edition
    revision: int | None
    edition: Edition  # without a row, unless it went out already
    proof: Proof
    digest_hash: str
    answers: str
    audience: Audience


@dataclass(frozen=True, kw_only=True)
class Correction:
    """Corrects an edition of one newsletter."""

    press: Press
    corrected: Digest | None = None  # what the archive is to show instead
    pictures: tuple[Picture, ...] = field(default=())

    def plan(self, corrects: Edition, *, text: str, because: str = "", revision: int | None = None) -> Plan:
        """Return what would go out to whom; change nothing.

        ``text`` is the Markdown of the email; empty: what was wrong is said in the words of ``because``.
        Raises ``NothingToDo`` when it cannot be corrected now, ``CorrectionHeld`` and ``DigestError``.
        """
        press = self.press
        source = self._source(corrects, text=text, because=because)
        digest_hash = hashlib.sha256(f"{corrects.id} {revision or ''}\n{source}".encode()).hexdigest()
        with press.database.readers() as session:
            self._may_correct(session, corrects, revision)
            edition = self._edition(session, corrects, revision, digest_hash)
            answers = _domain(session, corrects)
            considered, excluded = (
                audience.counted(session, edition)
                if edition.id is None
                else (edition.considered or 0, edition.excluded)
            )
        digest = press.read(source, day=edition.day, file="correction.md")
        proof = press.prove(digest, edition, answers=answers, without=NOT_ASKED)
        if proof.held:
            raise CorrectionHeld(proof)
        return Plan(
            corrects=corrects,
            revision=revision,
            edition=edition,
            proof=proof,
            digest_hash=digest_hash,
            answers=answers,
            audience=Audience(considered=considered, excluded=excluded),
        )

    def run(self, plan: Plan, *, progress: Callable[[], None] | None = None) -> Report:
        """Let the correction go out, mark the archive, and hand over what is due now.

        The same correction twice is one: what is left of it is sent, and nothing else.
        """
        return self.press.send(self.begin(plan), progress=progress)

    def begin(self, plan: Plan) -> Edition:
        """Let the correction go out and mark the archive; a worker hands it over."""
        self.press.may_send()
        return unless_outrun(lambda: self._begun(plan))

    def _begun(self, plan: Plan) -> Edition:
        press = self.press
        with press.database.readers() as session:
            self._may_correct(session, plan.corrects, plan.revision)
            edition = self._edition(session, plan.corrects, plan.revision, plan.digest_hash)
        if edition.id is None:
            edition = press.freeze(
                edition, plan.proof, digest_hash=plan.digest_hash, answers=plan.answers, least=LEAST_TIME
            )
        self._mark(plan.corrects)
        return edition

    def _mark(self, corrects: Edition) -> None:
        now = self.press.now
        with self.press.database.sessions.begin() as session:
            if self.corrected is not None:
                archive.replace(session, corrects, self.corrected, self.pictures, now=now)
            else:
                archive.touch(session, corrects, now=now)

    def _edition(
        self, session: Session, corrects: Edition, revision: int | None, digest_hash: str
    ) -> Edition:
        """Return this correction if it went out already, or else one that has no row yet."""
        press = self.press
        same = session.scalars(
            select(Edition).where(
                Edition.newsletter == press.slug,
                Edition.kind == Kind.CORRECTION,
                Edition.used_hash == digest_hash,
            )
        ).one_or_none()
        if same is not None:
            return same
        day = press.today()
        last = session.scalar(
            select(func.max(Edition.serial)).where(
                Edition.newsletter == press.slug, Edition.day == day, Edition.kind == Kind.CORRECTION
            )
        )
        edition = press.new(day, Kind.CORRECTION, (last or 0) + 1)
        edition.corrects_id, edition.corrects_revision = corrects.id, revision
        return edition

    def _source(self, corrects: Edition, *, text: str, because: str) -> str:
        """Return the Markdown of a correction: its title, what was wrong, and where the page is."""
        words = catalog(self.press.newsletter.language)
        parted = part(text, file="correction.md", tz=self.press.newsletter.schedule.tz)
        body = parted.body.strip() or because.strip()
        if not body:
            raise DigestError(
                "the correction says nothing",
                remedy='write what was wrong into the file, or into --because "…"',
                file="correction.md",
            )
        name = words.say("email.correction")
        title = parted.front.title or corrects.title or words.long_date(corrects.day)
        subject = parted.front.subject or ""
        front = {"title": _named(title, name)} | ({"subject": _named(subject, name)} if subject else {})
        url = self.press.urls.edition(corrects.day, corrects.kind, corrects.serial)
        link = words.say("email.corrected_page", date=words.long_date(corrects.day))
        keys = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items())
        return f"---\n{keys}\n---\n\n{body}\n\n[{link}]({url})\n"

    def _may_correct(self, session: Session, corrects: Edition, revision: int | None) -> None:
        """Raise ``NothingToDo`` unless it is known now who has what is to be corrected."""
        edition = session.get_one(Edition, corrects.id, populate_existing=True)
        if edition.kind is Kind.CORRECTION or edition.state not in SENT:
            raise NothingToDo(f"{edition.label} is {_what(edition)}; correct an edition that went out")
        if revision is not None and not 1 <= revision <= edition.revision:
            raise NothingToDo(f"{edition.label} has no revision {revision}; it has {edition.revision}")
        is_newest = revision is None or revision == edition.revision
        if edition.state is State.SENDING and is_newest:
            raise NothingToDo(
                f"{edition.label} is still going out as it is: first `newsletter pause --day {edition.day}`, "
                "then `newsletter revise FILE` for the rest, or wait for its end"
            )
        on_their_way = received.counts(session, edition.id, revision=revision)[CopyState.IN_FLIGHT]
        if on_their_way:
            raise NothingToDo(
                f"{on_their_way:,} copies of {edition.label} are on their way at this moment; try again in a "
                "few seconds (in doubt once their worker is given up: sending.lease_seconds)"
            )


def _named(title: str, name: str) -> str:
    """Return ``title`` with the name of a correction in front of it, once."""
    bare = name.rstrip("：: ")
    return title if title.lower().startswith(bare.lower()) else f"{name}{title}"


def _what(edition: Edition) -> str:
    return "a correction itself" if edition.kind is Kind.CORRECTION else edition.state


def _domain(session: Session, edition: Edition) -> str:
    """Return the domain in the Message-ID of an edition's copies."""
    content = session.scalar(
        select(StoredMailing.content)
        .where(StoredMailing.edition_id == edition.id)
        .order_by(StoredMailing.id)
        .limit(1)
    )
    return Mailing.from_bytes(content).sender.address.rpartition("@")[2] if content else ""
