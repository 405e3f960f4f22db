"""What the doctor asks of others: SendGrid, and our own public address as mailbox providers reach it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.config import load
from newsletter.doctor.checks.public_url import NOBODY, ONE_CLICK
from newsletter.doctor.dns import Dns
from newsletter.doctor.examination import examine
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Health
from newsletter.migrations import migrate
from newsletter.testing.certificate import loopback_tls
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.web.public.leaving import NOBODYS
from tests.support import SEVEN, HandClock
from tests.web.support import a_house

KEY = "SG.stub-key.not-a-secret"
CONFIG = """
public_url = "{url}"
[transport]
kind = "sendgrid"
[transport.sendgrid]
api_key = "{key}"
host = "{host}"
[fetching]
allow = ["127.0.0.0/8"]
ports = [{port}]
[newsletters.ai_daily]
name = "早报"
sender = {{ address = "news@news.example.com" }}
"""


def found(
    tmp_path: Path, *only: str, url: str = "", host: str = "https://api.sendgrid.com", port: int = 80
) -> dict[str, Health]:
    (tmp_path / "config.toml").write_text(CONFIG.format(url=url, key=KEY, host=host, port=port), "utf-8")
    app = App(load(tmp_path / "config.toml"), clock=HandClock())
    app.make_keys()
    migrate(app.database)
    patient = Patient(app=app, dns=Dns("127.0.0.1:1"), now=SEVEN)
    results = list(examine(patient, only))
    app.close()
    return {result.check: result.health for result in results}


def test_sendgrid_is_asked_in_its_sandbox(tmp_path: Path) -> None:
    with StubSendGrid() as stub:
        health = found(tmp_path, "sendgrid", host=stub.url)

        assert health["sendgrid_scopes"] is Health.OK
        assert health["sendgrid_sending"] is Health.OK
        assert health["sendgrid_webhook"] is Health.WARN
        assert stub.messages == []


def test_a_key_that_may_not_send_fails(tmp_path: Path) -> None:
    with StubSendGrid(keys={KEY: ["stats.read"]}) as stub:
        assert found(tmp_path, "sendgrid", host=stub.url)["sendgrid_scopes"] is Health.FAIL


@contextmanager
def serving(status: int, *, tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """Answer every POST so; yield the port and what was posted."""
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            posted.append(self.path.encode() + b" " + self.rfile.read(length))
            self.send_response(status)
            self.send_header("location", "/login")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port, posted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "health"), [(200, Health.OK), (302, Health.FAIL), (403, Health.FAIL)])
def test_one_click_is_pressed_from_outside_in(tmp_path: Path, status: int, health: Health) -> None:
    with serving(status) as (port, posted):
        said = found(tmp_path, "public_url", url=f"http://127.0.0.1:{port}", port=port)

    assert said["one_click"] is health
    assert posted == [f"/leave/{NOBODY} ".encode() + ONE_CLICK]


def test_our_own_site_answers_that_press(tmp_path: Path) -> None:
    house = a_house(tmp_path)

    answer = house.client.post(f"/leave/{NOBODY}", content=ONE_CLICK)

    house.app.close()
    assert (answer.status_code, NOBODY in NOBODYS) == (200, True)


def test_nobody_there_fails(tmp_path: Path) -> None:
    with serving(200) as (port, _):
        pass

    assert (
        found(tmp_path, "public_url", url=f"http://127.0.0.1:{port}", port=port)["one_click"] is Health.FAIL
    )


def test_a_certificate_that_nobody_believes_fails(tmp_path: Path) -> None:
    with serving(200, tls=loopback_tls().server) as (port, _):
        said = found(tmp_path, "public_url", url=f"https://127.0.0.1:{port}", port=port)

    assert said["certificate"] is Health.FAIL


def test_one_that_is_believed_is_looked_at_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = loopback_tls()
    monkeypatch.setattr(ssl, "create_default_context", lambda: tls.client)
    with serving(200, tls=tls.server) as (port, _):
        said = found(tmp_path, "public_url", url=f"https://127.0.0.1:{port}", port=port)

    assert said["certificate"] in (Health.OK, Health.WARN)
