"""A list of a million people and a year of editions, written by the database itself in some seconds.

Three in four at the big providers; 92 in a hundred are readers, 5 have left, 3 have not confirmed; one in a
hundred is suppressed. The newest edition has a copy for every reader, the 364 before it one for every
thousandth: the pages look copies up by key, and 365 million rows would show nothing else.
"""

from __future__ import annotations

from sqlalchemy import text

from newsletter.database import Database
from tests.support import SLUG

PEOPLE = 1_000_000
EDITIONS = 365
FIRST_DAY = "2025-11-24"

_NUMBERS = {
    "sqlite": (
        "(WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up LIMIT {most}) SELECT n FROM up)"
    ),
    "postgresql": "(SELECT generate_series(1, {most}) AS n)",
}
_HASH = {
    "sqlite": "CAST(printf('%032d', n) AS BLOB)",
    "postgresql": "convert_to(lpad(CAST(n AS TEXT), 32, '0'), 'UTF8')",
}
_MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '2023-01-01', '+' || (n % 1400) || ' days')",
    "postgresql": "TIMESTAMPTZ '2023-01-01 00:00Z' + (n % 1400) * INTERVAL '1 day'",
}
_DAY = {
    "sqlite": f"date('{FIRST_DAY}', '+' || (n - 1) || ' days')",
    "postgresql": f"DATE '{FIRST_DAY}' + (n - 1)",
}
_PROVIDERS = ("qq.com", "163.com", "gmail.com", "outlook.com", "126.com", "foxmail.com")


def fill(database: Database, *, people: int = PEOPLE, editions: int = EDITIONS) -> None:
    """Write the list and its year into an empty database, and let the database look at what it has."""
    kind = database.engine.dialect.name
    numbers, moment = _NUMBERS[kind].format(most=people), _MOMENT[kind]
    domain = "CASE " + "".join(f"WHEN n % 8 = {i} THEN '{d}' " for i, d in enumerate(_PROVIDERS))
    domain += "ELSE 'company' || (n % 20000) || '.example.com' END"
    null_date = "CAST(NULL AS TIMESTAMPTZ)" if kind == "postgresql" else "NULL"
    status = "CASE WHEN n % 100 < 92 THEN 'active' WHEN n % 100 < 97 THEN 'left' ELSE 'pending' END"
    tags = """CASE WHEN n % 50 = 0 THEN '["vip"]' WHEN n % 3 = 0 THEN '["AI"]' ELSE '[]' END"""
    tags = f"CAST({tags} AS JSON)" if kind == "postgresql" else tags
    statements = [
        f"""INSERT INTO subscriber (id, address, address_hash, domain, language, attributes, created_at)
            SELECT n, 'reader.' || n || '@' || {domain}, {_HASH[kind]}, {domain},
                   CASE WHEN n % 10 = 0 THEN 'en' WHEN n % 10 < 4 THEN 'zh-CN' END,
                   '{{"name": "读者"}}', {moment}
            FROM {numbers} AS numbers""",
        f"""INSERT INTO subscription
                (newsletter, subscriber_id, status, cadence, paused_until, tags, created_at, confirmed_at,
                 left_at)
            SELECT '{SLUG}', n, {status},
                   CASE WHEN n % 20 = 0 THEN 'weekly' WHEN n % 20 < 4 THEN 'weekdays' ELSE 'daily' END,
                   CASE WHEN n % 500 = 0 THEN {"DATE " if kind == "postgresql" else ""}'2027-01-01' END,
                   {tags},
                   {moment}, {moment},
                   CASE WHEN n % 100 BETWEEN 92 AND 96 THEN {moment} ELSE {null_date} END
            FROM {numbers} AS numbers""",
        f"""INSERT INTO consent (subscriber_id, newsletter, event, at, origin)
            SELECT n, '{SLUG}', 'enrolled', {moment}, 'import' FROM {numbers} AS numbers""",
        f"""INSERT INTO suppression (address_hash, reason, note, created_at)
            SELECT {_HASH[kind]}, 'bounced', '550 no such user', {moment}
            FROM {numbers} AS numbers WHERE n % 100 = 7""",
        f"""INSERT INTO edition (id, newsletter, day, kind, serial, state, title, subject, findings,
                                 considered, excluded, created_at, frozen_at, finished_at, revision,
                                 is_carried)
            SELECT n, '{SLUG}', {_DAY[kind]}, 'daily', 1, 'finished', '今日要闻', 'AI 早报 第 ' || n || ' 期',
                   '[]', {people}, '{{}}', {moment}, {moment}, {moment}, 1,
                   {"FALSE" if kind == "postgresql" else "0"}
            FROM {_NUMBERS[kind].format(most=editions)} AS numbers""",
        f"""INSERT INTO mailing (id, edition_id, language, revision, fingerprint, content)
            SELECT n, n, 'zh-CN', 1, '-', {_HASH[kind]}
            FROM {_NUMBERS[kind].format(most=editions)} AS numbers""",
        f"""INSERT INTO batch (edition_id, number, mailing_id, lane, size, first_subscriber_id,
                               last_subscriber_id, state, due_at, deferrals, walked_to, accepted, refused)
            SELECT {editions}, n, {editions}, 'other', 1000, (n - 1) * 1000 + 1, n * 1000, 'done', {moment},
                   0, 0, 990, 10
            FROM {_NUMBERS[kind].format(most=people // 1000)} AS numbers""",
        f"""INSERT INTO delivery (edition_id, subscriber_id, batch_number, state, reply)
            SELECT {editions}, n, (n - 1) / 1000 + 1, CASE WHEN n % 100 = 7 THEN 3 ELSE 2 END,
                   CASE WHEN n % 100 = 7 THEN '550 5.1.1 no such user' END
            FROM {numbers} AS numbers""",
        f"""INSERT INTO delivery (edition_id, subscriber_id, batch_number, state)
            SELECT edition.id, n * 1000, 1, 2
            FROM edition, {_NUMBERS[kind].format(most=people // 1000)} AS numbers
            WHERE edition.id < {editions}""",
    ]
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement.replace(":", "\\:") if kind == "sqlite" else statement))
        if kind == "postgresql":
            for table in ("subscriber", "consent", "suppression", "edition", "mailing", "batch"):
                sequence = f"pg_get_serial_sequence('{table}', 'id')"
                connection.execute(text(f"SELECT setval({sequence}, (SELECT max(id) FROM {table}))"))
        connection.execute(text("ANALYZE"))
