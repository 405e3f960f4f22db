"""A rehearsal: a whole morning with the real readers and every variant, from which nothing leaves.

The people it needs are copied into a database of its own in a private folder, which is removed at the
end. There the real morning runs: it finds, examines, freezes and hands over, in as many threads as it
would; the far side is a sink that encodes every copy to the bytes a server would get, and drops it.
The installation's own database is only read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.clock import Clock
from newsletter.config import DatabaseSettings, TransportKind, TransportSettings
from newsletter.config.alarms import AlarmSettings
from newsletter.delivery import control, progress
from newsletter.delivery.forecast import Forecast, LaneWork, forecast
from newsletter.delivery.pacing import LaneState, Limits
from newsletter.delivery.states import State as CopyState
from newsletter.delivery.tables import Batch, Delivery
from newsletter.editions import edition as editions
from newsletter.editions.edition import SENT, Edition, StoredMailing
from newsletter.errors import ExitCode
from newsletter.lanes import Lane
from newsletter.mailing import Mailing
from newsletter.migrations import migrate
from newsletter.morning import Report
from newsletter.rehearsal import copying
from newsletter.rehearsal.sink import Sink, Sizes

EXAMPLES = 5  # readers named for each reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Copies that could not be made, all for one reason."""

    reason: str  # names the hole, never a value
    copies: int
    subscriber_ids: Sequence[int]  # the first ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """How a rehearsal went."""

    report: Report
    audience: Mapping[Lane, Mapping[str, int]]  # copies by language
    html_bytes: Mapping[str, int]  # by language
    sizes: Sizes
    failures: Sequence[Failure]
    forecast: Forecast | None  # with the lanes' limits, at this machine's speed without any network
    warnings: Sequence[str]  # why the real morning would go otherwise
    is_refused: bool  # this installation may not send editions yet
    took: timedelta
    sending_took: timedelta

    @property
    def exit_code(self) -> ExitCode:
        """The code the command ends with: 0 only if everything could be sent."""
        if self.report.exit_code is ExitCode.DONE and (self.failures or self.is_refused):
            return ExitCode.FAILED
        return self.report.exit_code


def rehearse(
    app: App, slug: str, day: date | None = None, *, progressed: Callable[[], None] = lambda: None
) -> Rehearsal:
    """Rehearse the morning of ``day`` (today) as it would go at its hour, or now when that is past.

    Raises what a morning raises before it hands over.
    """
    started = time.monotonic()
    schedule = app.settings.newsletters[slug].schedule
    day = day or app.clock().astimezone(schedule.tz).date()
    hour = datetime.combine(day, schedule.send_at, schedule.tz)
    ahead = max(hour - app.clock(), timedelta(0))

    def clock() -> datetime:
        return app.clock() + ahead

    with TemporaryDirectory(prefix="newsletter-rehearsal-") as folder:
        sink = Sink(clock)
        stage = _stage(app, Path(folder), sink, clock)
        try:
            migrate(stage.database)
            with app.database.readers() as session:
                warnings = _warnings(session, slug, day)
                copying.copy(session, stage.database, slug, day)
            began_at = clock()
            report = stage.morning(slug).run(day, progress=progressed)
            sending_took = time.monotonic() - sink.began_at if sink.began_at else 0.0
            with stage.database.readers() as session:
                edition = editions.find(session, slug, day)
                audience = _audience(session)
                html_bytes = _html_bytes(session)
                failures = _failures(session)
        finally:
            stage.close()
    refusal = app.refusal()
    return Rehearsal(
        report=report,
        audience=audience,
        html_bytes=html_bytes,
        sizes=sink.sizes,
        failures=failures,
        forecast=_forecast(app, slug, edition, audience, began_at, sink.sizes.copies, sending_took),
        warnings=[*warnings, *([refusal] if refusal else [])],
        is_refused=bool(refusal),
        took=timedelta(seconds=time.monotonic() - started),
        sending_took=timedelta(seconds=sending_took),
    )


# ---- the stage ----


def _stage(app: App, folder: Path, sink: Sink, clock: Clock) -> App:
    """Return the same installation on an empty database of its own, with a way out that leads nowhere."""
    settings = app.settings.model_copy(
        update={
            "database": DatabaseSettings(url=f"sqlite:///{folder / 'rehearsal.db'}"),
            "transport": TransportSettings(kind=TransportKind.MEMORY),
            "pacing": {},  # nobody is there who could be hurried
            "alarms": AlarmSettings(),
            # Whatever cannot be made is to be told of, so nothing pauses the edition.
            "sending": app.settings.sending.model_copy(
                update={"engine": "threads", "refused_limit_percent": 100}
            ),
        }
    )
    stage = App(settings, clock=clock)
    stage.__dict__.update(keys=app.keys, renderer=app.renderer, transport=sink)

    @event.listens_for(stage.database.engine, "connect")
    def _carelessly(dbapi: Any, _record: object) -> None:
        # It is thrown away anyway: no need to wait for the disk, or to keep much of it in memory.
        dbapi.execute("pragma synchronous=off")
        dbapi.execute("pragma cache_size=-16384")

    return stage


# ---- what it showed ----


def _warnings(session: Session, slug: str, day: date) -> list[str]:
    """Return what would go otherwise in earnest."""
    warnings: list[str] = []
    existing = editions.find(session, slug, day)
    if existing and existing.state in SENT:
        warnings.append(f"the edition of {day} is {existing.state} already; it would not go out again")
    switch = control.switched_off(session)
    if switch:
        warnings.append(f"all sending is switched off ({switch.because}); `newsletter go` switches it on")
    return warnings


def _audience(session: Session) -> dict[Lane, dict[str, int]]:
    found: dict[Lane, dict[str, int]] = {}
    for lane, language, copies in session.execute(
        select(Batch.lane, StoredMailing.language, func.sum(Batch.size))
        .join(StoredMailing, StoredMailing.id == Batch.mailing_id)
        .group_by(Batch.lane, StoredMailing.language)
        .order_by(func.sum(Batch.size).desc())
    ):
        found.setdefault(lane, {})[language] = int(copies)
    return found


def _html_bytes(session: Session) -> dict[str, int]:
    """Return how large the HTML of each variant is, as a mail client counts."""
    return {
        stored.language: len(Mailing.from_bytes(stored.content).html.fill({}).encode())
        for stored in session.scalars(select(StoredMailing).order_by(StoredMailing.id))
    }


def _failures(session: Session) -> list[Failure]:
    refused = (Delivery.state == CopyState.REFUSED,)
    reasons = session.execute(
        select(Delivery.reply, func.count()).where(*refused).group_by(Delivery.reply)
    ).all()
    return [
        Failure(
            reason=reason or "unknown",
            copies=copies,
            subscriber_ids=session.scalars(
                select(Delivery.subscriber_id)
                .where(*refused, Delivery.reply == reason)
                .order_by(Delivery.subscriber_id)
                .limit(EXAMPLES)
            ).all(),
        )
        for reason, copies in reasons
    ]


def _forecast(
    app: App,
    slug: str,
    edition: Edition | None,
    audience: Mapping[Lane, Mapping[str, int]],
    began_at: datetime,
    copies: int,
    sending_took: float,
) -> Forecast | None:
    if edition is None or edition.deliver_until is None:
        return None
    with app.database.readers() as session:
        paces = progress.lane_states(session)
    work = {
        lane: LaneWork(
            waiting=sum(languages.values()),
            limits=app.limits.get(lane, Limits()),
            state=paces.get(lane, LaneState()),
        )
        for lane, languages in audience.items()
    }
    return forecast(
        work,
        per_second=copies / sending_took if copies and sending_took else None,
        now=began_at,
        until=edition.deliver_until,
        zone=app.settings.newsletters[slug].schedule.tz,
    )
