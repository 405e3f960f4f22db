"""Migrations: one history for SQLite and PostgreSQL, run by ``newsletter migrate``.

A migration must let the release before it run on the new schema: add, deploy, then remove.
"""

from newsletter.migrations.migrate import DatabaseOutdated, migrate, require_current

__all__ = ["DatabaseOutdated", "migrate", "require_current"]
