"""The demo: the whole way of a digest, once, in a folder of its own. It touches nothing else."""

from __future__ import annotations

import os
import shutil
import time
from datetime import datetime
from importlib import resources
from pathlib import Path

import typer

from newsletter.app import App
from newsletter.cli.morning import print_report
from newsletter.config import load, packaged_config
from newsletter.migrations import migrate
from subscribers import Event, Evidence, apply, normalise

SAMPLE_DAY = datetime(2026, 11, 23).date()  # noqa: DTZ001 - a calendar day, not a moment
READERS = (
    ("lin.xiao@qq.com", None, Event.ENROLLED),
    ("chen.mo@163.com", None, Event.ENROLLED),
    ("zhou.yu@foxmail.com", None, Event.ENROLLED),
    ("he.qing@aliyun.com", None, Event.ENROLLED),
    ("sun.wei@gmail.com", None, Event.ENROLLED),
    ("alex.rivers@outlook.com", "en", Event.ENROLLED),
    ("wu.tong@example.com", None, Event.ENROLLED),
    ("not.yet.confirmed@example.com", None, Event.ASKED),
)
SETTLED_SECONDS = 10


def run(folder: Path) -> None:
    """Set up below ``folder`` what is missing there, send the sample edition and show the books."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    if not config.exists():
        text = packaged_config()
        text = text.replace(
            '# public_url = "https://news.example.com"', 'public_url = "https://news.example.com"'
        )
        config.write_text(text.replace('"var/', '"'), encoding="utf-8")
    app = App(load(config.resolve()))
    try:
        _show(app, folder)
    finally:
        app.close()


def _show(app: App, folder: Path) -> None:
    slug, newsletter = app.settings.newsletter(None)
    started = time.perf_counter()
    if not app.settings.keys.file.exists():
        app.make_keys()
    migrate(app.database)
    app.establish()
    _step(f"a database and keys of its own in {folder}/")

    with app.database.sessions.begin() as session:
        for address, language, event in READERS:
            apply(
                session,
                app.keys.addresses,
                normalise(address),
                newsletter=slug,
                event=event,
                evidence=Evidence(origin="demo", language=language),
                now=app.clock(),
            )
    _step(f"{len(READERS)} sample readers, one of them not yet confirmed")

    digest = (newsletter.source.folder or folder / "digests") / f"{SAMPLE_DAY}-ai-news.md"
    digest.parent.mkdir(parents=True, exist_ok=True)
    if not digest.exists():
        sample = resources.files("newsletter") / "samples" / digest.name
        with resources.as_file(sample) as path:
            shutil.copyfile(path, digest)
        # A digest that is still being written is not sent; this one has been lying there for a while.
        settled = time.time() - SETTLED_SECONDS
        os.utime(digest, (settled, settled))
    _step(f"a sample digest, {digest}")

    report = app.morning(slug).run(SAMPLE_DAY)
    if report.sent_now:
        _step(
            f"gate, render, freeze, send: {report.sent_now} emails in {time.perf_counter() - started:.1f} s"
        )
    else:
        _step("this edition has been sent before: nobody gets it twice, nothing was sent")
    typer.echo()
    print_report(report, newsletter.schedule.tz)
    outbox = app.settings.transport.file.folder / f"{slug}-{SAMPLE_DAY}"
    typer.echo()
    typer.echo("look at it:")
    typer.echo(f"  every email, .eml    {outbox}/index.html")
    typer.echo(f"  one as a web page    {outbox}/email.html")
    typer.echo("run it again, and nobody gets a second copy; delete the folder to start over")
    raise typer.Exit(report.exit_code)


def _step(text: str) -> None:
    typer.secho("✓ ", fg=typer.colors.GREEN, nl=False)
    typer.echo(text)
