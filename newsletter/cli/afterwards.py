"""``weekly``, ``revise`` and ``correct``: what is made of editions that went out, or are going out."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.control import (
    EditionDay,
    EditionKind,
    Yes,
    copies,
    name_of,
    the_edition,
    who,
)
from newsletter.cli.digest import Newsletter, print_findings
from newsletter.cli.morning import AsJson, print_report, report_json
from newsletter.errors import ConfigError, DigestError, ExitCode

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.morning.correction import Correction, Plan

Revised = Annotated[Path, typer.Argument(help="The mended digest.", exists=True, dir_okay=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(weekly)
    app.command()(revise)
    app.command()(correct)


def weekly(
    day: Annotated[
        datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="The last day of the week.", show_default="today"),
    ] = None,
    newsletter: Newsletter = None,
    as_json: AsJson = False,
) -> None:
    """Make the week's editions into one, and send it to readers who want one a week; twice is once.

    The worker does it by itself on `weekly.day` at `weekly.send_at`. Exit code 3: nothing to send, or held.
    """
    from newsletter.cli.ending import told_to_end
    from newsletter.morning import Weekly

    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    story = Weekly(press=app.press(slug), clicks=app.clicks)
    try:
        with told_to_end(story.press.courier.stopping.set):
            report = story.run(day.date() if day else None)
    finally:
        app.close()
    if as_json:
        typer.echo(json.dumps(report_json(report), ensure_ascii=False, indent=2))
    else:
        print_report(report, settings.schedule.tz)
    raise typer.Exit(report.exit_code)


def revise(
    file: Revised,
    because: Annotated[
        str, typer.Option("--because", help="Why; lets it go out although the gate holds it. Kept.")
    ] = "",
    day: EditionDay = None,
    kind: EditionKind = None,
    newsletter: Newsletter = None,
) -> None:
    """Mend a paused edition: all that was not handed over yet goes out as FILE says.

    Whoever has it already keeps what they have; `newsletter correct --revision` writes to them. The edition
    stays paused until `newsletter resume`. Exit code 3: the gate holds the new text.
    """
    from newsletter.delivery import books
    from newsletter.editions.pictures import bundle_of, gather
    from newsletter.morning import Revision, RevisionHeld, read_digest

    app = context.open_app()
    slug, settings = app.settings.newsletter(newsletter)
    with app.database.readers() as session:
        edition = the_edition(app, session, slug, day, kind)
    revision = Revision(press=app.press(slug))
    digest = read_digest(file, settings, default_day=edition.day)
    digest_hash = hashlib.sha256(file.read_bytes()).hexdigest()
    bundle = bundle_of(file)
    try:
        proof = revision.prove(edition, digest, digest_hash=digest_hash)
        print_findings(proof)
        revised = revision.run(
            edition,
            proof,
            digest_hash=digest_hash,
            by=who(),
            because=because,
            pictures=gather(digest, bundle) if bundle else [],
        )
    except RevisionHeld as held:
        typer.echo(f"newsletter: {held}", err=True)
        raise typer.Exit(ExitCode.HELD) from None
    finally:
        app.close()
    with app.database.readers() as session:
        kept = books.of_edition(session, revised)
    typer.echo(f"{name_of(revised)}: revision {revised.revision}, {revised.subject}")
    typer.echo(
        f"{copies(kept.open)} will be this one; whoever has revision {revised.revision - 1} keeps it. "
        "Still paused: `newsletter resume` lets it go on"
    )


def correct(
    of: Annotated[
        datetime,
        typer.Option("--of", formats=["%Y-%m-%d"], help="The day of the edition that was wrong."),
    ],
    file: Annotated[
        Path | None,
        typer.Argument(help="What to write, in Markdown.", exists=True, dir_okay=False),
    ] = None,
    because: Annotated[
        str, typer.Option("--because", help="What was wrong, in a sentence: the text when there is no FILE.")
    ] = "",
    revision: Annotated[
        int | None, typer.Option("--revision", help="Only to those who have this revision of it.")
    ] = None,
    digest: Annotated[
        Path | None,
        typer.Option("--digest", help="The mended digest, for the archive.", exists=True, dir_okay=False),
    ] = None,
    kind: EditionKind = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show who would get it.")] = False,
    yes: Yes = False,
    newsletter: Newsletter = None,
    as_json: AsJson = False,
) -> None:
    """Write to those who have an edition that was wrong, and mark its page in the archive.

    Whose copy is in doubt is counted and not written to (`newsletter settle` lists them). Twice is once.
    Exit codes: 0 all handed over, 1 some left or in doubt, 2 unreadable, 3 the gate holds the text.
    """
    from newsletter.morning import CorrectionHeld

    if file is None and not because.strip():
        raise ConfigError("say what was wrong: a Markdown file, or --because")
    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    with app.database.readers() as session:
        edition = the_edition(app, session, slug, of, kind)
    try:
        story = _correction(app, slug, digest)
        plan = story.plan(edition, text=_text(file), because=because, revision=revision)
        if as_json and dry_run:
            typer.echo(json.dumps(_plan_json(plan), ensure_ascii=False, indent=2))
        if not as_json:
            _show(plan)
        if dry_run:
            return
        if not yes:
            _ask(plan)
        report = story.run(plan)
    except CorrectionHeld as held:
        print_findings(held.proof)
        typer.echo(f"newsletter: {held}", err=True)
        raise typer.Exit(ExitCode.HELD) from None
    finally:
        app.close()
    if as_json:
        typer.echo(json.dumps(report_json(report), ensure_ascii=False, indent=2))
    else:
        print_report(report, app.settings.newsletters[slug].schedule.tz)
    raise typer.Exit(report.exit_code)


def _correction(app: App, slug: str, digest: Path | None) -> Correction:
    from newsletter.editions.pictures import bundle_of, gather
    from newsletter.morning import Correction, read_digest

    if digest is None:
        return Correction(press=app.press(slug))
    settings = app.settings.newsletters[slug]
    corrected = read_digest(digest, settings, default_day=app.press(slug).today())
    bundle = bundle_of(digest)
    pictures = tuple(gather(corrected, bundle)) if bundle else ()
    return Correction(press=app.press(slug), corrected=corrected, pictures=pictures)


def _text(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DigestError(
            "cannot be read as UTF-8", remedy="save it as UTF-8 text", file=str(file)
        ) from error


def _show(plan: Plan) -> None:
    audience, corrected = plan.audience, name_of(plan.corrects)
    which = f" (revision {plan.revision})" if plan.revision is not None else ""
    typer.secho(plan.proof.mailing.subject, bold=True)
    typer.echo(plan.proof.mailing.text.fill({}).split("\n\n\n")[0].strip())
    typer.echo("")
    typer.echo(f"to those who have {corrected}{which}: {copies(audience.owed)}")
    for reason, count in sorted(audience.excluded.items()):
        typer.echo(f"  not to {count:,}: {reason.replace('_', ' ')}")
    if audience.in_doubt:
        kind = "" if plan.corrects.kind == "daily" else f" --kind {plan.corrects.kind}"
        typer.secho(
            f"  {copies(audience.in_doubt)} in doubt may have arrived; `newsletter settle --day "
            f"{plan.corrects.day}{kind}` lists them",
            fg=typer.colors.YELLOW,
        )
    if plan.edition.id is not None:
        typer.echo("it went out already; what is left of it is sent")


def _ask(plan: Plan) -> None:
    owed = plan.audience.owed
    typed = typer.prompt(f"Type the number of copies ({owed}) to send them")
    if typed.strip().replace(",", "") != str(owed):
        typer.echo("nothing was sent")
        raise typer.Exit(ExitCode.FAILED)


def _plan_json(plan: Plan) -> dict[str, object]:
    return {
        "newsletter": plan.corrects.newsletter,
        "corrects": plan.corrects.label,
        "revision": plan.revision,
        "subject": plan.proof.mailing.subject,
        "considered": plan.audience.considered,
        "excluded": dict(plan.audience.excluded),
        "owed": plan.audience.owed,
        "went_out_already": plan.edition.id is not None,
    }
