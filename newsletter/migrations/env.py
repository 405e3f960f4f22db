"""What Alembic runs: our metadata on the connection that ``migrate`` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import BigInteger

# Importing a table puts it into the metadata.
import newsletter.alarms.tables
import newsletter.backup.tables
import newsletter.delivery.folding
import newsletter.delivery.heartbeat
import newsletter.delivery.tables
import newsletter.desk.draft
import newsletter.desk.trial
import newsletter.editions.approval
import newsletter.editions.archive
import newsletter.editions.decision
import newsletter.editions.edition
import newsletter.editions.revision
import newsletter.feedback.canary_rows
import newsletter.feedback.returned
import newsletter.feedback.tables
import newsletter.fence
import newsletter.fetching.visits
import newsletter.journal.tables
import newsletter.limits
import newsletter.morning.hours
import newsletter.morning.probed
import newsletter.people.tables
import newsletter.reports.jobs
import newsletter.signup.requests  # noqa: F401
from newsletter.delivery.tables import StateCode
from newsletter.feedback.tables import KindCode
from subscribers import Base, Choice, UtcDateTime


def _plain(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Write our column types as plain ones: a migration must not change when our code does."""
    if kind != "type":
        return False
    if isinstance(item, Choice):
        return "sa.String(16)"
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, StateCode | KindCode):
        return "sa.SmallInteger()"
    return "BIG_ID" if isinstance(item, BigInteger) else False


def _is_declared(name: str | None, kind: str, _parents: object) -> bool:
    """Pass over an index that only one database has: a model cannot say so."""
    return not (kind == "index" and name == "ix_subscriber_address_bytewise")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite can alter a table only by copying it
    compare_type=True,
    render_item=_plain,
    include_name=_is_declared,
)
with context.begin_transaction():
    context.run_migrations()
