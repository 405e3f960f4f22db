"""``subscribers import``, ``export``, ``erase`` and ``data``: people come in, go out, and are forgotten."""

from __future__ import annotations

import csv
import json
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.digest import Newsletter
from newsletter.errors import ConfigError, ExitCode, NewsletterError

if TYPE_CHECKING:
    from newsletter.app import App
    from subscribers import Address, Importer, ImportProblem, ImportTally, Sought

LONGEST_ORIGIN = 200
AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="Their email address.")]


class UnreadableFile(NewsletterError):
    """A file cannot be taken in. Mend it at the place the message names."""

    exit_code = ExitCode.UNREADABLE


def register(people: typer.Typer) -> None:
    """Add the commands to the group of people."""
    people.command(name="import")(import_)
    people.command()(export)
    people.command()(erase)
    people.command()(data)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, a ZIP of them, or JSON of SendGrid.")],
    origin: Annotated[str, typer.Option(help="Where and how they agreed to get it; kept as evidence.")],
    newsletter: Newsletter = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
    ] = False,
    as_: Annotated[
        str | None,
        typer.Option("--as", metavar="STANDING", help="Take everybody as left, bounced or complained."),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=NAME",
            help='Read a column by another name: "邮箱=email", "Company=attributes.company", "Note=ignore".',
        ),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="Whose export it is, where that is not recognised.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="UTF-8 is tried first, then GB18030, unless you name one.")
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the rows that were not taken in to this CSV.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Take in a list of ours, Mailchimp, listmonk, Buttondown, Ghost, Substack, SendGrid, or a plain CSV.

    Nobody who left, bounced, complained or is suppressed becomes active, whatever the file says, and
    whoever is known stays as they are. Stopped in the middle, the same command goes on.
    """
    from newsletter.config import LANGUAGES
    from subscribers import Importer, ImportOptions, ImportTerms, Standing, UnreadableList

    if not origin.strip() or len(origin) > LONGEST_ORIGIN:
        raise ConfigError(f"--origin: say where and how they agreed, in at most {LONGEST_ORIGIN} letters")
    allowed = (Standing.LEFT, Standing.BOUNCED, Standing.COMPLAINED)
    if as_ is not None and as_ not in allowed:
        raise ConfigError(f"--as: {as_!r} is none of {', '.join(allowed)}")
    options = ImportOptions(
        format=format_,
        encoding=encoding,
        columns=dict(map(_mapping, map_ or [])),
        at_least=Standing(as_) if as_ else None,
    )
    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    terms = ImportTerms(
        newsletter=slug, origin=origin.strip(), now=app.clock(), languages=frozenset(LANGUAGES)
    )
    try:
        with Importer(file, options, terms, app.keys.addresses) as importer, _error_file(errors) as report:
            if not as_json:
                _print_sources(importer)
            _run(app, importer, report, dry_run=dry_run)
    except UnreadableList as error:
        raise UnreadableFile(str(error)) from None
    if as_json:
        _print_json(importer.tally, dry_run=dry_run)
    else:
        _print_tally(importer.tally, errors, dry_run=dry_run)


def _mapping(text: str) -> tuple[str, str]:
    old, equals, new = text.rpartition("=")
    if not (old.strip() and equals and new.strip()):
        raise ConfigError(f"--map: {text!r} is not of the form COLUMN=NAME")
    return old, new


def _run(app: App, importer: Importer, report: ErrorFile, *, dry_run: bool) -> None:
    from subscribers import UnreadableList

    progress, taken = Progress(), 0
    try:
        for chunks in importer.groups():
            with (app.database.readers if dry_run else app.database.sessions).begin() as session:
                for chunk in chunks:
                    (importer.foresee if dry_run else importer.settle)(session, chunk)
                    report.write(chunk.problems)
                    report.write(chunk.repeats)
                    progress.show(importer.tally.rows, chunk.fraction)
            taken = importer.tally.rows
    except UnreadableList as error:
        raise UnreadableList(f"{error}; {_taken(taken)}" if taken and not dry_run else str(error)) from None
    except KeyboardInterrupt:
        raise NewsletterError("stopped" if dry_run else f"stopped; {_taken(taken)}") from None
    finally:
        progress.end()


def _taken(rows: int) -> str:
    return f"{rows:,} rows before that are in, and the same command takes in the rest"


class Progress:
    """One line on a terminal, and none anywhere else."""

    def __init__(self) -> None:
        self._shown_at = 0.0
        self._shown = False

    def show(self, rows: int, fraction: float) -> None:
        """Say how far we are, twice a second at most."""
        if sys.stderr.isatty() and time.monotonic() - self._shown_at > 0.5:
            typer.echo(f"\r{rows:>12,} rows  {fraction:>4.0%}", err=True, nl=False)
            self._shown_at, self._shown = time.monotonic(), True

    def end(self) -> None:
        """Leave the line."""
        if self._shown:
            typer.echo("\r" + " " * 30 + "\r", err=True, nl=False)


class ErrorFile:
    """The rows that were not taken in: which file, which line, why, and the row itself."""

    def __init__(self, file: IO[str]) -> None:
        self._rows = csv.writer(file)
        self._rows.writerow(("file", "line", "why", "row"))

    def write(self, problems: Iterable[ImportProblem]) -> None:
        """Add rows; no cell is a formula to a spreadsheet."""
        from subscribers import guard_cell

        for problem in problems:
            row = guard_cell(problem.text.rstrip("\r\n"))
            self._rows.writerow((guard_cell(problem.file), problem.line, problem.why, row))


@contextmanager
def _error_file(path: Path | None) -> Iterator[ErrorFile]:
    with _written(path or Path(os.devnull)) as file:
        yield ErrorFile(file)


@contextmanager
def _written(path: Path) -> Iterator[IO[str]]:
    """Open a file for writing, with mode 0600 and with the mark by which Excel knows UTF-8."""
    try:
        file = open(path, "w", encoding="utf-8-sig", newline="", opener=_private)  # noqa: SIM115 - below
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    with file:
        yield file


def _private(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)  # a file that was there keeps its mode, and everybody may read it
    return descriptor


def _print_sources(importer: Importer) -> None:
    for source in importer.sources:
        typer.echo(f"{source.file}: {source.format}, {source.encoding}")
    for advice in dict.fromkeys(source.advice for source in importer.sources if source.advice):
        typer.echo(advice)
    if importer.skipped:
        typer.echo(f"no lists of people, left alone: {', '.join(importer.skipped[:5])}", nl=False)
        more = len(importer.skipped) - 5
        typer.echo(f" and {more:,} more" if more > 0 else "")


def _print_tally(tally: ImportTally, errors: Path | None, *, dry_run: bool) -> None:
    from subscribers import Standing

    always = (Standing.ACTIVE, Standing.LEFT, Standing.BOUNCED)
    people = [
        f"{tally.people[standing]:,} {standing.value}"
        for standing in Standing
        if standing in always or tally.people[standing]
    ]
    typer.echo(", ".join([*people, f"{tally.revived:,} revived"]))
    verbs = ("would be new", "would leave") if dry_run else ("new", "left now")
    typer.echo(f"{tally.new:,} {verbs[0]}, {tally.left:,} {verbs[1]}, {tally.suppressed:,} never mailed anew")
    if kept_out := sum(tally.kept_out.values()):
        reasons = ", ".join(f"{count:,} {standing.value}" for standing, count in tally.kept_out.items())
        typer.echo(f"kept out, whatever the file says: {kept_out:,} ({reasons})")
    if tally.duplicates:
        typer.echo(f"the same address again: {tally.duplicates:,}")
    if refused := sum(tally.problems.values()):
        typer.echo(f"not taken in: {refused:,}")
        for why, count in tally.problems.most_common(10):
            typer.echo(f"  {count:>9,}  {why}")
    if (tally.duplicates or refused) and errors is None:
        typer.echo("say --errors FILE to get these rows, with their lines")
    if dry_run:
        typer.echo("this was a dry run: nothing was changed")


def _print_json(tally: ImportTally, *, dry_run: bool) -> None:
    document = {
        "dry_run": dry_run,
        "rows": tally.rows,
        "people": dict(tally.people),
        "new": tally.new,
        "left_now": tally.left,
        "suppressed_now": tally.suppressed,
        "kept_out": dict(tally.kept_out),
        "revived": tally.revived,
        "duplicates": tally.duplicates,
        "problems": dict(tally.problems),
    }
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def export(
    newsletter: Newsletter = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file of mode 0600.")
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="Only active, pending, left, bounced … people; may be repeated.")
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only people with this tag.")] = None,
    domain: Annotated[str | None, typer.Option(help="Only addresses at this domain.")] = None,
    segment: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help='Only whom a segment means: "joined > 2026-01-01 and tag = vip".'),
    ] = None,
) -> None:
    """Write a newsletter's people as CSV, with the evidence of consent: ``import`` takes it in again."""
    from subscribers import ExportFilter, Standing, export_people

    for one in status or []:
        if one not in set(Standing):
            raise ConfigError(f"--status: {one!r} is none of {', '.join(Standing)}")
    app = context.open_app()
    slug, _ = app.settings.newsletter(newsletter)
    which = ExportFilter(
        sought=_sought(app, slug, segment) if segment else None,
        standings=frozenset(map(Standing, status or [])),
        tag=tag,
        domain=_normalise(f"a@{domain}").domain if domain else None,
    )
    lines = 0
    target = nullcontext(sys.stdout) if output is None else _replaced(output)
    with app.database.readers() as session, target as file:
        rows = csv.writer(file)
        for row in export_people(session, slug, which):
            rows.writerow(row)
            lines += 1
    typer.echo(f"{lines - 1:,} people", err=True)  # the first line has the names of the columns


def _sought(app: App, slug: str, segment: str) -> Sought:
    from subscribers import SegmentError, Sought, read_segment

    zone = app.settings.newsletters[slug].schedule.tz
    try:
        node = read_segment(segment)
    except SegmentError as error:
        raise ConfigError(f"--segment: {error}; see docs/console.md") from None
    return Sought(newsletter=slug, segment=node, zone=zone, today=app.clock().astimezone(zone).date())


@contextmanager
def _replaced(path: Path) -> Iterator[IO[str]]:
    """Write a file that takes its place only when it is complete."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with _written(unfinished) as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def erase(address: AddressArgument) -> None:
    """Forget a person. That they are not to be mailed stays, by a keyed hash; see docs/decisions/0003."""
    from newsletter.delivery import notices
    from newsletter.feedback import trail
    from subscribers import erase as forget
    from subscribers import find

    app = context.open_app()
    normal = _normalise(address)
    with app.database.sessions.begin() as session:
        person = find(session, app.keys.addresses, normal)
        known = forget(session, app.keys.addresses, normal, now=app.clock())
        notices.forget_address(session, normal.value)
        if person is not None:
            trail.forget_person(session, person.id)
    typer.echo("forgotten" if known else "nobody with this address is known; there is nothing to forget")


def data(
    address: AddressArgument,
    consent: Annotated[bool, typer.Option("--consent", help="Only the evidence of consent.")] = False,
) -> None:
    """Print all we hold about a person as one JSON document, to be given to them."""
    from newsletter.feedback.own_data import own_data

    app = context.open_app()
    normal = _normalise(address)
    with app.database.readers() as session:
        document = own_data(session, app.keys.addresses, normal)
    if consent:
        document = {"address": document["address"], "consent": document.get("consent", [])}
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _normalise(address: str) -> Address:
    from subscribers import InvalidAddress, normalise

    try:
        return normalise(address)
    except InvalidAddress as error:
        raise ConfigError(str(error)) from None
