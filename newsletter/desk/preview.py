"""A text as it would arrive: what the gate says of it, line by line, and the email a reader would see.

Writes nothing and opens no link; a text that nobody has saved can be looked at as well as one that was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import NewsletterSettings
from newsletter.database import Database
from newsletter.desk.addresses import Written, standing_of, written_addresses
from newsletter.desk.inbox import InboxRow, inbox_row
from newsletter.desk.persona import Persona, written_out
from newsletter.digests.digest import Digest
from newsletter.digests.reader import read
from newsletter.editions.edition import Edition, StoredMailing
from newsletter.editions.gate import ProbeResult, Severity
from newsletter.editions.gate.size import MOST_BYTES
from newsletter.editions.states import Kind
from newsletter.errors import DigestError
from newsletter.language import catalog
from newsletter.mailing import Copy, Mailing
from newsletter.morning import probed
from newsletter.morning.beginning import unreadable
from newsletter.morning.evidence import Known, gather
from newsletter.morning.proof import Proof, as_json, prove
from newsletter.rendering import Renderer
from newsletter.rendering.inbox import preheader
from newsletter.transports.mime import Prepared
from newsletter.urls import Urls


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How near an email is to where Gmail cuts it off."""

    html_bytes: int
    message_bytes: int  # on the wire
    most_bytes: int = MOST_BYTES

    @property
    def percent(self) -> int:
        """How much of the room is taken."""
        return round(self.html_bytes * 100 / self.most_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """The email as one persona gets it."""

    persona: Persona
    subject: str
    html: str
    text: str
    head: str  # the headers, as they are on the wire
    row: InboxRow
    size: Size
    mailing: Mailing


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """One story of the digest, as a list names it."""

    place: int  # in digest.stories
    number: int | None
    title: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is to be said of a text. Without an email, it could not be read: the findings say why."""

    day: date
    text: str
    findings: Sequence[Mapping[str, object]]  # as the morning stores them
    title: str = ""
    stories: tuple[StoryLine, ...] = ()
    addresses: tuple[Written, ...] = ()
    email: Email | None = None
    proof: Proof | None = None

    @property
    def held(self) -> bool:
        """Whether it would not go out by itself."""
        return any(finding["severity"] == Severity.HOLD for finding in self.findings)

    @property
    def holds(self) -> int:
        """How many findings keep it back."""
        return sum(finding["severity"] == Severity.HOLD for finding in self.findings)

    @property
    def by_line(self) -> Mapping[int, Severity]:
        """The worst that is said of each line that something is said of."""
        worst: dict[int, Severity] = {}
        for finding in self.findings:
            line, severity = finding["line"], Severity(str(finding["severity"]))
            if isinstance(line, int) and worst.get(line) is not Severity.HOLD:
                worst[line] = severity
        return worst


@dataclass(frozen=True, kw_only=True)
class Previewer:
    """Looks at the texts of one newsletter."""

    slug: str
    newsletter: NewsletterSettings
    database: Database
    renderer: Renderer
    urls: Urls

    def look(
        self,
        text: str,
        *,
        day: date,
        persona: Persona,
        now: datetime,
        kind: Kind = Kind.DAILY,
        serial: int = 1,
        file: str = "digest.md",
    ) -> Preview:
        """Return what ``text`` would be as the edition of ``day``."""
        try:
            digest = read(
                text.encode("utf-8", "replace"),
                file=file,
                newsletter_name=self.newsletter.name,
                tz=self.newsletter.schedule.tz,
                default_day=day,
            )
        except DigestError as error:
            return Preview(day=day, text=text, findings=[as_json(unreadable(error))])
        addresses = list(written_addresses(digest))
        with self.database.readers() as session:
            known = self._known(session, day)
            remembered = probed.recall(session, [each.url for each in addresses], now=now)
        proof = prove(
            digest,
            self.slug,
            self.newsletter,
            renderer=self.renderer,
            urls=self.urls,
            day=day,
            known=known,
            probes=remembered or None,
            now=now,
        )
        return Preview(
            day=day,
            text=text,
            title=digest.title,
            findings=[as_json(finding) for finding in proof.findings],
            stories=stories_of(digest),
            addresses=tuple(_judged(each, remembered) for each in addresses),
            email=self._email(proof, persona, now, kind=kind, serial=serial),
            proof=proof,
        )

    def _known(self, session: Session, day: date) -> Known:
        """Return what the database knows, but for the audience: counting a million takes a second."""
        return gather(session, self.slug, self.newsletter, day, counts=False)

    def as_sent(self, edition: Edition, *, persona: Persona, now: datetime) -> Preview:
        """Return an edition that has begun: its very mailing, and what the gate said then."""
        with self.database.readers() as session:
            stored = session.scalars(
                select(StoredMailing)
                .where(StoredMailing.edition_id == edition.id, StoredMailing.revision == edition.revision)
                .order_by(StoredMailing.id)
            ).all()
            text = edition.digest_source or ""
            digest = self._read(text, edition.day)
            addresses = list(written_addresses(digest)) if digest else []
            remembered = probed.recall(session, [each.url for each in addresses], now=now)
        chosen = next((one for one in stored if one.language == persona.language), None)
        chosen = chosen or (stored[0] if stored else None)
        mailing = Mailing.from_bytes(chosen.content) if chosen else None
        first_words = preheader(digest, catalog(mailing.language)) if digest and mailing else ""
        return Preview(
            day=edition.day,
            text=text,
            title=edition.title or "",
            findings=edition.findings,
            addresses=tuple(_judged(each, remembered) for each in addresses),
            email=self._written(mailing, first_words, persona, now) if mailing else None,
        )

    def _read(self, text: str, day: date) -> Digest | None:
        try:
            return read(
                text.encode(),
                file="digest.md",
                newsletter_name=self.newsletter.name,
                tz=self.newsletter.schedule.tz,
                default_day=day,
            )
        except DigestError:  # of an older release
            return None

    def _email(self, proof: Proof, persona: Persona, now: datetime, *, kind: Kind, serial: int) -> Email:
        mailing = proof.mailing
        if persona.language != self.newsletter.language or kind is not Kind.DAILY:
            mailing = self.renderer.render(
                proof.digest,
                self.newsletter,
                urls=self.urls,
                language=persona.language,
                day=proof.day,
                edition=mailing.edition,
                kind=kind,
                serial=serial,
            ).mailing
        return self._written(mailing, preheader(proof.digest, catalog(mailing.language)), persona, now)

    def _written(self, mailing: Mailing, first_words: str, persona: Persona, now: datetime) -> Email:
        theirs = written_out(mailing, persona.address, self.urls)
        copy = Copy(
            ref="preview",
            address=persona.address,
            values={"message_id": f"preview@{mailing.sender.address.rpartition('@')[2]}"},
        )
        message = Prepared(theirs).message(copy, now)
        filled = theirs.fill(copy)
        return Email(
            persona=persona,
            subject=mailing.subject,
            html=filled.html,
            text=filled.text,
            head=message.partition(b"\r\n\r\n")[0].decode("ascii").replace("\r\n", "\n"),
            row=inbox_row(mailing, first_words),
            size=Size(html_bytes=len(filled.html.encode()), message_bytes=len(message)),
            mailing=mailing,
        )


def stories_of(digest: Digest) -> tuple[StoryLine, ...]:
    """Return the stories as a list names them; an essay has none to leave out."""
    if digest.is_essay:
        return ()
    return tuple(
        StoryLine(place=place, number=story.number, title=story.title_text, line=story.line)
        for place, story in enumerate(digest.stories)
    )


def _judged(address: Written, probes: Mapping[str, ProbeResult]) -> Written:
    standing, detail = standing_of(address.url, probes)
    return replace(address, standing=standing, detail=detail)
