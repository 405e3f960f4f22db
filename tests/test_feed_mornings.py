"""Mornings fed by a feed of single stories: every entry goes out once, and none is lost."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.app import App
from newsletter.config import load
from newsletter.editions.states import State
from newsletter.errors import ExitCode
from newsletter.fetching.visits import Visits
from newsletter.migrations import migrate
from tests.fetching.server import Server, answer
from tests.fetching.test_refusals import inside
from tests.support import SLUG, HandClock, add, readers
from tests.test_morning import HALF_PAST_SEVEN

CONFIG = """
[database]
url = "sqlite:///n.db"
[transport]
kind = "memory"
[newsletters.ai_daily]
name = "早读"
[newsletters.ai_daily.source]
feed = "http://news.example.com:{port}/feed"
feed_entries = "stories"
unattended = true
"""


def feed(*moments: datetime) -> bytes:
    items = [
        {
            "id": f"e{n}",
            "title": f"第{n}条新闻",
            "url": f"https://news.site.example/{n}",
            "content_html": f"<p>这是第{n}条新闻的正文。</p>",
            "date_published": moment.isoformat(),
        }
        for n, moment in enumerate(moments, 1)
    ]
    return answer(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode())


def an_app(tmp_path: Path, server: Server, clock: HandClock) -> App:
    (tmp_path / "config.toml").write_text(CONFIG.format(port=server.port), encoding="utf-8")
    app = App(load(tmp_path / "config.toml"), clock=clock)
    if not app.settings.keys.file.exists():
        app.make_keys()
    migrate(app.database)
    app.establish()
    app.visits = Visits(fetcher=inside(server), database=app.database, clock=clock)
    return app


def test_each_entry_is_in_exactly_one_edition(tmp_path: Path) -> None:
    clock = HandClock(HALF_PAST_SEVEN)
    hour, day = timedelta(hours=1), timedelta(days=1)
    monday = [HALF_PAST_SEVEN - hour, HALF_PAST_SEVEN - 2 * hour]
    # The last two are dated before Monday's edition and turn up after it.
    tuesday = [*monday, HALF_PAST_SEVEN + 20 * hour, HALF_PAST_SEVEN - 3 * hour]
    pages = {"now": feed(*monday)}
    with Server(lambda _: [pages["now"]]) as server:
        app = an_app(tmp_path, server, clock)
        with app.database.sessions.begin() as session:
            add(session, readers(1))

        first = app.morning(SLUG).run()
        pages["now"] = feed(*tuesday)
        clock.forward(day)
        second = app.morning(SLUG).run()
        clock.forward(day)
        third = app.morning(SLUG).run()
        pages["now"] = answer(b"", "503 Busy")
        away = app.morning(SLUG).run()
        texts = [kept.filled.text for kept in app.transport.kept]  # type: ignore[attr-defined]  # memory
        app.close()

    assert (first.state, second.state) == (State.FINISHED, State.FINISHED)
    assert [[f"第{n}条新闻" in text for n in (1, 2, 3, 4)] for text in texts] == [
        [True, True, False, False],
        [False, False, True, True],
    ]
    assert (third.state, third.exit_code) == (State.MISSING, ExitCode.HELD)
    assert any("none of its entries is new" in problem for problem in third.problems)
    assert away.exit_code is ExitCode.UNREADABLE
    assert any("status 503" in problem for problem in away.problems)
