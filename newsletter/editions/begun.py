"""That an edition began, told so that it can be known again without the database it began in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.editions import edition as editions
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Happening, Kind, State
from subscribers import Fact, Lasting


def begun(edition: Edition, *, now: datetime) -> Fact:
    """Return the fact that an edition begins to go out."""
    about: dict[str, str | int | None] = {
        "id": edition.id,
        "newsletter": edition.newsletter,
        "day": edition.day.isoformat(),
        "kind": edition.kind.value,
        "serial": edition.serial,
        "title": edition.title,
        "subject": edition.subject,
        "digest": edition.digest_hash,
        "digest_key": edition.digest_key,
        "digest_day": edition.digest_day.isoformat() if edition.digest_day else None,
    }
    known = {name: value for name, value in about.items() if value is not None}
    return Fact(what=Lasting.BEGUN, at=now, about=known)


def find_begun(session: Session, about: Mapping[str, str | int], *, at: datetime, because: str) -> bool:
    """Write down an edition that began elsewhere, so that it never begins here; False when that is known.

    Nobody is owed it: who got a copy was known to the other database alone.
    """
    newsletter, day = str(about["newsletter"]), date.fromisoformat(str(about["day"]))
    kind, serial = Kind(str(about["kind"])), int(about["serial"])
    edition = editions.find(session, newsletter, day, kind, serial, lock=True)
    if edition is not None and edition.state in SENT:
        return False
    if edition is None:
        edition = Edition(
            newsletter=newsletter,
            day=day,
            kind=kind,
            serial=serial,
            state=State.MISSING,
            findings=[],
            excluded={},
            created_at=at,
        )
        number = int(about.get("id", 0))
        if number and session.get(Edition, number) is None:
            edition.id = number  # what comes back by mail names it so
        session.add(edition)
    edition.becomes(Happening.FOUND_BEGUN)
    edition.frozen_at = edition.finished_at = at
    edition.considered, edition.excluded = 0, {}
    edition.stopped_because = because
    edition.title, edition.subject = _text(about, "title"), _text(about, "subject")
    edition.digest_key, edition.digest_hash = _text(about, "digest_key"), _text(about, "digest")
    digest_day = _text(about, "digest_day")
    edition.digest_day = date.fromisoformat(digest_day) if digest_day else None
    edition.used_hash = edition.digest_hash if _is_free(session, edition) else None
    session.flush()
    return True


def _text(about: Mapping[str, str | int], name: str) -> str | None:
    value = about.get(name)
    return None if value is None else str(value)


def _is_free(session: Session, edition: Edition) -> bool:
    """Say whether no other edition of this kind is known to have used the digest."""
    with session.no_autoflush:
        used = select(Edition.id).where(
            Edition.newsletter == edition.newsletter,
            Edition.kind == edition.kind,
            Edition.used_hash == edition.digest_hash,
        )
        return session.scalars(used).first() is None
