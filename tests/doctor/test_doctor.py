"""The doctor: finds what is wrong, says how to mend it, and never takes silence for health."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.config import load
from newsletter.doctor import dns as asking
from newsletter.doctor.checks import CHECKS
from newsletter.doctor.checks.database import _is_faulty
from newsletter.doctor.dns import Dns
from newsletter.doctor.examination import examine
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Health, Result
from newsletter.errors import ConfigError
from newsletter.migrations import migrate
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.transports import dkim
from tests.doctor.nameserver import NameServer, Zone
from tests.support import SEVEN, HandClock

CONFIG = """
public_url = "https://news.example.com"
[transport]
kind = "smtp"
[transport.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
[[transport.smtp.dkim]]
domain = "example.com"
selector = "n2026"
key = "var/dkim.pem"
[newsletters.ai_daily]
name = "早报"
sender = {{ address = "news@news.example.com" }}
"""
GOOD: Zone = {
    ("news.example.com", "TXT"): ['"v=spf1 include:spf.example.net ~all"', '"google-site-verification=x"'],
    ("spf.example.net", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 -all"'],
    ("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:d@example.com"'],
    ("news.example.com", "MX"): ["20 later.example.com.", "10 mx.example.com."],
}


@dataclass
class Ward:
    """An installation to be examined, and its name server."""

    app: App
    zone: Zone
    server: NameServer

    def find(self, *only: str, dns: str = "") -> list[Result]:
        patient = Patient(app=self.app, dns=Dns(dns or self.server.address), now=self.app.clock())
        return list(examine(patient, only))

    def health(self, check: str) -> Health:
        (result,) = self.find(check)
        return result.health


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "dkim.pem"
    dkim.create(path, domain="example.com", selector="n2026")
    return path


@pytest.fixture
def ward(tmp_path: Path, pem: Path) -> Iterator[Ward]:
    (tmp_path / "config.toml").write_text(CONFIG.format(port=1), encoding="utf-8")
    (tmp_path / "config.toml").chmod(0o600)
    app = App(load(tmp_path / "config.toml"), clock=HandClock())
    app.make_keys()
    migrate(app.database)
    app.establish()
    shutil.copy(pem, tmp_path / "var" / "dkim.pem")
    key = dkim.load(pem, domain="example.com", selector="n2026")
    halves = f'"{key.record[:200]}" "{key.record[200:]}"'
    with NameServer({**GOOD, (key.name, "TXT"): [halves]}) as server:
        yield Ward(app, server.zone, server)
    app.close()


@pytest.mark.parametrize("check", ["spf", "dkim", "dmarc", "mx", "files", "database"])
def test_what_is_well_is_said_to_be(ward: Ward, check: str) -> None:
    assert Health.OK in {result.health for result in ward.find(check)}
    assert Health.FAIL not in {result.health for result in ward.find(check)}


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "no SPF record"),
        (['"v=spf1 ~all"', '"v=spf1 mx ~all"'], "2 SPF records"),
        (['"v=spf1 +all"'], "anybody may send"),
        ([f'"v=spf1 {" ".join(f"a:{n}.example.net" for n in range(11))} ~all"'], "11 questions"),
    ],
)
def test_a_wrong_spf_record_fails(ward: Ward, records: list[str], words: str) -> None:
    ward.zone["news.example.com", "TXT"] = records

    (result,) = ward.find("spf")

    assert (result.health, words in result.says.en) == (Health.FAIL, True)
    assert result.remedy


def test_a_record_that_leads_to_itself_ends(ward: Ward) -> None:
    ward.zone["spf.example.net", "TXT"] = ['"v=spf1 include:spf.example.net ~all"']

    assert ward.health("spf") is Health.OK


def test_a_missing_and_another_dkim_key_fail_with_the_record_to_publish(ward: Ward) -> None:
    name = ("n2026._domainkey.example.com", "TXT")
    ward.zone[name] = ['"v=DKIM1; k=rsa; p=MIIBothers"']
    (other,) = ward.find("dkim")
    del ward.zone[name]
    (missing,) = ward.find("dkim")

    for result in (other, missing):
        assert result.health is Health.FAIL
        assert result.remedy
        assert "v=DKIM1; k=rsa; p=" in result.remedy.en


@pytest.mark.parametrize(
    ("record", "health"),
    [('"v=DMARC1; p=none"', Health.WARN), ('"v=DMARC1; rua=x"', Health.FAIL), (None, Health.FAIL)],
)
def test_dmarc_is_read_from_the_domain_above(ward: Ward, record: str | None, health: Health) -> None:
    del ward.zone["_dmarc.example.com", "TXT"]
    if record:
        ward.zone["_dmarc.example.com", "TXT"] = [record]

    assert ward.health("dmarc") is health


def test_a_domain_that_takes_no_mail_fails(ward: Ward) -> None:
    del ward.zone["news.example.com", "MX"]

    assert ward.health("mx") is Health.FAIL


def test_a_name_server_that_says_nothing_leaves_it_not_checked(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SECONDS", 0.2)
    with NameServer({}, is_silent=True) as silent:
        found = ward.find("spf", "dkim", "dmarc", "mx", dns=silent.address)

    assert {result.health for result in found} == {Health.NOT_CHECKED}


def test_an_smtp_server_is_reached_or_not(ward: Ward, tmp_path: Path) -> None:
    away = ward.health("smtp")
    with SmtpSink() as sink:
        (tmp_path / "config.toml").write_text(CONFIG.format(port=sink.port), encoding="utf-8")
        ward.app.settings = load(tmp_path / "config.toml")
        there = ward.health("smtp")

    assert (away, there) == (Health.FAIL, Health.OK)


def test_files_others_may_read_fail(ward: Ward, tmp_path: Path) -> None:
    (tmp_path / "config.toml").chmod(0o644)

    (result,) = ward.find("files")

    assert result.health is Health.FAIL
    assert result.remedy
    assert "chmod 600" in result.remedy.en


def test_a_backup_that_is_old_fails(ward: Ward, tmp_path: Path) -> None:
    from pydantic import SecretStr

    from newsletter.backup.tables import BackupRun

    backup = ward.app.settings.backup.model_copy(
        update={"folder": tmp_path / "b", "passphrase": SecretStr("a-long-passphrase")}
    )
    ward.app.settings = ward.app.settings.model_copy(update={"backup": backup})
    with ward.app.database.sessions.begin() as session:
        session.add(BackupRun(owner="w", started_at=SEVEN - timedelta(hours=40), file="x", size=1))

    first = ward.find("backups")[0]
    assert (first.check, first.health) == ("backup", Health.FAIL)


@pytest.mark.parametrize(
    ("version", "faulty"),
    [((3, 40, 1), True), ((3, 44, 6), False), ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 2), True),
     ((3, 51, 3), False), ((3, 52, 0), False), ((3, 44, 5), True)],
)  # fmt: skip
def test_the_versions_of_sqlite_with_the_fault_are_known(version: tuple[int, ...], faulty: bool) -> None:
    assert _is_faulty(version) is faulty


def test_a_check_that_fails_itself_does_not_end_the_others(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_patient: Patient) -> Iterator[Result]:
        raise RuntimeError("oh")
        yield  # which makes it a generator

    monkeypatch.setitem(CHECKS, "room", broken)

    found = {result.check: result.health for result in ward.find("room", "files")}

    assert found == {"files": Health.OK, "room": Health.NOT_CHECKED}
    assert "check failed" in caplog.text


def test_an_unknown_check_is_refused(ward: Ward) -> None:
    with pytest.raises(ConfigError, match="there is no check nonsense"):
        ward.find("nonsense")


def test_everything_offline_asks_nobody_and_says_so(ward: Ward) -> None:
    with NameServer({}, is_silent=True) as silent:
        patient = Patient(app=ward.app, dns=Dns(silent.address), now=SEVEN, is_offline=True)
        found = list(examine(patient))

    assert {"spf", "dkim", "dmarc", "mx", "ptr", "smtp", "public_url"} <= {
        result.check for result in found if result.health is Health.NOT_CHECKED
    }
    for result in found:
        assert result.says.zh
        assert result.says.en
        assert (result.remedy is not None) == (result.health in (Health.WARN, Health.FAIL))
    assert json.dumps([str(result) for result in found])
