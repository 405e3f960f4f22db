"""What a look at an unsaved text costs: from the text in the window to findings and the whole email."""

from __future__ import annotations

import hashlib
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from newsletter.config import NewsletterSettings
from newsletter.database import Database, connect
from newsletter.desk.persona import Persona
from newsletter.desk.preview import Previewer
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from newsletter.rendering.renderer import Renderer
from tests.bench import measured
from tests.support import DAY, SEVEN, SLUG, URLS
from tests.web.support import copy_empty_database

STORIES = 20
BEFORE = 14  # editions that the gate compares with
LOOKS = 10
NEWSLETTER = NewsletterSettings(name="全球AI新闻速递", postal_address="上海市")


def digest_of(day: date, *, stories: int = STORIES, typed: str = "") -> str:
    """Return a digest as editors write it, with some hundred characters under each title."""
    front = f'---\ntitle: "{day} 速递"\ndate: {day}\n---\n\n早间要闻，一共{stories}条。\n'
    body = "".join(
        f"\n{n}. [第{n}家公司在{day}发布了新一代模型](https://news.example.net/{day}/{n})\n\n"
        f"   这一代模型的**上下文**更长、价格更低，开发者可以立即使用。{typed}发布会上展示了第{n}项应用，"
        f"涉及[医疗](https://docs.example.net/{day}/{n}/medical)、教育与制造，分析师认为影响深远。\n"
        for n in range(1, stories + 1)
    )
    return front + body


def with_a_past(folder: Path) -> Database:
    """Return a database with the editions of the days before."""
    copy_empty_database(folder / "newsletter.db")
    database = connect(f"sqlite:///{folder / 'newsletter.db'}")
    with database.sessions.begin() as session:
        for back in range(1, BEFORE + 1):
            day = DAY - timedelta(days=back)
            source = digest_of(day)
            session.add(
                Edition(
                    newsletter=SLUG,
                    day=day,
                    kind=Kind.DAILY,
                    serial=1,
                    state=State.FINISHED,
                    subject=f"{day} 速递",
                    digest_source=source,
                    digest_key=str(day),
                    digest_day=day,
                    used_hash=hashlib.sha256(source.encode()).hexdigest(),
                    findings=[],
                    excluded={},
                    considered=1000,
                    created_at=SEVEN,
                )
            )
    return database


@measured("≤ 300")
def preview_ms() -> float:
    """One look at a text of 20 stories that changes with each look, a fortnight of editions before it."""
    with tempfile.TemporaryDirectory() as folder:
        database = with_a_past(Path(folder))
        previewer = Previewer(
            slug=SLUG, newsletter=NEWSLETTER, database=database, renderer=Renderer(), urls=URLS
        )
        persona = Persona(language="zh-CN", address="li.lei@example.com")
        previewer.look(digest_of(DAY), day=DAY, persona=persona, now=SEVEN)
        started = time.perf_counter()
        for number in range(LOOKS):
            shown = previewer.look(digest_of(DAY, typed="好" * number), day=DAY, persona=persona, now=SEVEN)
            if shown.email is None or len(shown.stories) != STORIES:
                raise AssertionError("the text was not read as it is")
        spent = time.perf_counter() - started
        database.close()
    return spent / LOOKS * 1000
