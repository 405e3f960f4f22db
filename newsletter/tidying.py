"""Tidying up at night: forgetting what is not to be kept, and a look at the provider's own lists."""

from __future__ import annotations

from datetime import timedelta

from newsletter import limits
from newsletter.alarms import hooks, tables
from newsletter.app import App
from newsletter.delivery import folding, heartbeat
from newsletter.desk import draft, trial
from newsletter.feedback.forgetting import forget_feedback
from newsletter.feedback.nightly import reconcile_at_night
from newsletter.people import calls, invitations, logins
from newsletter.signup import forgetting

HEARTBEATS_FOR = timedelta(days=1)
ALARMS_FOR = timedelta(days=400)  # so that the same day a year ago can be looked up
EVENTS_FOR = timedelta(days=30)  # what other programs were told of


def tidy(app: App) -> bool:
    """Forget a bounded part of what is due; say whether there is more to do at once."""
    now = app.clock()
    with app.database.sessions.begin() as session:
        more = forgetting.forget_unconfirmed(session, app.keys, now=now)
        limits.forget(session, now=now)
        for over in (logins, invitations, calls, draft, trial):
            over.forget(session, now=now)
        hooks.forget_events(session, before=now - EVENTS_FOR)
        tables.forget(session, before=now - ALARMS_FOR)
        heartbeat.forget(session, before=now - HEARTBEATS_FOR)
        more |= forget_feedback(
            session, now=now, kept=app.settings.feedback.kept, trail_kept=app.settings.feedback.trail_kept
        )
        if kept := app.settings.retention.deliveries:
            more |= folding.fold(session, before=now - kept)
    if not more:
        reconcile_at_night(
            app.settings, database=app.database, transport=app.notice_transport, keys=app.keys, now=now
        )
    return more
