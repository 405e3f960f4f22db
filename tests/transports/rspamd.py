"""A real rspamd of our own on 127.0.0.1, whose DNS is what we say: for scores, offline."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_RSPAMD = shutil.which("rspamd") or "rspamd"
needs_rspamd = pytest.mark.skipif(not shutil.which(_RSPAMD), reason="rspamd is missing: make tools")

_START_SECONDS = 90


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What rspamd thinks of a message."""

    score: float
    symbols: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Rspamd:
    """A running rspamd."""

    port: int

    def verdict(self, message: bytes, *, sender: str, recipient: str) -> Verdict:
        """Return what it thinks of ``message``, come from a well-kept server."""
        headers = {
            "IP": "192.0.2.10",
            "Helo": "mta.news.example.com",
            "Hostname": "mta.news.example.com",
            "From": sender,
            "Rcpt": recipient,
        }
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/checkv2", data=message, headers=headers
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        return Verdict(score=told["score"], symbols=frozenset(told["symbols"]))


@contextmanager
def rspamd(records: Mapping[str, str], hosts: Mapping[str, str]) -> Iterator[Rspamd]:
    """Run rspamd; ``records`` are all the TXT records in the world, ``hosts`` all the addresses."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="rspamd-"))
    for name in ("local.d", "db", "run", "log"):
        (folder / name).mkdir()
    kinds = [("txt", name, text) for name, text in records.items()]
    kinds += [("a", name, address) for name, address in hosts.items()]
    fake = ", ".join(
        f'{{ name = "{name}"; type = "{kind}"; replies = ["{text}"]; }}' for kind, name, text in kinds
    )
    settings = {
        "worker-normal.inc": f'bind_socket = "127.0.0.1:{port}";\ncount = 1;\n',
        **{f"worker-{other}.inc": "enabled = false;\n" for other in ("controller", "proxy", "fuzzy")},
        "logging.inc": 'type = "console";\nlevel = "notice";\n',
        "fuzzy_check.conf": "enabled = false;\n",
        "rbl.conf": "enabled = false;\n",
        # Port 1 answers nobody, at once: all there is in the DNS is here.
        "options.inc": 'dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; '
        f"fake_records = [{fake}]; }}\n",
    }
    for name, text in settings.items():
        (folder / "local.d" / name).write_text(text)
    places = {"LOCAL_CONFDIR": folder, "DBDIR": folder / "db", "RUNDIR": folder / "run"}
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [_RSPAMD, "-i", "-f", "-c", "/etc/rspamd/rspamd.conf"]
            + [f"--var={name}={value}" for name, value in (places | {"LOGDIR": folder / "log"}).items()],
            stdout=out,
            stderr=out,
        )
    try:
        _wait_for(port, process, folder / "out")
        yield Rspamd(port=port)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int, process: subprocess.Popen[bytes], out: Path) -> None:
    ends = time.monotonic() + _START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(out.read_text()[-2000:])
