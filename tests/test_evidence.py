"""What the database knows around a digest, and what the gate makes of it on a real morning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from newsletter.config import NewsletterSettings
from newsletter.database import Database
from newsletter.editions.states import State
from newsletter.errors import ConfigError
from newsletter.morning.evidence import gather, usual
from newsletter.morning.strictness import policy_of
from tests.support import DAY, SLUG, add, new_edition, open_database, readers

SOURCE = "1. [甲](https://a.example/{n})\n\n   正文。\n\n2. [乙](https://b.example/{n})\n\n   正文。\n"
NEWSLETTER = NewsletterSettings.model_validate({"name": "早读"})


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def test_the_editions_before_and_the_audience_are_known(database: Database) -> None:
    with database.sessions.begin() as session:
        add(session, readers(3))
        for n in range(1, 17):
            edition = new_edition(DAY - timedelta(days=n))
            edition.state, edition.subject = State.FINISHED, f"第 {n} 天前"
            edition.digest_source = SOURCE.format(n=n) if n != 2 else None
            edition.considered, edition.excluded = 100 + n, {"left": n}
            session.add(edition)

    with database.readers() as session:
        known = gather(session, SLUG, NEWSLETTER, DAY)

    assert known.recent
    assert len(known.recent) == 13  # of 14, one without a source
    assert known.recent[0].day == DAY - timedelta(days=1)
    assert known.recent[0].links == {"https://a.example/1", "https://b.example/1"}
    assert known.recent[0].story_count == 2
    assert (known.audience, known.usual_audience) == (3, 100)


def test_nothing_before_is_known_as_nothing_before(database: Database) -> None:
    with database.readers() as session:
        known = gather(session, SLUG, NEWSLETTER, DAY)

    assert (known.recent, known.audience, known.usual_audience) == ((), 0, None)


def test_an_import_is_unusual_once_and_a_bad_day_does_not_last() -> None:
    assert usual(1500, [1000, 1000, 1000]) == 1000
    assert usual(1500, [1500, 1000, 1000]) == 1500
    assert usual(1000, [300, 1000, 1000]) == 1000
    assert usual(1000, []) is None


def test_a_severity_of_an_unknown_check_is_an_error_that_names_it() -> None:
    newsletter = NewsletterSettings.model_validate(
        {"name": "早读", "gate": {"severity": {"no-storys": "off"}}}
    )

    with pytest.raises(ConfigError, match=r"newsletters\.ai_daily\.gate\.severity\.no-storys"):
        policy_of(SLUG, newsletter)
