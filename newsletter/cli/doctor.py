"""``doctor``: looks at everything a send depends on, and says how to mend it. Nothing is sent or changed.

``--json`` prints ``{"results": [{"check", "about", "health", "says": {language: text}, "remedy": null or
{language: text}}], "ok", "warn", "fail", "not_checked"}``; health is ok, warn, fail or not_checked.

Exit codes: 0 nothing failed, 1 something did, 2 a setting is wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.morning import AsJson
from newsletter.errors import ExitCode

if TYPE_CHECKING:
    from newsletter.doctor.result import Result, Words

SIGNS = {
    "ok": ("✓", typer.colors.GREEN),
    "warn": ("!", typer.colors.YELLOW),
    "fail": ("✗", typer.colors.RED),
    "not_checked": ("-", typer.colors.BRIGHT_BLACK),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this check; may be repeated.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing outside of this machine.")] = False,
    dns: Annotated[
        str,
        typer.Option("--dns", help="The name server to ask, such as 223.5.5.5.", show_default="the system's"),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Examine everything that a send depends on: DNS, certificate, provider, database, backups and more.

    Each is ok, warn, fail, or not checked, with why. Exit code 1 when something failed.
    """
    from newsletter.doctor.dns import Dns
    from newsletter.doctor.examination import examine
    from newsletter.doctor.patient import Patient

    app = context.open_app(current=False)
    language = "zh-CN" if context.chinese() else "en"
    counts: Counter[str] = Counter()
    documents = []
    try:
        patient = Patient(app=app, dns=Dns(dns), now=app.clock(), is_offline=offline)
        for result in examine(patient, only or ()):
            counts[result.health.value] += 1
            if as_json:
                documents.append(_plain(result))
            else:
                _print(result, language)
    finally:
        app.close()
    if as_json:
        totals = {name: counts[name] for name in SIGNS}
        typer.echo(json.dumps({"results": documents, **totals}, ensure_ascii=False, indent=2))
    else:
        typer.echo(_summary(counts, language))
    raise typer.Exit(ExitCode.FAILED if counts["fail"] else ExitCode.DONE)


def _print(result: Result, language: str) -> None:
    sign, colour = SIGNS[result.health.value]
    about = f" {result.about}" if result.about else ""
    typer.secho(f"{sign} {result.check}{about}: {result.says[language]}", fg=colour)
    if result.remedy is not None:
        typer.echo(f"    → {result.remedy[language]}")


def _summary(counts: Counter[str], language: str) -> str:
    names = {"ok": "ok", "warn": "to look at", "fail": "failed", "not_checked": "not checked"}
    if language == "zh-CN":
        names = {"ok": "项正常", "warn": "项提醒", "fail": "项不合格", "not_checked": "项未检查"}
    return ", ".join(f"{counts[name]} {words}" for name, words in names.items())


def _plain(result: Result) -> dict[str, object]:
    def both(words: Words | None) -> dict[str, str] | None:
        return None if words is None else {"en": words.en, "zh-CN": words.zh}

    return {
        "check": result.check,
        "about": result.about,
        "health": result.health.value,
        "says": both(result.says),
        "remedy": both(result.remedy),
    }
