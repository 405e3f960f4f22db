"""``mailbox``: look at what came back, and decide what only a person may.

``--json`` prints one document: ``{"polled": null or {sort: count}, "counts": {fate: count}, "waiting":
[{"id", "received_at", "sort", "fate", "why", "about", "sender", "subject", "words"}]}``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import context
from newsletter.cli.morning import AsJson
from newsletter.errors import ConfigError, NewsletterError

if TYPE_CHECKING:
    from collections import Counter

    from newsletter.app import App

Id = Annotated[int | None, typer.Option(metavar="ID")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(mailbox)


def mailbox(
    leave: Annotated[
        int | None, typer.Option(metavar="ID", help="Take whoever wrote this off every list.")
    ] = None,
    ignore: Annotated[int | None, typer.Option(metavar="ID", help="Nothing follows from this one.")] = None,
    poll: Annotated[bool, typer.Option(help="Look into the mailbox first.")] = True,
    as_json: AsJson = False,
) -> None:
    """Take in what came back (bounces, replies), and show what waits for a person."""
    if leave is not None and ignore is not None:
        raise ConfigError("--leave and --ignore exclude each other; choose one")
    app = context.open_app()
    try:
        if leave is not None or ignore is not None:
            _decide(app, leave if leave is not None else ignore or 0, leaves=leave is not None)
            return
        polled = None
        if poll:
            if app.returning.collector is None:
                raise ConfigError("[mailbox] kind is not set: nobody looks after what comes back")
            polled = app.returning.collector.poll()
            while app.applier.step():
                pass
        _show(app, polled, as_json=as_json)
    finally:
        app.close()


def _decide(app: App, mail_id: int, *, leaves: bool) -> None:
    from newsletter.feedback import returned, settling
    from newsletter.feedback.returned import OPEN, ReturnedMail

    with app.database.sessions.begin() as session:
        mail = session.get(ReturnedMail, mail_id)
        if mail is None or mail.fate not in OPEN:
            raise NewsletterError(f"no mail {mail_id} waits for a person; `newsletter mailbox` lists them")
        if not leaves:
            returned.settle(session, mail, why="ignored by a person")
            typer.echo(f"mail {mail_id}: nothing follows")
            return
        lists = settling.leave(session, mail, keys=app.keys, now=app.clock())
        typer.echo(f"mail {mail_id}: off {lists} list{'' if lists == 1 else 's'}")


def _show(app: App, polled: Counter[str] | None, *, as_json: bool) -> None:
    from newsletter.feedback import returned

    with app.database.readers() as session:
        counts, waiting = returned.counts(session), returned.waiting(session)
    if as_json:
        document = {
            "polled": dict(polled) if polled is not None else None,
            "counts": {fate.value: count for fate, count in counts.items()},
            "waiting": [
                {
                    "id": mail.id,
                    "received_at": mail.received_at.isoformat(),
                    "sort": mail.sort.value,
                    "fate": mail.fate.value,
                    **{name: getattr(mail, name) for name in ("why", "about", "sender", "subject", "words")},
                }
                for mail in waiting
            ],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    if polled is not None:
        taken = ", ".join(f"{sort} {count}" for sort, count in sorted(polled.items())) or "nothing new"
        typer.echo(f"taken in: {taken}")
    typer.echo(f"waiting for a person: {len(waiting)}")
    for mail in waiting:
        typer.echo(f"{mail.id:>8}  {mail.received_at:%Y-%m-%d %H:%M}  {mail.sort.value}: {mail.why or ''}")
        typer.echo(f"          {mail.sender or '(no sender)'}  {mail.subject or ''}")
    if waiting:
        typer.echo("`--leave ID` takes whoever wrote it off every list, `--ignore ID` lets nothing follow")
