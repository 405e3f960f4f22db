"""``retry`` and ``settle``: what became of single copies, and what only a person may say about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from newsletter.cli import context
from newsletter.cli.control import (
    Because,
    EditionDay,
    EditionKind,
    Yes,
    ask,
    copies,
    name_of,
    sent_by,
    the_edition,
    who,
)
from newsletter.cli.digest import Newsletter
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from newsletter.app import App
    from newsletter.delivery.control import Chosen
    from newsletter.delivery.doubt import Doubt
    from newsletter.editions.edition import Edition
    from newsletter.replies import Meaning

Choice = TypeVar("Choice", bound=StrEnum)

SHOWN = 50  # copies in doubt
LaneName = Annotated[
    str | None, typer.Option("--lane", help="Only those to one mailbox provider: qq, gmail …")
]
SubscriberId = Annotated[int | None, typer.Option("--subscriber", metavar="ID", help="Only one reader's.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(retry)
    app.command()(settle)


def retry(
    meaning: Annotated[
        list[str] | None,
        typer.Option(help="What the refusal means: throttled, policy, content, soft, hard or unknown."),
    ] = None,
    reply: Annotated[str, typer.Option(metavar="TEXT", help="Only replies that hold these words.")] = "",
    lane: LaneName = None,
    subscriber: SubscriberId = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
    yes: Yes = False,
    day: EditionDay = None,
    kind: EditionKind = None,
    newsletter: Newsletter = None,
) -> None:
    """Try refused copies of an edition once more, those that you choose."""
    from newsletter.delivery import books, control
    from newsletter.delivery.states import State
    from newsletter.morning import steering
    from newsletter.replies import Meaning

    meanings = frozenset(_one_of("--meaning", typed, Meaning) for typed in meaning or [])
    chosen = _chosen(lane, subscriber, words=reply, meanings=meanings)
    if chosen == control.Chosen():
        raise ConfigError(
            "choose which refused copies to try once more, by --meaning, --reply, --lane or --subscriber; "
            "a count comes first with --dry-run"
        )
    app = context.open_app()
    with app.database.readers() as session:
        edition = the_edition(app, session, newsletter, day, kind)
        refused = books.of_edition(session, edition)[State.REFUSED]
        meant = control.count(session, edition, chosen, State.REFUSED)
    if not meant:
        raise control.NothingToDo(f"{name_of(edition)}: none of its {refused:,} refused copies is meant")
    typer.echo(f"{name_of(edition)}: {meant:,} of {refused:,} refused copies meant")
    if dry_run:
        return
    ask("Try them once more?", yes=yes)
    with app.database.sessions.begin() as session:
        edition = steering.again(session, edition)
        count = steering.retry(session, edition, chosen, who=who(), now=app.clock())
    _say_waiting(app, edition, count)


def settle(
    accepted: Annotated[bool, typer.Option("--accepted", help="You found out that they arrived.")] = False,
    because: Because = "",
    resend: Annotated[bool, typer.Option("--resend", help="Send them again: somebody may get two.")] = False,
    lane: LaneName = None,
    subscriber: SubscriberId = None,
    yes: Yes = False,
    day: EditionDay = None,
    kind: EditionKind = None,
    newsletter: Newsletter = None,
) -> None:
    """List the copies of an edition that are in doubt, or say what is to become of them."""
    from newsletter.delivery import control
    from newsletter.delivery.doubt import in_doubt
    from newsletter.delivery.states import State
    from newsletter.morning import steering

    if accepted and resend:
        raise ConfigError("--accepted and --resend exclude each other; choose one")
    if accepted and not because.strip():
        raise ConfigError('--accepted needs --because "how you know", which is kept with every copy')
    chosen = _chosen(lane, subscriber)
    app = context.open_app()
    with app.database.readers() as session:
        edition = the_edition(app, session, newsletter, day, kind)
        meant = control.count(session, edition, chosen, State.IN_DOUBT)
        shown = in_doubt(session, edition, chosen, limit=SHOWN)
    if not meant:
        typer.echo(f"{name_of(edition)}: no copy is in doubt" + (" there" if lane or subscriber else ""))
        return
    if not accepted and not resend:
        _list(edition, shown, meant, app.settings.newsletters[edition.newsletter].schedule.tz)
        return
    if resend:
        typer.secho(
            f"{name_of(edition)}: {copies(meant)} may have arrived; whoever has one gets a second",
            fg=typer.colors.YELLOW,
        )
        ask(f"Send {copies(meant)} again?", yes=yes)
    else:
        ask(f"{name_of(edition)}: take {copies(meant)} in doubt for accepted?", yes=yes)
    with app.database.sessions.begin() as session:
        edition = steering.again(session, edition)
        if resend:
            count = steering.resend(session, edition, chosen, who=who(), now=app.clock())
        else:
            count = steering.settle(session, edition, chosen, who=who(), because=because, now=app.clock())
    if resend:
        _say_waiting(app, edition, count)
    else:
        typer.echo(f"{name_of(edition)}: {copies(count)} settled as accepted")


def _say_waiting(app: App, edition: Edition, count: int) -> None:
    from newsletter.editions.states import State

    typer.echo(f"{name_of(edition)}: {copies(count)} to be sent again; {sent_by(app)}")
    if edition.state is State.PAUSED:
        typer.echo("the edition is paused; `newsletter resume` lets it go on")


def _list(edition: Edition, shown: Sequence[Doubt], count: int, zone: tzinfo) -> None:
    typer.echo(
        f"{name_of(edition)}: {copies(count)} in doubt" + (f", the first {SHOWN}:" if count > SHOWN else "")
    )
    for each in shown:
        since = f"{each.since.astimezone(zone):%Y-%m-%d %H:%M:%S}" if each.since else "unknown"
        where = each.address or "(erased)"
        typer.echo(
            f"{each.subscriber_id:>10}  {since}  {each.lane.value:<8} {where}  {each.reply or ''}".rstrip()
        )
    typer.echo('`--accepted --because "…"` when you know that they arrived; `--resend` sends them again')


def _chosen(
    lane: str | None, subscriber: int | None, *, words: str = "", meanings: frozenset[Meaning] = frozenset()
) -> Chosen:
    from newsletter.delivery.control import Chosen
    from newsletter.lanes import Lane

    return Chosen(
        meanings=meanings,
        words=words,
        lane=_one_of("--lane", lane, Lane) if lane is not None else None,
        subscriber_id=subscriber,
    )


def _one_of(option: str, typed: str, choices: type[Choice]) -> Choice:
    try:
        return choices(typed)
    except ValueError:
        names = ", ".join(choice.value for choice in choices)
        raise ConfigError(f"{option}: {typed!r} is none of {names}") from None
