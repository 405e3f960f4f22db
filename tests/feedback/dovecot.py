"""A real Dovecot of our own on 127.0.0.1: IMAP over TLS alone, mail in Maildirs. Only root may start it."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.feedback.imap import ImapBox
from tests.transports.postfix import _certificate

_DOVECOT = shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
needs_dovecot = pytest.mark.skipif(
    not _DOVECOT or os.geteuid() != 0, reason="Dovecot is missing (make tools), or we are not root"
)
PASSWORD = "correct horse"
_CONF = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}/mail/%u
}}
first_valid_uid = 100
auth_failure_delay = 0
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    special_use = \\Junk
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass(frozen=True, kw_only=True)
class Dovecot:
    """A running Dovecot."""

    folder: Path
    port: int
    context: ssl.SSLContext  # trusts it

    def deliver(self, user: str, raw: bytes, *, name: str, folder: str = "") -> None:
        """Put a mail where a delivery agent would; ``folder`` is one of IMAP's, or the inbox."""
        home = self.folder / "mail" / user
        where = home / f".{folder}" if folder else home
        for part in ("tmp", "new", "cur"):
            (where / part).mkdir(parents=True, exist_ok=True)
        (where / "new" / f"{time.time_ns()}.{name}.example").write_bytes(raw)
        for path in (home, *home.rglob("*")):
            os.chown(path, 65534, 65534)

    def count(self, user: str, folder: str) -> int:
        """Return how many mails lie in a folder."""
        where = self.folder / "mail" / user / (f".{folder}" if folder else "")
        return len(list(where.glob("new/*"))) + len(list(where.glob("cur/*")))

    def box(self, user: str, **changes: object) -> ImapBox:
        """Open a user's mailbox."""
        options = {
            "username": user,
            "password": PASSWORD,
            "timeout": timedelta(seconds=10),
            "context": self.context,
        }
        return ImapBox("127.0.0.1", self.port, **(options | changes))  # type: ignore[arg-type] # as tests want it


@contextmanager
def dovecot(*users: str) -> Iterator[Dovecot]:
    """Run Dovecot for these users."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    os.chown(folder / "mail", 65534, 65534)
    (folder / "users").write_text("".join(f"{user}:{PASSWORD}\n" for user in users))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    context = ssl.create_default_context(cadata=_certificate(folder / "server.pem"))
    conf = folder / "dovecot.conf"
    conf.write_text(_CONF.format(folder=folder, port=port))
    server = subprocess.Popen(
        [_DOVECOT or "dovecot", "-F", "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                break
        else:
            log = folder / "log"
            raise RuntimeError(log.read_text()[-2000:] if log.exists() else "Dovecot does not start")
        yield Dovecot(folder=folder, port=port, context=context)
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
