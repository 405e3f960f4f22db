"""The stub SendGrid as a process of its own, so that its time and memory are not ours.

``python -m newsletter.testing.sendgrid_process --check-every 100`` serves until its standard input
ends, and says first where; ``GET /count`` says what has come. From Python::

    with SendGridProcess() as sendgrid:
        transport = SendGridTransport(sendgrid.key, host=sendgrid.url)
        ...
        assert sendgrid.counts()["refs_twice"] == 0
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
from typing import Any, Self
from urllib.parse import urlsplit

from newsletter.testing import faults
from newsletter.testing.counting import COUNT, CountingSendGrid
from newsletter.testing.faults import Fault

KEY = "SG.stub-key.not-a-secret"
_TROUBLE: tuple[Fault, ...] = (
    faults.rate_limited(),
    faults.UNAVAILABLE,
    faults.BROKEN,
    faults.BROKEN.kept(),
    faults.BAD_GATEWAY,
    faults.RESET_AFTER_ACCEPT,
    faults.CLOSE_AFTER_ACCEPT,
    faults.WITHOUT_ID,
    faults.HALF_STATUS,
    faults.IDLE_CLOSE,
)


class SendGridProcess:
    """A stub in another process, for the time of a ``with`` block."""

    def __init__(self, *, check_every: int = 100, trouble: float = 0, seed: int = 0) -> None:
        self.key = KEY
        self.url = ""
        self._options = [f"--check-every={check_every}", f"--trouble={trouble}", f"--seed={seed}"]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "newsletter.testing.sendgrid_process", *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout  # noqa: S101  # it was asked for
        self.url = json.loads(self._process.stdout.readline())["url"]
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.communicate()

    @property
    def pid(self) -> int:
        """The process, so that its time and memory can be looked at."""
        return self._process.pid if self._process else 0

    def counts(self) -> dict[str, Any]:
        """Return what has come so far, and the processor time it took over there (``cpu_s``)."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            connection.request("GET", COUNT)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description="A stub SendGrid that counts, and reaches nobody.")
    parser.add_argument("--check-every", type=int, default=100, help="check one request in so many in full")
    parser.add_argument("--trouble", type=float, default=0, help="share of the requests that go wrong")
    parser.add_argument("--seed", type=int, default=0, help="which ones go wrong, and how")
    options = parser.parse_args()
    with CountingSendGrid(check_every=options.check_every, keys={KEY: ["mail.send"]}) as stub:
        stub.go_wrong(options.trouble, _TROUBLE, seed=options.seed)
        sys.stdout.write(json.dumps({"url": stub.url, "key": KEY}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
