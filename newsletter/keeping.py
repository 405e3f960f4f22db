"""What keeps an installation for years, minute by minute: the journal caught up, and the nightly backup."""

from __future__ import annotations

import logging

from newsletter.alarms import Cause
from newsletter.app import App
from newsletter.backup.nightly import clear
from newsletter.errors import NewsletterError
from newsletter.journal.writing import catch_up, waiting

logger = logging.getLogger(__name__)


def keep(app: App) -> None:
    """Do what is due. A copy of the database keeps nothing: it would write into the original's places."""
    if app.why_fenced():
        return
    _beat(app)
    _catch_up(app)
    app.backups.step(app.alarms)


def _beat(app: App) -> None:
    """Note the minute in the database, and beside it: one that is set back will know an earlier one."""
    if app.fence is None:
        return
    now = app.clock()
    with app.database.sessions.begin() as session:
        is_new = app.fence.beat(session, now=now)
    if not is_new:
        return
    with app.database.readers() as session:
        app.fence.tell(session)


def _catch_up(app: App) -> None:
    """Write to the journal what could not be written, and tell people while that cannot be done."""
    if app.journal is None:
        return
    with app.database.readers() as session:
        late = waiting(session)
    if not late:
        return
    now = app.clock()
    try:
        catch_up(app.database, app.journal)
    except (OSError, NewsletterError) as error:
        logger.error("the journal cannot be written: %s", error, extra={"waiting": late})
        with app.database.sessions.begin() as session:
            app.alarms.sound(
                session,
                Cause.JOURNAL,
                newsletter="",
                day=now.date(),
                facts={"waiting": late, "because": str(error)},
                now=now,
            )
        return
    clear(app.alarms, app.database, Cause.JOURNAL, now=now)
