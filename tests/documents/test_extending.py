"""Every example of docs/extending.md is run as it stands there."""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.app import App
from newsletter.config import NewsletterSettings, load
from newsletter.digests.sources import Wanted
from newsletter.errors import ConfigError
from newsletter.mailing import Copy
from newsletter.morning import prove
from newsletter.rendering.renderer import Renderer
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict
from tests.digests.support import a_digest
from tests.support import SLUG, URLS, a_mailing
from tests.tools import ROOT

GUIDE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
DAY = date(2026, 11, 23)


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.S)


def block(kind: str, holding: str) -> str:
    [found] = [each for each in blocks(kind) if holding in each]
    return found


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the packages of the guide, and return the folder of an installation."""
    (tmp_path / "acme_mail.py").write_text(block("python", "class AcmeTransport"), encoding="utf-8")
    (tmp_path / "cms_source.py").write_text(block("python", "class CmsSource"), encoding="utf-8")
    offers = [tomllib.loads(each) for each in blocks("toml")]
    points = [each for offer in offers for each in (offer.get("project", {}).get("entry-points", {})).items()]
    info = tmp_path / "house-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {to}\n" for name, to in each.items())
            for group, each in points
        )
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


class Acme(BaseHTTPRequestHandler):
    """The provider of the guide: takes a copy, or answers with what the test wants."""

    status = 200
    got: list[dict[str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        type(self).got.append(json.loads(body) | {"token": self.headers["authorization"]})
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b'{"id": "acme-1"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def acme() -> Iterator[tuple[str, type[Acme]]]:
    handler = type("Handler", (Acme,), {"got": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/send", handler
        server.shutdown()
        serving.join()


def opened(folder: Path, given: str, **replacing: str) -> App:
    for old, new in replacing.items():
        given = given.replace(old, new)
    (folder / "config.toml").write_text(given, encoding="utf-8")
    return App(load(folder / "config.toml"))


def sent(app: App) -> list[Outcome | None]:
    values = {
        "message_id": "1@example.com",
        "address": "zhang@example.com",
        "leave_url": "https://news.example.com/l/x",
    }
    copy = Copy(ref="1", address="zhang@example.com", values=values)
    return list(app.transport.send(a_mailing(), [copy], call_id="c1"))


CONFIG = block("toml", "[transport.own]") + '\n[newsletters.ai_daily]\nname = "早读"\n'


def test_the_transport_of_the_guide_hands_a_copy_over(installed: Path, acme: tuple[str, type[Acme]]) -> None:
    url, far_side = acme
    app = opened(installed, CONFIG.replace("https://api.acme.example/send", url))

    [outcome] = sent(app)

    assert outcome is not None
    assert (outcome.verdict, outcome.provider_id) == (Verdict.ACCEPTED, "acme-1")
    [got] = far_side.got
    assert got["to"] == "zhang@example.com"
    assert got["token"] == "Bearer made-up"
    assert "Content-Type: multipart/alternative" in got["mime"]


@pytest.mark.parametrize(
    ("status", "error"), [(401, Misconfigured), (429, Unavailable), (503, Unavailable), (422, None)]
)
def test_the_transport_of_the_guide_reacts_as_it_says(
    installed: Path, acme: tuple[str, type[Acme]], status: int, error: type[Exception] | None
) -> None:
    url, far_side = acme
    far_side.status = status
    app = opened(installed, CONFIG.replace("https://api.acme.example/send", url))

    if error:
        with pytest.raises(error):
            sent(app)
    else:
        [outcome] = sent(app)
        assert outcome is not None
        assert outcome.verdict is Verdict.REFUSED


def test_an_own_transport_reaches_real_readers_so_they_must_be_able_to_leave(installed: Path) -> None:
    assert "public_url is empty" in opened(installed, CONFIG).refusal()


def test_the_source_of_the_guide_finds_the_digest_of_the_day(installed: Path) -> None:
    source = block("toml", "[newsletters.ai_daily.source]")
    app = opened(installed, '[newsletters.ai_daily]\nname = "早读"\n' + source)

    found = app.source("ai_daily").find(
        Wanted(
            day=DAY,
            now=datetime(2026, 11, 22, 23, 30, tzinfo=UTC),
            tz=ZoneInfo("Asia/Shanghai"),
            newsletter_name="早读",
            max_age=timedelta(hours=20),
        )
    )

    assert found.chosen is not None
    assert found.chosen.digest.stories[0].title_text == "题"


def test_a_name_that_nobody_offers_is_an_error_that_tells_what_there_is(installed: Path) -> None:
    app = opened(installed, CONFIG.replace('name = "acme"', 'name = "akme"'))

    with pytest.raises(ConfigError, match=r"transport.own.name = 'akme'.*there are: acme"):
        _ = app.transport


def test_options_that_do_not_fit_are_an_error_with_the_setting(installed: Path) -> None:
    app = opened(installed, CONFIG.replace("url =", "uri ="))

    with pytest.raises(ConfigError, match=r"transport.own.name = 'acme'.*unexpected keyword"):
        _ = app.transport


def test_the_template_of_the_guide_makes_the_subject(installed: Path) -> None:
    folder = installed / "my-templates" / "daily"
    folder.mkdir(parents=True)
    (folder / "subject.txt.j2").write_text(blocks("jinja")[0], encoding="utf-8")
    newsletter = NewsletterSettings(name="早读")
    digest = a_digest("1. [题](https://example.com/a)\n\n   正文。\n")

    proof = prove(
        digest, SLUG, newsletter, renderer=Renderer([installed / "my-templates"]), urls=URLS, day=DAY
    )

    assert proof.mailing.subject == "题（11月23日）"
