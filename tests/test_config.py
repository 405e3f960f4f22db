"""The settings: a typo is an error with its place, never a default."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import Settings, TransportKind, find_config, load, packaged_config
from newsletter.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


MINIMAL = '[newsletters.ai_daily]\nname = "速递"\n'


def test_the_packaged_default_works_as_it_stands(tmp_path: Path) -> None:
    settings = load(write(tmp_path, packaged_config()))

    slug, newsletter = settings.newsletter(None)
    assert slug == "ai_daily"
    assert newsletter.schedule.send_at == time(7, 30)
    assert newsletter.schedule.zone == "Asia/Shanghai"
    assert settings.transport.kind is TransportKind.FILE


def test_the_packaged_default_says_what_the_code_would_do_anyway(tmp_path: Path) -> None:
    written = load(write(tmp_path, packaged_config()))
    bare = load(write(tmp_path, '[newsletters.ai_daily]\nname = "全球AI新闻速递"\n'))

    for section in ("public_url", "database", "keys", "transport", "sending"):
        assert getattr(written, section) == getattr(bare, section)
    # Trust is given and never a default: only the packaged file says that digests may go out by themselves.
    apart: Any = {"description": True, "source": {"unattended"}}
    told = written.newsletters["ai_daily"].model_dump(exclude=apart)
    assert told == bare.newsletters["ai_daily"].model_dump(exclude=apart)
    assert written.newsletters["ai_daily"].source.unattended
    assert not bare.newsletters["ai_daily"].source.unattended


def test_relative_paths_count_from_the_file_wherever_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, MINIMAL)
    monkeypatch.chdir("/")

    settings = load(path)

    assert settings.keys.file == tmp_path / "var/keys.toml"
    assert settings.database.url == f"sqlite:///{tmp_path}/var/newsletter.db"
    assert settings.newsletters["ai_daily"].source.folder == tmp_path / "digests"
    assert settings.transport.file.folder == tmp_path / "var/outbox"


def test_the_environment_overrides_one_key_and_leaves_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, MINIMAL + '[transport.smtp]\nhost = "mx.example.com"\n')
    monkeypatch.setenv("NEWSLETTER_TRANSPORT__SMTP__PORT", "465")
    monkeypatch.setenv("NEWSLETTER_NEWSLETTERS__AI_DAILY__SENDER__ADDRESS", "a@example.com")

    settings = load(path)

    assert (settings.transport.smtp.host, settings.transport.smtp.port) == ("mx.example.com", 465)
    assert settings.newsletters["ai_daily"].sender.address == "a@example.com"
    assert settings.newsletters["ai_daily"].name == "速递"


def test_a_secret_can_come_from_a_file_and_never_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("SG.very-secret\n", encoding="utf-8")
    monkeypatch.setenv("NEWSLETTER_TRANSPORT__SENDGRID__API_KEY_FILE", str(tmp_path / "secret"))

    settings = load(write(tmp_path, MINIMAL))

    assert settings.transport.sendgrid.api_key.get_secret_value() == "SG.very-secret"
    assert "very-secret" not in repr(settings)


def test_a_key_that_is_called_file_is_no_secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_KEYS__FILE", str(tmp_path / "elsewhere.toml"))

    assert load(write(tmp_path, MINIMAL)).keys.file == tmp_path / "elsewhere.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[databse]\nurl = 'x'\n", "databse: no such setting"),
        ("[transport]\nkind = 'fax'\n", "transport.kind: "),
        ("[database]\nurl = 'mysql://x'\n", "database.url: must start with sqlite:/// or postgresql://"),
        ("public_url = 'news.example.com'\n", "public_url: must be an absolute URL"),
        ("[newsletters.Foo]\nname = 'x'\n", "newsletters: [newsletters.Foo]: a slug is"),
        ("[newsletters.foo]\n", "newsletters.foo.name: Field required"),
        ('[newsletters.foo]\nname = "a\\nb"\n', "newsletters.foo.name: must be one line"),
        (
            "[newsletters.foo]\nname = 'x'\nschedule.zone = 'Mars'\n",
            "newsletters.foo.schedule.zone: 'Mars' is not",
        ),
        (
            "[newsletters.foo]\nname = 'x'\nsender.address = 'a@例子.中国'\n",
            "sender.address: must be an ASCII",
        ),
        ("[sending]\nbatch_size = 0\n", "sending.batch_size: "),
        ("a = \n", "line 1"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)

    with pytest.raises(ConfigError) as refused:
        load(path)

    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("name", ["NEWSLETTER_DATABASE__URI", "NEWSLETTER_DATABSE__URL", "NEWSLETTER_PUBLIC"])
def test_a_typo_in_a_variable_is_an_error_that_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")

    with pytest.raises(ConfigError, match=name):
        load(write(tmp_path, MINIMAL))


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_TRANSPORT__SMTP__PASSWORD_FILE", "/nowhere")

    with pytest.raises(ConfigError, match="PASSWORD_FILE: cannot read /nowhere"):
        load(write(tmp_path, MINIMAL))


def test_a_byte_order_mark_is_tolerated_and_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())
    assert load(path).newsletters

    path.write_bytes(MINIMAL.encode("gb18030"))
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        load(path)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="newsletter init"):
        find_config(tmp_path / "config.toml")


def test_two_newsletters_must_be_told_apart(tmp_path: Path) -> None:
    settings = load(write(tmp_path, MINIMAL + '[newsletters.cars]\nname = "车"\n'))

    with pytest.raises(ConfigError, match="--newsletter"):
        settings.newsletter(None)
    with pytest.raises(ConfigError, match="configured: ai_daily, cars"):
        settings.newsletter("bikes")
    assert settings.newsletter("cars")[0] == "cars"


def test_settings_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    settings: Settings = load(write(tmp_path, MINIMAL))

    with pytest.raises(ValueError, match="frozen"):
        settings.public_url = "https://other.example"


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ('folder = "digests"\nurl = "https://a.example/{date}.md"', "folder and url are set"),
        ('url = "https://a.example/x.md"\nfeed = "https://a.example/feed"', "url and feed are set"),
        ('url = "ftp://a.example/x.md"', "must be an address"),
        ('url = "https://user:pass@a.example/x.md"', "must be an address"),
        ('url = "https://a.example/{day}.md"', "{day} is none of"),
        ('feed_entries = "stories"', "no feed is set"),
    ],
)
def test_digests_come_from_one_place(tmp_path: Path, source: str, wrong: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[newsletters.x]\nname = "X"\n[newsletters.x.source]\n{source}\n')

    with pytest.raises(ConfigError, match=r"newsletters\.x\.source") as error:
        load(file)

    assert wrong in str(error.value)


def test_a_url_source_needs_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[newsletters.x]\nname = "X"\n[newsletters.x.source]\nurl = "https://a.example/{date}.md"\n'
    )

    assert load(file).newsletters["x"].source.folder is None
