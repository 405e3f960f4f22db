"""``newsletter dkim new``: a key on the disk, and a record to publish."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.cli.main import app
from newsletter.errors import ConfigError
from newsletter.transports import dkim

ARGUMENTS = ["dkim", "new", "--domain", "news.example.com", "--selector", "n2026"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_new_key_lies_in_var_and_its_record_is_printed(kind: str) -> None:
    result = CliRunner().invoke(app, [*ARGUMENTS, *(["--ed25519"] if kind == "ed25519" else [])])

    assert result.exit_code == 0, result.output
    path = Path("var/dkim-n2026.pem")
    key = dkim.load(path, domain="news.example.com", selector="n2026")
    assert path.stat().st_mode & 0o777 == 0o600
    assert f"name   n2026._domainkey.news.example.com\n  value  {key.record}\n" in result.output
    strings = re.findall(r'"(v=DKIM1[^"]*|[A-Za-z0-9+/=]+)"', result.output.partition("zone file")[2])
    assert "".join(strings[: 2 if kind == "rsa" else 1]) == key.record
    assert max(map(len, strings)) <= 255
    assert "PRIVATE" not in result.output


def test_a_key_is_never_overwritten() -> None:
    CliRunner().invoke(app, ARGUMENTS)
    before = Path("var/dkim-n2026.pem").read_bytes()

    result = CliRunner().invoke(app, ARGUMENTS)

    assert isinstance(result.exception, ConfigError)
    assert Path("var/dkim-n2026.pem").read_bytes() == before


@pytest.mark.parametrize("wrong", [["--selector", "a b"], ["--domain", "example"], ["--domain", "例子.中国"]])
def test_what_is_no_name_of_the_dns_is_refused(wrong: list[str]) -> None:
    result = CliRunner().invoke(app, [*ARGUMENTS, *wrong])

    assert isinstance(result.exception, ConfigError)
    assert not Path("var").exists()
