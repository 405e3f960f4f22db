"""The counting after a run: what the far side has is held against what the ledger says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import func, select

from newsletter.database import Database
from newsletter.delivery import books
from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Delivery
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState

SHOWN = 12  # ids of a violation


@dataclass(kw_only=True)
class Verdict:
    """What came of a run. No violation: the promise was kept."""

    accepted: int = 0
    in_doubt: int = 0
    doubt_bound: int = 0
    twice: int = 0
    lost: int = 0
    violations: list[str] = field(default_factory=list)

    def violated(self, promise: str, ids: Iterable[object] = ()) -> None:
        """Note a promise that was broken, and for whom."""
        shown = [str(one) for one in ids]
        more = f" … {len(shown)} in all" if len(shown) > SHOWN else ""
        self.violations.append(promise + (f": {', '.join(shown[:SHOWN])}{more}" if shown else ""))


def examine(
    database: Database,
    edition_id: int,
    received: Counter[int],
    *,
    doubt_bound: int,
    resent: Collection[int] = (),
    gone: Collection[int] = (),
) -> Verdict:
    """Count. ``resent`` may have two, because a person said so; ``gone`` left before any was sent."""
    with database.readers() as session:
        edition = session.get_one(Edition, edition_id)
        rows = session.execute(
            select(Delivery.subscriber_id, Delivery.state, Delivery.batch_number).where(
                Delivery.edition_id == edition_id
            )
        ).all()
        kept = books.of_edition(session, edition)
        batches = session.execute(
            select(Batch.number, Batch.size, Batch.accepted, Batch.refused).where(
                Batch.edition_id == edition_id
            )
        ).all()
        calls_of_nobody = session.scalar(
            select(func.count()).where(Delivery.edition_id == edition_id, Delivery.call_id.is_(None))
        )
    states = {id_: state for id_, state, _ in rows}
    verdict = Verdict(accepted=kept[State.ACCEPTED], in_doubt=kept[State.IN_DOUBT], doubt_bound=doubt_bound)

    allowed = dict.fromkeys(resent, 2)
    twice = sorted(id_ for id_, count in received.items() if count > allowed.get(id_, 1))
    verdict.twice = len(twice)
    if twice:
        verdict.violated("more than one message", (f"{id_} ({states.get(id_)})" for id_ in twice))

    opened = sorted(id_ for id_, state in states.items() if kept.open and state in _OPEN)
    missing = sorted(id_ for id_, state in states.items() if state is State.ACCEPTED and not received[id_])
    verdict.lost = len(opened) + len(missing)
    if opened:
        verdict.violated("neither sent nor settled", opened)
    if missing:
        verdict.violated("accepted by the ledger, and the far side has nothing", missing)
    unknown = sorted(id_ for id_ in received if states.get(id_) not in (State.ACCEPTED, State.IN_DOUBT))
    if unknown:
        verdict.violated("the far side has it, the ledger says", (f"{i} {states.get(i)}" for i in unknown))
    withdrawn = {id_ for id_, state in states.items() if state is State.WITHDRAWN}
    if withdrawn != set(gone):
        verdict.violated("withdrawn, and not because they left", sorted(withdrawn ^ set(gone)))

    if verdict.in_doubt > doubt_bound:
        verdict.violated(f"{verdict.in_doubt} in doubt, where {doubt_bound} is the bound")
    if not kept.balanced:
        verdict.violated(f"the books do not balance: {kept.as_json()}")
    if edition.state is not EditionState.FINISHED:
        verdict.violated(f"the edition is {edition.state}")
    if calls_of_nobody and calls_of_nobody != len(withdrawn):
        verdict.violated(f"{calls_of_nobody} copies were settled without an attempt")
    _examine_batches(verdict, rows, batches)
    return verdict


_OPEN = (State.WAITING, State.IN_FLIGHT, State.DEFERRED)


def _examine_batches(verdict: Verdict, rows: Iterable, batches: Iterable) -> None:
    """Hold each batch's size and running counts against its deliveries."""
    sizes = Counter(number for _, _, number in rows)
    accepted = Counter(number for _, state, number in rows if state is State.ACCEPTED)
    refused = Counter(number for _, state, number in rows if state is State.REFUSED)
    wrong = [
        f"{number} (size {size}/{sizes[number]}, accepted {counted}/{accepted[number]},"
        f" refused {counted_refused}/{refused[number]})"
        for number, size, counted, counted_refused in batches
        if (size, counted, counted_refused) != (sizes[number], accepted[number], refused[number])
    ]
    if wrong:
        verdict.violated("batches whose books do not balance", wrong)
