"""Looking at a digest: ``render`` and ``check``. Neither needs a database, keys or readers."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.errors import ExitCode

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.config import NewsletterSettings
    from newsletter.morning import Proof
    from newsletter.morning.evidence import Known

File = Annotated[Path, typer.Argument(help="A digest: a Markdown file.", exists=True, dir_okay=False)]
MaybeFile = Annotated[
    Path | None,
    typer.Argument(help="A digest: a Markdown file, or - for standard input.", show_default="the coming one"),
]
Day = Annotated[
    datetime | None,
    typer.Option("--day", formats=["%Y-%m-%d"], help="The day it goes out.", show_default="today"),
]
Newsletter = Annotated[
    str | None,
    typer.Option("--newsletter", "-n", help="Its name in the configuration.", show_default="the only one"),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(render)
    app.command()(check)


def render(
    file: File,
    out: Annotated[
        Path, typer.Option("--out", help="Where to write subject.txt, email.html, email.txt, message.eml.")
    ],
    day: Day = None,
    newsletter: Newsletter = None,
) -> None:
    """Turn a digest into the email it would become, findings or not."""
    from newsletter.rendering.sample import sample_copy
    from newsletter.transports.mime import Prepared

    app, slug, proof = _proof(file, day, newsletter)
    mailing = proof.mailing
    copy = sample_copy(mailing, app.urls(slug))
    filled = mailing.fill(copy)
    out.mkdir(parents=True, exist_ok=True)
    message = Prepared(mailing).message(copy, app.clock())
    (out / "subject.txt").write_text(mailing.subject + "\n", encoding="utf-8")
    (out / "email.html").write_text(filled.html, encoding="utf-8")
    (out / "email.txt").write_text(filled.text, encoding="utf-8")
    (out / "message.eml").write_bytes(message)
    typer.echo(f"{mailing.subject}")
    sizes = f"HTML {len(filled.html.encode()):,} bytes, message {len(message):,} bytes"
    typer.echo(f"{len(proof.digest.stories)} stories, {sizes} -> {out}/")
    print_findings(proof)


def check(
    file: MaybeFile = None,
    day: Day = None,
    newsletter: Newsletter = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Open its links and images, as a morning does.")
    ] = False,
) -> None:
    """Say whether a digest would go out unattended; exit code 3 when it would be held, or there is none.

    Without FILE it is the one that would be the next edition, from where the digests come from; `-` reads it
    from standard input.
    """
    from newsletter.morning import as_json as finding_json

    proof = _coming(day, newsletter, probe) if file is None else _proof(file, day, newsletter, probe=probe)[2]
    if as_json:
        report = {
            "file": str(file or proof.digest.file),
            "title": proof.digest.title,
            "day": proof.day.isoformat(),
            "held": proof.held,
            "findings": [finding_json(finding) for finding in proof.findings],
            "not_checked": [
                {"checks": list(each.checks), "because": {"zh-CN": each.because_zh, "en": each.because_en}}
                for each in proof.not_checked
            ],
            "probes": {
                url: {
                    "reach": found.reach.value,
                    "status": found.status,
                    "detail": found.detail,
                    "bytes": found.bytes,
                }
                for url, found in proof.probes.items()
            },
        }
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        print_findings(proof)
        print_not_checked(proof)
        for url, found in proof.probes.items():
            typer.echo(f"{found.reach}  {url}  {found.detail}")
        typer.echo("held" if proof.held else "would go out")
    if proof.held:
        raise typer.Exit(ExitCode.HELD)


def _proof(
    file: Path, day: datetime | None, newsletter: str | None, *, probe: bool = False
) -> tuple[App, str, Proof]:
    from newsletter.digests.reader import read
    from newsletter.morning import prove, read_digest

    app = context.open_app(current=False)
    slug, settings = app.settings.newsletter(newsletter)
    today = app.clock().astimezone(settings.schedule.tz).date()
    wanted = day.date() if day else None
    if str(file) == "-":
        digest = read(
            sys.stdin.buffer.read(),
            file="-",
            newsletter_name=settings.name,
            tz=settings.schedule.tz,
            default_day=wanted or today,
        )
    else:
        digest = read_digest(file, settings, default_day=wanted or today)
    going_out = wanted or digest.day
    proof = prove(
        digest,
        slug,
        settings,
        renderer=app.renderer,
        urls=app.urls(slug),
        day=going_out,
        known=_known(app, slug, settings, going_out),
        probes=app.prober(remembers=False).probe(digest) if probe else None,
        now=app.clock(),
    )
    return app, slug, proof


def _coming(day: datetime | None, newsletter: str | None, probe: bool) -> Proof:
    """Examine what the source holds for a day, as a morning would; ends the command when that is nothing."""
    from newsletter.morning import deciding

    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    this = replace(app.morning(slug), prober=app.prober(remembers=False) if probe else None)
    with app.database.readers() as session:
        coming = deciding.in_hand(session, slug, this.timetable, now=app.clock())
    wanted = day.date() if day else coming
    look = this.beginning.look(wanted)
    app.close()
    if look.proof is None:
        for problem in look.problems:
            typer.secho(f"  {problem}", fg=typer.colors.YELLOW)
        typer.echo(f"{slug} {wanted}: there is no digest")
        raise typer.Exit(ExitCode.UNREADABLE if look.found.errors else ExitCode.HELD)
    return look.proof


def _known(app: App, slug: str, settings: NewsletterSettings, day: date) -> Known:
    """Return what the database knows; nothing where there is none, or one of another release."""
    from sqlalchemy.exc import OperationalError

    from newsletter.migrations import DatabaseOutdated, require_current
    from newsletter.morning.evidence import NOTHING_KNOWN, gather

    url = app.settings.database.url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return NOTHING_KNOWN  # looking would make one
    try:
        require_current(app.database)
        with app.database.readers() as session:
            return gather(session, slug, settings, day)
    except (DatabaseOutdated, OperationalError):
        return NOTHING_KNOWN


def print_findings(proof: Proof) -> None:
    """Print each finding on a line: where, how bad, what, and what to do."""
    chinese = context.chinese()
    for finding in proof.findings:
        place = f"{proof.digest.file}:{finding.line}" if finding.line else proof.digest.file
        message = finding.message_zh if chinese else finding.message_en
        remedy = finding.remedy_zh if chinese else finding.remedy_en
        colour = typer.colors.RED if finding.severity == "hold" else typer.colors.YELLOW
        label = typer.style(str(finding.severity), fg=colour, bold=True)
        typer.echo(f"{place}: {label} [{finding.check}] {message}{'。' if chinese else '. '}{remedy}")


def print_not_checked(proof: Proof) -> None:
    """Print which checks were not made, and why."""
    chinese = context.chinese()
    for each in proof.not_checked:
        because = each.because_zh if chinese else each.because_en
        label = "未检查" if chinese else "not checked"
        typer.echo(f"{label} [{', '.join(each.checks)}] {because}")
