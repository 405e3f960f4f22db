"""The lists of an installation side by side: who is on them, how they grow, and what went out last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from newsletter.editions.edition import Edition
from newsletter.reports.copies import Standing, sent, standing
from subscribers import Census, census


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """One list."""

    newsletter: str
    census: Census | None  # None: long, and not counted yet
    last: Edition | None
    standing: Standing | None  # of the last edition

    def as_json(self) -> dict[str, Any]:
        """Return it for the API."""
        last, stands = self.last, self.standing
        return {
            "newsletter": self.newsletter,
            "census": self.census.as_json() if self.census else None,
            "last_edition": {
                "label": last.label,
                "day": last.day.isoformat(),
                "state": last.state.value,
                "subject": last.subject,
                "owed": stands.owed if stands else None,
                "accepted": stands.accepted if stands else None,
                "refused": stands.refused if stands else None,
            }
            if last
            else None,
        }


def side_by_side(
    session: Session, newsletters: Iterable[tuple[str, tzinfo]], *, now: datetime
) -> Sequence[List]:
    """Return the lists in the order given, each with its local days."""
    found = []
    for slug, zone in newsletters:
        last = next(iter(sent(session, slug, most=1)), None)
        stands = standing(session, [last]).get(last.id) if last else None
        counted = census(session, slug, zone=zone, now=now)
        found.append(List(newsletter=slug, census=counted, last=last, standing=stands))
    return found
