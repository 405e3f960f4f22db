"""What runs on and on: ``run`` (everything in one process), ``serve`` (the pages), ``worker``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from newsletter.cli import context
from newsletter.cli.ending import told_to_end
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from types import FrameType

    from newsletter.app import App

GRACE_SECONDS = 10  # for requests that are being answered when we are told to end


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(serve)
    app.command()(worker)


def run() -> None:
    """Serve the pages and do the work, in one process: all that one machine needs.

    SIGTERM or SIGINT ends it: requests are answered, the call in flight is finished and recorded.
    `newsletter morning` may be run beside it by hand: one of the two sends, the other says so.
    """
    from newsletter.schedule import Worker

    app = context.open_app()
    working = Worker(app)
    with told_to_end(working.stop):
        working.start()
        try:
            _serve(app, stop=working.stop)
        finally:
            working.stop()
            working.join()
            app.close()


def serve() -> None:
    """Serve the pages only. Mails are then sent by `newsletter worker`."""
    app = context.open_app()
    with told_to_end(_nothing):
        try:
            _serve(app, stop=_nothing)
        finally:
            app.close()


def worker() -> None:
    """Answer sign-ups, send notices and what is due of editions, until told to end.

    SIGTERM or SIGINT ends it: no new call is begun, the one in flight is finished and recorded. Any
    number of workers may run on PostgreSQL; on SQLite one of them sends editions at a time.
    """
    from newsletter.schedule import Worker

    app = context.open_app()
    working = Worker(app)
    with told_to_end(working.stop):
        working.start()
        typer.echo("working; stop with Ctrl+C")
        working.stopping.wait()
        working.join()
        app.close()


def _nothing() -> None:
    """Leave ending to uvicorn, which hands the signal on to us when it has ended."""


def _serve(app: App, *, stop: Callable[[], None]) -> None:
    import uvicorn

    from newsletter.web.site import make_site

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            stop()
            super().handle_exit(sig, frame)

    _greet_first(app)
    where = app.settings.web
    server = Server(
        uvicorn.Config(
            make_site(app),
            host=where.host,
            port=where.port,
            proxy_headers=False,  # the site knows which proxies to believe
            server_header=False,
            access_log=False,  # a URL may hold a token
            log_config=None,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    typer.echo(f"serving http://{where.host}:{where.port} as {app.settings.base_url}; stop with Ctrl+C")
    try:
        server.run()
    except SystemExit:  # uvicorn's own way to say that it cannot begin; it has logged why
        raise NewsletterError(
            f"cannot serve on {where.host}:{where.port} (see above); mend web.host or web.port"
        ) from None


def _greet_first(app: App) -> None:
    """Print the way in for the first admin, while nobody works here."""
    from newsletter.people import invitations

    with app.database.sessions.begin() as session:
        secret = invitations.first(session, now=app.clock())
    if secret:
        typer.echo(
            f"nobody works here yet; the first admin comes in by this link, once, within an hour:\n"
            f"  {app.settings.base_url}/staff/welcome/{secret}"
        )
