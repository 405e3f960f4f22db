"""How the queue's own connections are made, and that each of their questions ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
from procrastinate import PsycopgConnector
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import make_url

from newsletter.database import LIVELINESS

APPLICATION = "newsletter-queue"


def conninfo(database_url: str) -> str:
    """Return what libpq needs to reach the database of ``database_url``."""
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    # Silence must not hold a worker (procrastinate#1334). Whatever database.url says itself goes first.
    return make_conninfo(**{**LIVELINESS, "application_name": APPLICATION, **conninfo_to_dict(url)})


class BoundedConnector(PsycopgConnector):
    """A connector whose every question ends: a server that says nothing at all is taken for a lost one.

    Without it a fetch that is never answered holds the worker, and its end, for ever (procrastinate#1513).
    """

    def __init__(self, conninfo: str, *, patience: timedelta) -> None:
        super().__init__(
            conninfo=conninfo,
            min_size=1,
            max_size=4,  # per process: one is enough to fetch, the others finish jobs side by side
            timeout=patience.total_seconds(),
            configure=_configure,
        )
        self._patience_seconds = patience.total_seconds()
        self._longest_seconds = 2 * self._patience_seconds

    async def open_async(self, pool: AsyncConnectionPool | None = None) -> None:
        """Connect, or raise ``TimeoutError``."""
        try:
            async with asyncio.timeout(self._patience_seconds):
                await super().open_async(pool)
        except BaseException:
            await self.close_async()  # or it would go on trying
            raise

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Execute, or raise ``TimeoutError``."""
        async with asyncio.timeout(self._longest_seconds):
            await super().execute_query_async(query, **arguments)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """Return the one row, or raise ``TimeoutError``."""
        async with asyncio.timeout(self._longest_seconds):
            return await super().execute_query_one_async(query, **arguments)

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """Return the rows, or raise ``TimeoutError``."""
        async with asyncio.timeout(self._longest_seconds):
            return await super().execute_query_all_async(query, **arguments)


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    # Each of the queue's questions is one statement. Said here and not in the conninfo, where a PgBouncer
    # would refuse it and the options of database.url would be lost.
    await connection.set_autocommit(True)
    await connection.execute("SET search_path TO queue, public")
