"""Where the ledgers of chaos live: a PostgreSQL server that may be killed, and a disk that may be full."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from tests.chaos.worker import FLAG
from tests.delivery.cluster.breaking import OwnServer

DISK_MEGABYTES = 96


class Servers:
    """One PostgreSQL server for all scenarios, started when the first one asks for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_open = False

    @cached_property
    def _server(self) -> OwnServer:
        server = OwnServer(self._folder)
        self._is_open = True
        # The machine outlives the server here. What a commit promised must hold all the same, so
        # synchronous_commit stays on.
        for setting in ("fsync", "full_page_writes"):
            self._execute(server, sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        self._execute(server, sql.SQL("SELECT pg_reload_conf()"))
        return server

    def new_database(self) -> str:
        """Return the URL of an empty database."""
        name = f"chaos_{uuid.uuid4().hex[:12]}"
        self._execute(self._server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = self._server.url.set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    def kill(self) -> None:
        """End the server as a crash does."""
        self._server.kill()

    def start(self) -> None:
        """Start it again over the same files."""
        self._server.start()

    def remove(self) -> None:
        """Stop it, and delete its files."""
        if self._is_open:
            self._server.remove()

    @staticmethod
    def _execute(server: OwnServer, statement: sql.SQL | sql.Composed) -> None:
        plain = server.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement)


class Disk(Protocol):
    """Where an SQLite file lies that may find no room."""

    def fill(self) -> None:
        """Leave no room."""
        ...

    def make_room(self) -> None:
        """Give it back."""
        ...


class SmallDisk:
    """A file system of a few megabytes, which is filled to the last byte."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Take all the room there is."""
        for size in (2**16, 512):
            with self._filler.open("ab", buffering=0) as filler, suppress(OSError):
                while True:
                    filler.write(bytes(size))

    def make_room(self) -> None:
        """Give it back."""
        self._filler.unlink(missing_ok=True)


class PageLimit:
    """For who may not mount: while the flag is there, workers let SQLite have no page more.

    The error is the same, SQLITE_FULL; what rewrites a page that is there still succeeds.
    """

    def __init__(self, flag: Path) -> None:
        self._flag = flag

    def fill(self) -> None:
        """Raise the flag."""
        self._flag.touch()

    def make_room(self) -> None:
        """Take it down."""
        self._flag.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mount a small disk at ``folder``, or do what comes nearest."""
    folder.mkdir(parents=True)
    options = f"size={DISK_MEGABYTES}m,mode=0700,uid={os.getuid()}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        yield PageLimit(folder.with_suffix(FLAG))
        return
    try:
        yield SmallDisk(folder)
    finally:
        # A killed worker's last file may be let go of a moment later.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
