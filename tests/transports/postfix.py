"""A real Postfix of our own on 127.0.0.1: STARTTLS and AUTH required, mail delivered to a maildir.

It has its own configuration and queue and leaves the system's alone. It starts only as root, who
alone may give its parts their users.
"""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_POSTFIX = shutil.which("postfix", path="/usr/sbin:/usr/local/sbin") or "postfix"
needs_postfix = pytest.mark.skipif(
    not shutil.which(_POSTFIX) or os.geteuid() != 0,
    reason="Postfix is missing (make tools), or we are not root",
)

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {folder}/server.pem
smtpd_tls_key_file = {folder}/server.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth_port}
smtpd_tls_auth_only = yes
smtpd_tls_received_header = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, kw_only=True)
class Postfix:
    """A running Postfix."""

    port: int
    inbox: Path
    context: ssl.SSLContext  # trusts it
    log: Path

    def delivered(self, count: int, *, seconds: float = 60) -> list[bytes]:
        """Return the messages in the maildir, as soon as there are ``count``."""
        ends = time.monotonic() + seconds
        while len(found := list(self.inbox.glob("new/*"))) < count and time.monotonic() < ends:
            time.sleep(0.05)
        return [path.read_bytes() for path in found]


class _Auth(socketserver.StreamRequestHandler):
    """As much of Dovecot's authentication protocol as Postfix speaks."""

    login = ("", "")

    def handle(self) -> None:
        mechanisms = b"MECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\n"
        self.wfile.write(b"VERSION\t1\t1\n" + mechanisms + b"SPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n")
        for line in self.rfile:
            verb, *words = line.decode().rstrip("\n").split("\t")
            if verb != "AUTH":
                continue
            told = next((word[5:] for word in words if word.startswith("resp=")), "")
            is_right = b64decode(told).decode().split("\0")[1:] == list(self.login)
            answer = f"OK\t{words[0]}\tuser={self.login[0]}\n" if is_right else f"FAIL\t{words[0]}\n"
            self.wfile.write(answer.encode())


class _AuthServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def postfix(login: tuple[str, str]) -> Iterator[Postfix]:
    """Run Postfix, which lets in ``login`` alone."""
    handler = type("Auth", (_Auth,), {"login": login})
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    with _AuthServer(("127.0.0.1", 0), handler) as auth:
        threading.Thread(target=auth.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield from _running(folder, auth.server_address[1])
        finally:
            auth.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


def _running(folder: Path, auth_port: int) -> Iterator[Postfix]:
    folder.chmod(0o755)
    for name in ("etc", "queue", "data", "log", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix", "postfix")
    os.chown(folder / "mail", 65534, 65534)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "etc" / "main.cf").write_text(_MAIN.format(folder=folder, auth_port=auth_port))
    (folder / "etc" / "master.cf").write_text(_MASTER.format(port=port))
    certificate = _certificate(folder / "server.pem")
    command = [_POSTFIX, "-c", str(folder / "etc")]
    started = subprocess.run([*command, "start"], capture_output=True, check=False)
    try:
        log = folder / "log" / "mail.log"
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                break
        else:
            raise RuntimeError((started.stderr.decode() + (log.read_text() if log.exists() else ""))[-2000:])
        context = ssl.create_default_context(cadata=certificate)
        yield Postfix(port=port, inbox=folder / "mail" / "inbox", context=context, log=log)
    finally:
        subprocess.run([*command, "stop"], capture_output=True, check=False)


def _certificate(path: Path) -> str:
    """Write a key and its certificate for 127.0.0.1, and return the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mx.example.org")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(secret + certificate)
    return certificate.decode()
