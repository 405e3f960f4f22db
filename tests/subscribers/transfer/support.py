"""Taking a file in as the command line does, and looking at what became of it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from newsletter.database import Database
from subscribers import (
    Consent,
    Importer,
    ImportOptions,
    ImportProblem,
    ImportTally,
    ImportTerms,
    Status,
    Subscriber,
    Subscription,
    Suppression,
    normalise,
)
from tests.support import KEYS, SEVEN, SLUG

HASHER = KEYS.addresses
ORIGIN = "moved in 2026"
TERMS = ImportTerms(newsletter=SLUG, origin=ORIGIN, now=SEVEN, languages=frozenset({"zh-CN", "en"}))


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an import."""

    tally: ImportTally
    problems: list[ImportProblem]
    repeats: list[ImportProblem]
    formats: list[str]
    skipped: list[str]


def take_in(
    database: Database,
    path: Path,
    options: ImportOptions | None = None,
    *,
    dry_run: bool = False,
    terms: ImportTerms = TERMS,
) -> Taken:
    """Import a file."""
    problems: list[ImportProblem] = []
    repeats: list[ImportProblem] = []
    with Importer(path, options or ImportOptions(), terms, HASHER) as importer:
        for chunks in importer.groups():
            with (database.readers if dry_run else database.sessions).begin() as session:
                for chunk in chunks:
                    (importer.foresee if dry_run else importer.settle)(session, chunk)
                    problems += chunk.problems
                    repeats += chunk.repeats
        return Taken(
            importer.tally,
            problems,
            repeats,
            [source.format for source in importer.sources],
            list(importer.skipped),
        )


@dataclass(frozen=True, slots=True)
class Held:
    """All that the database holds about one address, on one newsletter."""

    person: Subscriber | None
    listed: Subscription | None
    suppression: Suppression | None
    acts: list[Consent]

    @property
    def status(self) -> Status | None:
        return self.listed.status if self.listed else None

    @property
    def reason(self) -> str | None:
        return self.suppression.reason.value if self.suppression else None


def held(database: Database, address: str, *, newsletter: str = SLUG) -> Held:
    """Look an address up."""
    digest = HASHER.digest(normalise(address))
    with database.readers() as session:
        person = session.scalars(select(Subscriber).where(Subscriber.address_hash == digest)).one_or_none()
        suppression = session.scalars(
            select(Suppression).where(Suppression.address_hash == digest)
        ).one_or_none()
        if person is None:
            return Held(None, None, suppression, [])
        listed = session.get(Subscription, (newsletter, person.id))
        acts = session.scalars(select(Consent).where(Consent.subscriber_id == person.id).order_by(Consent.id))
        return Held(person, listed, suppression, list(acts))


def sample(name: str) -> str:
    """Return a made-up export, exactly shaped."""
    return (Path(__file__).parent / "samples" / name).read_text(encoding="utf-8")


def written(folder: Path, name: str, text: str, *, encoding: str = "utf-8") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def zipped(folder: Path, name: str, members: Mapping[str, str | bytes]) -> Path:
    """Write an archive and return its path."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    path = folder / name
    path.write_bytes(packed.getvalue())
    return path


def details(acts: list[Consent]) -> dict[str, Any]:
    """Return what the other system recorded, as the last act keeps it."""
    return (acts[-1].details or {}).get("recorded", {})
