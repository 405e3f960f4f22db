"""What a look at an unsaved text costs: from the text in the window to findings and the whole email."""

from __future__ import annotations

import hashlib
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from newsletter.config import NewsletterSettings
from newsletter.database import Database, connect
from newsletter.delivery.states import BatchState
from newsletter.delivery.states import State as Copy
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.desk.home import home_of
from newsletter.desk.persona import Persona
from newsletter.desk.preview import Previewer
from newsletter.editions.edition import Edition, StoredMailing
from newsletter.editions.states import Kind, State
from newsletter.lanes import Lane
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


EDITIONS, BATCHES, PER_BATCH = 365, 1_000, 1_000  # a year of mornings, a million readers each


@measured("≤ 50")
def home_ms() -> float:
    """All that the home page reads, after a year of editions to a million, one of them with doubt."""
    with tempfile.TemporaryDirectory() as folder:
        database = _a_year(Path(folder))
        spent = []
        for _ in range(LOOKS):
            with database.readers() as session:
                started = time.perf_counter()
                home = home_of(session, SLUG, NEWSLETTER, now=SEVEN)
                spent.append(time.perf_counter() - started)
            if home.last is None or home.last.going.owed != BATCHES * PER_BATCH:
                raise AssertionError("the last edition was not read")
        database.close()
    return statistics.median(spent) * 1000


def _a_year(folder: Path) -> Database:
    copy_empty_database(folder / "newsletter.db")
    database = connect(f"sqlite:///{folder / 'newsletter.db'}")
    source = digest_of(DAY)
    with database.sessions.begin() as session:
        for back in range(1, EDITIONS + 1):
            edition = Edition(
                newsletter=SLUG,
                day=DAY - timedelta(days=back),
                kind=Kind.DAILY,
                serial=1,
                state=State.FINISHED,
                title=f"{back}",
                subject=f"{back}",
                digest_source=source,
                findings=[],
                excluded={"left": 7},
                considered=BATCHES * PER_BATCH + 7,
                frozen_at=SEVEN - timedelta(days=back),
                created_at=SEVEN,
            )
            session.add(edition)
            session.flush()
            session.add(
                mailing := StoredMailing(
                    edition_id=edition.id, language="zh-CN", fingerprint="x", content=b"x"
                )
            )
            session.flush()
            session.execute(
                insert(Batch),
                [
                    {
                        "edition_id": edition.id,
                        "number": number,
                        "mailing_id": mailing.id,
                        "lane": (Lane.QQ, Lane.GMAIL, Lane.OTHER)[number % 3],
                        "size": PER_BATCH,
                        "first_subscriber_id": number * PER_BATCH + 1,
                        "last_subscriber_id": (number + 1) * PER_BATCH,
                        "state": BatchState.DONE,
                        "due_at": SEVEN,
                        "accepted": PER_BATCH - 1,
                        "refused": 1,
                    }
                    for number in range(BATCHES)
                ],
            )
        newest = select(Batch.id).where(Batch.edition_id == 1).order_by(Batch.id)
        ids = session.scalars(newest).all()
        session.execute(
            insert(Call),
            [
                {
                    "key": f"{id_:032}",
                    "batch_id": id_,
                    "transport": "sendgrid",
                    "copies": PER_BATCH,
                    "opened_at": SEVEN,
                    "closed_at": SEVEN,
                    "settled_at": None if place == 0 else SEVEN,
                }
                for place, id_ in enumerate(ids)
            ],
        )
        session.execute(
            insert(Delivery),
            [
                {"edition_id": 1, "subscriber_id": n, "batch_number": 0, "state": Copy.IN_DOUBT}
                for n in range(1, PER_BATCH + 1)
            ],
        )
    return database
