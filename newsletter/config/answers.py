"""What a person answers when an installation is made, and the config.toml that comes of it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A way out that many use, so that nobody has to look for its host and port."""

    name: str
    title: str  # in both languages
    settings: Mapping[str, Mapping[str, str | int]]  # by section
    asks: tuple[str, ...] = ()  # what only the person knows


def _smtp(name: str, title: str, host: str) -> Preset:
    # Port 465: many clouds shut 25 and 587 for their customers.
    server = {"host": host, "port": 465, "security": "tls"}
    return Preset(
        name=name,
        title=title,
        settings={"transport": {"kind": "smtp"}, "transport.smtp": server},
        asks=("username", "password"),
    )


PRESETS: tuple[Preset, ...] = (
    Preset(
        name="file",
        title="only files, to try it out / 先写成文件，试用",
        settings={"transport": {"kind": "file"}},
    ),
    Preset(
        name="sendgrid",
        title="SendGrid",
        settings={"transport": {"kind": "sendgrid"}},
        asks=("api_key",),
    ),
    _smtp("aliyun", "Aliyun Direct Mail / 阿里云邮件推送", "smtpdm.aliyun.com"),
    _smtp("tencent", "Tencent Cloud SES / 腾讯云邮件推送", "smtp.qcloudmail.com"),
    _smtp("exmail", "Tencent Exmail / 腾讯企业邮", "smtp.exmail.qq.com"),
    _smtp("qiye163", "NetEase Qiye / 网易企业邮", "smtp.qiye.163.com"),
    Preset(
        name="smtp",
        title="another SMTP server / 其他 SMTP 服务器",
        settings={"transport": {"kind": "smtp"}, "transport.smtp": {"port": 465, "security": "tls"}},
        asks=("host", "username", "password"),
    ),
)
# Where an answer to a preset's question goes.
_PLACES = {
    "host": ("transport.smtp", "host"),
    "username": ("transport.smtp", "username"),
    "password": ("transport.smtp", "password"),
    "api_key": ("transport.sendgrid", "api_key"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that is asked. What is empty stays as it is in the file."""

    name: str = ""
    sender: str = ""
    public_url: str = ""
    alarms: str = ""  # whom to tell when something is wrong
    preset: Preset = PRESETS[0]
    known: Mapping[str, str] = field(default_factory=dict)  # by what the preset asks
    backups: str = ""  # a folder
    passphrase_file: str = ""


def filled(text: str, answers: Answers) -> str:
    """Return the commented config.toml with the answers in it."""
    slug = "ai_daily"
    wanted: list[tuple[str, str, object]] = [
        ("", "public_url", answers.public_url),
        (f"newsletters.{slug}", "name", answers.name),
        (f"newsletters.{slug}.sender", "address", answers.sender),
        ("alarms", "email", [answers.alarms] if answers.alarms else ""),
        ("backup", "folder", answers.backups),
        ("backup", "passphrase_file", answers.passphrase_file),
    ]
    for section, values in answers.preset.settings.items():
        wanted += [(section, key, value) for key, value in values.items()]
    wanted += [(*_PLACES[name], value) for name, value in answers.known.items()]
    for section, key, value in wanted:
        if value != "":
            text = put(text, section, key, value)
    return text


def put(text: str, section: str, key: str, value: object) -> str:
    """Set one key of a section, in the place where the file has or explains it. Raises ``KeyError``."""
    lines = text.split("\n")
    start = 0
    if section:
        start = next((n for n, line in enumerate(lines) if _heading(line) == section), -1) + 1
        if not start:
            raise KeyError(section)
    end = next((n for n in range(start, len(lines)) if _heading(lines[n])), len(lines))
    written = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    is_it = re.compile(rf"(?:# )?{re.escape(key)}\s*[=:]")
    for number in range(start, end):
        if is_it.match(lines[number]):
            lines[number] = written
            return "\n".join(lines)
    lines.insert(start, written)
    return "\n".join(lines)


def _heading(line: str) -> str:
    found = re.match(r"\[([a-z_0-9.]+)\]", line)
    return found[1] if found else ""
