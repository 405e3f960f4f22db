"""Approvals: who let an edition out that would not have gone by itself, and why.

An approval is of one digest, byte for byte: whoever changes the digest needs a new one. It is never
changed or removed. The caller owns the transaction.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Date, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from newsletter.errors import NewsletterError
from subscribers import Base, BigId, Choice, UtcDateTime


class NotApprovable(NewsletterError):
    """There is nothing to approve, or approving it needs a reason. The message says which."""


class ReasonNeeded(NotApprovable):
    """The gate holds it: say why it may go out all the same."""


class Approval(Base):
    """One person's word that a digest may go out as the edition of a day."""

    __tablename__ = "approval"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    digest_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of its bytes, hex
    by: Mapped[str] = mapped_column(String(80))
    because: Mapped[str | None] = mapped_column(Text)  # given: also against what held it then,
    checks: Mapped[list[str] | None] = mapped_column(
        JSON
    )  # these; None: of an older release, whatever it was
    approved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "newsletter", "day"),)

    def overrules(self, check: str) -> bool:
        """Whether it lets the edition out against a check of the gate: one that held it when it was given."""
        return bool(self.because) and (self.checks is None or check in self.checks)


def approve(session: Session, edition: Edition, *, by: str, because: str = "", now: datetime) -> Approval:
    """Let an edition out that was examined and waits; ``because`` also against what holds it now.

    What the gate finds later is not overruled. Raises ``NotApprovable``. Whoever calls has made sure that
    ``by`` may send to all.
    """
    if edition.state not in (State.HELD, State.READY) or edition.digest_hash is None:
        raise NotApprovable(f"an edition that is {edition.state} waits for no approval")
    holds = [
        finding["check"]
        for finding in edition.findings
        if finding["severity"] == "hold" and finding["check"] not in WAITS
    ]
    if holds and not because.strip():
        raise ReasonNeeded(f"the gate holds it for {len(holds)} reasons: to send it all the same, say why")
    approval = Approval(
        newsletter=edition.newsletter,
        day=edition.day,
        kind=edition.kind,
        digest_hash=edition.digest_hash,
        by=by[:80],
        because=because.strip() or None,
        checks=sorted(set(holds)),
        approved_at=now,
    )
    session.add(approval)
    session.flush()
    return approval


def approval_of(
    session: Session, newsletter: str, day: date, kind: Kind, digest_hash: str
) -> Approval | None:
    """Return the approval of a digest as the edition of a day, the one that goes furthest."""
    found = session.scalars(
        select(Approval)
        .where(
            Approval.newsletter == newsletter,
            Approval.day == day,
            Approval.kind == kind,
            Approval.digest_hash == digest_hash,
        )
        .order_by(Approval.id.desc())
    ).all()
    return next((one for one in found if one.because), found[0] if found else None)


NEEDS_APPROVAL = "needs-approval"  # the finding of a digest whose source may not send unattended
HELD_BY_HAND = "held-by-hand"  # the finding of an edition that somebody holds until it is approved
WAITS = frozenset({NEEDS_APPROVAL, HELD_BY_HAND})  # nothing is wrong: somebody is to say yes
