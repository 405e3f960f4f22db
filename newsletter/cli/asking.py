"""Asking whoever sets up an installation, one thing after the other; Enter takes what is proposed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from newsletter.cli import context

if TYPE_CHECKING:
    from newsletter.config.answers import Answers, Preset

_WORDS = {
    "name": ("Name of the newsletter", "简报名称"),
    "sender": ("It is sent from (an address of your domain)", "发件地址（用自己域名的）"),
    "public_url": (
        "Public address of the pages (https://…; empty: later)",
        "网页的公开地址（https://…，可留空以后再填）",
    ),
    "alarms": (
        "Who is told when something is wrong (an address; empty: nobody)",
        "出问题时通知谁（邮箱，可留空）",
    ),
    "transport": ("How is it sent? A number", "用什么发信？填序号"),
    "host": ("Host of the SMTP server", "SMTP 服务器地址"),
    "username": ("User name", "SMTP 用户名"),
    "password": ("Password (is not shown)", "SMTP 密码（不会显示）"),
    "api_key": ("API key with the right mail.send (is not shown)", "只有发信权限的 API Key（不会显示）"),
    "backups": (
        "Folder for nightly backups, better on another disk (empty: none)",
        "每晚备份放到哪个文件夹（最好在另一块磁盘，可留空）",
    ),
}
_SECRET = ("password", "api_key")


def ask() -> Answers:
    """Ask everything."""
    from newsletter.config.answers import Answers

    name = _one("name", "全球AI新闻速递")
    sender = _one("sender", "news@example.com")
    public_url = _one("public_url")
    preset = _preset()
    known = {each: _one(each) for each in preset.asks}
    return Answers(
        name=name,
        sender=sender,
        public_url=public_url.rstrip("/"),
        alarms=_one("alarms"),
        preset=preset,
        known=known,
        backups=_one("backups", "var/backups"),
    )


def _preset() -> Preset:
    from newsletter.config.answers import PRESETS

    for number, preset in enumerate(PRESETS, 1):
        typer.echo(f"  {number}  {preset.title}")
    while True:
        said = _one("transport", "1")
        if said.isdecimal() and 1 <= int(said) <= len(PRESETS):
            return PRESETS[int(said) - 1]


def _one(key: str, proposed: str = "") -> str:
    words = _WORDS[key][context.chinese()]
    return typer.prompt(
        words, default=proposed, show_default=bool(proposed), hide_input=key in _SECRET
    ).strip()


def tell_dns(sender: str, preset: str) -> None:
    """Say which records the sender's domain needs."""
    domain = sender.rpartition("@")[2]
    spf = "include:sendgrid.net" if preset == "sendgrid" else "mx"
    typer.echo("\nDNS / 需要添加的解析记录（如已有，请合并）:")
    typer.echo(f"  TXT  {domain}         v=spf1 {spf} ~all")
    typer.echo(f"  TXT  _dmarc.{domain}  v=DMARC1; p=none; rua=mailto:{sender}")
    if preset == "sendgrid":
        typer.echo("  SendGrid → Settings → Sender Authentication shows three more (CNAME)")
    else:
        typer.echo(f"  DKIM: shown by your provider, or: newsletter dkim new --domain {domain} --selector n1")


def make_passphrase(folder: Path) -> str:
    """Make the passphrase of backups; return its file, as config.toml names it."""
    from newsletter.backup.passphrase import new_passphrase

    name = "var/backup-passphrase"
    value = new_passphrase(folder / name)
    typer.echo(f"\nbackup passphrase / 备份口令: {value}")
    typer.echo("  KEEP A COPY elsewhere: without it no backup can be opened / 请另存一份，丢了就打不开备份")
    return name
