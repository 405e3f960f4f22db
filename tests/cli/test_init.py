"""Setting up by answering: what comes of it can be loaded, and says what was answered."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.cli.main import app
from newsletter.config import TransportKind, load, packaged_config
from newsletter.config.answers import PRESETS, Answers, filled, put
from tests.cli.conftest import Run


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_preset_makes_a_configuration_that_loads(tmp_path: Path, preset: object) -> None:
    chosen = next(each for each in PRESETS if each is preset)
    answers = Answers(
        name='早"报\\',
        sender="news@news.example.org",
        public_url="https://news.example.org",
        alarms="me@example.org",
        preset=chosen,
        known={name: f"the-{name}.example" for name in chosen.asks},
        backups="var/backups",
        passphrase_file="var/backup-passphrase",
    )
    (tmp_path / "config.toml").write_text(filled(packaged_config(), answers), encoding="utf-8")

    settings = load(tmp_path / "config.toml")

    newsletter = settings.newsletters["ai_daily"]
    assert (newsletter.name, newsletter.sender.address) == ('早"报\\', "news@news.example.org")
    assert settings.public_url == "https://news.example.org"
    assert settings.alarms.email == ("me@example.org",)
    assert settings.backup.folder == tmp_path / "var" / "backups"
    smtp, sendgrid = settings.transport.smtp, settings.transport.sendgrid
    match settings.transport.kind:
        case TransportKind.SMTP:
            assert (smtp.port, smtp.security) == (465, "tls")
            assert smtp.password.get_secret_value() == "the-password.example"
        case TransportKind.SENDGRID:
            assert sendgrid.api_key.get_secret_value() == "the-api_key.example"
        case kind:
            assert kind is TransportKind.FILE


def test_what_is_not_answered_stays_as_it_was() -> None:
    assert filled(packaged_config(), Answers()) == put(packaged_config(), "transport", "kind", "file")


def test_a_whole_installation_is_made_by_answering(tmp_path: Path) -> None:
    home = tmp_path / "home"
    answers = [
        "早报",
        "news@example.org",
        "https://news.example.org",
        "3",
        "user",
        "s3cr3t-pw",
        "me@example.org",
        "b",
    ]

    ended = CliRunner().invoke(app, ["init", str(home), "--ask"], input="\n".join(answers) + "\n")

    assert ended.exit_code == 0, ended.output
    settings = load(home / "config.toml")
    assert settings.transport.smtp.host == "smtpdm.aliyun.com"
    assert settings.transport.smtp.password.get_secret_value() == "s3cr3t-pw"
    assert "s3cr3t-pw" not in ended.output
    assert (home / "config.toml").stat().st_mode & 0o077 == 0
    passphrase = (home / "var" / "backup-passphrase").read_text().strip()
    assert passphrase in ended.output
    assert "v=spf1" in ended.output
    assert "doctor" in ended.output


def test_without_a_terminal_nothing_is_asked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    assert run("init", tmp_path / "home").code == 0
    assert (tmp_path / "home" / "config.toml").read_text(encoding="utf-8") == packaged_config()
