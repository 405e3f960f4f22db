"""Whatever was before and whatever a file says: nobody who must not be mailed is mailed after an import."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from subscribers import (
    Address,
    AddressChange,
    Base,
    Cadence,
    Consent,
    ImportOptions,
    ImportTally,
    Reason,
    Standing,
    Status,
    Subscriber,
    Subscription,
    Suppression,
    eligible,
    suppress_domain,
)
from subscribers.transfer import reading
from tests.subscribers.transfer.support import HASHER, take_in
from tests.support import SEVEN, SLUG

MONDAY = date(2026, 11, 23)
ADDRESSES = [f"r{n}@{domain}" for domain in ("example.com", "corp.example.com") for n in range(4)]
YEAR = timedelta(days=365)
MAILABLE = (Standing.ACTIVE, Standing.PENDING)


@dataclass(frozen=True)
class Before:
    """What is known of an address."""

    status: Status | None
    suppressed: Reason | None
    erased: bool
    elsewhere: bool  # on another newsletter


BEFORE = st.builds(
    Before,
    status=st.sampled_from([None, None, *Status]),
    suppressed=st.sampled_from([None, None, *Reason]),
    erased=st.sampled_from([False, False, True]),
    elsewhere=st.booleans(),
)
ROWS = st.lists(
    st.tuples(st.sampled_from(ADDRESSES), st.sampled_from(list(Standing)), st.booleans()), max_size=14
)


@settings(
    max_examples=20,
    phases=[Phase.generate],  # shrinking over a database takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    before=st.lists(BEFORE, min_size=len(ADDRESSES), max_size=len(ADDRESSES)),
    domain_blocked=st.booleans(),
    rows=ROWS,
    at_least=st.sampled_from([None, None, Standing.LEFT, Standing.BOUNCED, Standing.COMPLAINED]),
    chunk_rows=st.integers(2, 8),
)
def test_nobody_is_revived(
    database: Database,
    tmp_path: Path,
    before: Sequence[Before],
    domain_blocked: bool,
    rows: list[tuple[str, Standing, bool]],
    at_least: Standing | None,
    chunk_rows: int,
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(_file(rows), encoding="utf-8")
    with database.sessions.begin() as session:
        _prepare(session, before, domain_blocked=domain_blocked)
    mailed_before, known = _mailed(database), {a for a, b in zip(ADDRESSES, before, strict=True) if _known(b)}
    options = ImportOptions(at_least=at_least)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "CHUNK_ROWS", chunk_rows)
        foreseen = take_in(database, path, options, dry_run=True).tally
        nothing_changed = _mailed(database)
        done = take_in(database, path, options).tally
        again = take_in(database, path, options).tally

    gone = {address for address, standing, _ in rows if at_least or standing not in MAILABLE}
    first = {address: standing for address, standing, _ in reversed(rows)}
    welcome = {
        address
        for address, standing in first.items()
        if standing is Standing.ACTIVE
        and address not in known | gone
        and not (domain_blocked and address.endswith("corp.example.com"))
    }
    assert nothing_changed == mailed_before
    assert _mailed(database) == (mailed_before - gone) | welcome
    assert foreseen.revived == done.revived == again.revived == 0
    assert _counts(foreseen) == _counts(done)
    assert (again.new, again.left, again.suppressed) == (0, 0, 0)
    assert again.people == done.people


def _known(before: Before) -> bool:
    return bool(before.status or before.suppressed or before.erased)


def _counts(tally: ImportTally) -> tuple[object, ...]:
    people = {standing: count for standing, count in tally.people.items() if count}
    return (
        tally.rows,
        people,
        tally.new,
        tally.left,
        tally.suppressed,
        tally.kept_out,
        tally.duplicates,
        tally.problems,
    )


def _file(rows: list[tuple[str, Standing, bool]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["email", "status"])
    writer.writerows([address.upper() if loud else address, standing] for address, standing, loud in rows)
    return text.getvalue()


def _mailed(database: Database) -> set[str]:
    with database.readers() as session:
        ids = [id_ for id_, _, _ in session.execute(eligible(SLUG, MONDAY))]
        found = session.scalars(select(Subscriber.address).where(Subscriber.id.in_(ids)))
        return {address for address in found if address}


def _prepare(session: Session, before: Sequence[Before], *, domain_blocked: bool) -> None:
    tables: list[type[Base]] = [Consent, Subscription, AddressChange, Subscriber, Suppression]
    for table in tables:
        session.execute(delete(table))
    if domain_blocked:
        suppress_domain(session, "corp.example.com", reason=Reason.BLOCKED, now=SEVEN)
    for address, one in zip(ADDRESSES, before, strict=True):
        digest = HASHER.digest(Address(address))
        if one.suppressed:
            session.add(Suppression(address_hash=digest, reason=one.suppressed, created_at=SEVEN))
        if not (one.status or one.erased or one.elsewhere):
            continue
        person = Subscriber(
            address=None if one.erased else address,
            address_hash=digest,
            domain=None if one.erased else address.rpartition("@")[2],
            attributes={},
            created_at=SEVEN - YEAR,
            erased_at=SEVEN if one.erased else None,
        )
        session.add(person)
        session.flush()
        # Whoever is erased has left every list.
        here = Status.LEFT if one.erased and one.status else one.status
        for newsletter, status in ((SLUG, here), ("cars", Status.ACTIVE if one.elsewhere else None)):
            if status:
                session.add(
                    Subscription(
                        newsletter=newsletter,
                        subscriber_id=person.id,
                        status=status,
                        cadence=Cadence.DAILY,
                        tags=[],
                        created_at=SEVEN - YEAR,
                    )
                )
        session.flush()
