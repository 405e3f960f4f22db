"""The small language of segments: what it reads, what it says of mistakes, and whom it means."""

import contextlib
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.database import Database
from subscribers import (
    Cadence,
    Field,
    Node,
    Operator,
    Problem,
    Reason,
    SegmentError,
    Status,
    Subscriber,
    Subscription,
    read_segment,
    suppress_address,
    suppress_domain,
    write_segment,
)
from subscribers.segments import All, Comparison, Either, Not, condition
from tests.support import DAY, SEVEN, SLUG, Reader, add, open_database

ZONE = ZoneInfo("Asia/Shanghai")


# ---- reading ----


@pytest.mark.parametrize(
    "text",
    [
        "status = active and domain in (qq.com, 163.com) and joined > 2026-01-01 and tag = vip",
        "status = active or (paused = yes and not language in (en, default))",
        'attribute.city = "上海" and tag != "two words"',
        "address starts li and id >= 12",
        'address contains "a\\"b" or domain not in (qq.com)',
    ],
)
def test_what_is_written_reads_back_the_same(text: str) -> None:
    node = read_segment(text)

    assert read_segment(write_segment(node)) == node
    assert write_segment(node) == text


def test_and_binds_closer_than_or() -> None:
    node = read_segment("id = 1 or id = 2 and id = 3")

    assert isinstance(node, Either)
    assert isinstance(node.parts[1], All)


def test_what_a_chinese_keyboard_types_is_understood() -> None:
    assert read_segment("status＝active 且 domain in（qq.com，163.com）或 tag＝“老用户”") == read_segment(
        'status = active and domain in (qq.com, 163.com) or tag = "老用户"'
    )


@pytest.mark.parametrize(
    ("text", "problem", "column"),
    [
        ("", Problem.EMPTY, 1),
        ("   ", Problem.EMPTY, 1),
        ("colour = red", Problem.FIELD, 1),
        ("status = active and colour = red", Problem.FIELD, 21),
        ("status > active", Problem.OPERATOR, 8),
        ("status = actve", Problem.WORD, 10),
        ("status =", Problem.VALUE, 9),
        ("status = and", Problem.VALUE, 10),
        ("joined > 2026-02-30", Problem.DAY, 10),
        ("id = 12a", Problem.NUMBER, 6),
        ("id = 99999999999999999999", Problem.NUMBER, 6),
        ("(status = active", Problem.BRACKET, 17),
        ("domain in qq.com", Problem.BRACKET, 11),
        ("domain in (qq.com", Problem.BRACKET, 18),
        ("status = active)", Problem.END, 16),
        ("status = active status = left", Problem.END, 17),
        ('tag = "vip', Problem.QUOTE, 7),
        ("attribute = x", Problem.ATTRIBUTE, 1),
        ("not " * 30 + "id = 1", Problem.TOO_DEEP, 85),
        ("x" * 3000, Problem.TOO_LONG, 2001),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, problem: Problem, column: int) -> None:
    with pytest.raises(SegmentError) as caught:
        read_segment(text)

    assert (caught.value.problem, caught.value.column) == (problem, column)


def test_a_mistake_says_what_could_stand_there() -> None:
    with pytest.raises(SegmentError) as caught:
        read_segment("cadence = monthly")

    assert caught.value.allowed == ("daily", "weekdays", "weekly")


def test_any_tree_reads_back_and_any_text_is_a_segment_or_a_mistake() -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    words = "status = active and or not in ( ) , tag \"a b\" id 7 < 2026-01-01 且 “ ” \\ ' ; % 'x' --".split()

    for _ in range(300):
        node = _any_node(chance, 3)
        assert read_segment(write_segment(node)) == node
        with contextlib.suppress(SegmentError):
            read_segment(" ".join(chance.choices(words, k=chance.randrange(12))))


def _any_node(chance: random.Random, depth: int) -> Node:
    kind = chance.randrange(4) if depth else 0
    if kind == 1:
        return Not(_any_node(chance, depth - 1))
    if kind in (2, 3):
        join, other = (All, Either) if kind == 2 else (Either, All)
        # Read back, parts of the same kind would be one.
        inner = [_any_node(chance, depth - 1) for _ in range(chance.randrange(2, 4))]
        return join(tuple(node if not isinstance(node, join) else other(node.parts) for node in inner))
    text = "".join(chance.choices('ab "\\()=,上', k=chance.randrange(1, 6)))
    return chance.choice(
        [
            Comparison(field=Field.TAG, operator=Operator.IS_NOT, values=(text,)),
            Comparison(field=Field.ATTRIBUTE, name="city", operator=Operator.IN, values=(text, "b")),
            Comparison(field=Field.ID, operator=Operator.LESS, values=(7,)),
            Comparison(field=Field.PAUSED, operator=Operator.IS, values=(True,)),
            Comparison(field=Field.JOINED, operator=Operator.AT_LEAST, values=(date(2026, 1, 2),)),
        ]
    )


# ---- meaning ----


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Five people, each unlike the others."""
    opened = open_database(database_url)
    with opened.sessions.begin() as session:
        people = [
            Reader(address="li.lei@qq.com", language="zh-CN"),
            Reader(address="han@qq.com", status=Status.PENDING, cadence=Cadence.WEEKLY),
            Reader(address="ada_l@163.com", status=Status.LEFT, language="en"),
            Reader(address="bob@example.com", paused_until=DAY + timedelta(days=3)),
            Reader(address="zoe@example.org", cadence=Cadence.WEEKDAYS, paused_until=DAY),
        ]
        add(session, people)
        _change(session, 1, tags=["vip", "AI"], confirmed_at=SEVEN)
        _change(session, 2, tags=['say "hi"'])
        _change(
            session, 3, left_at=SEVEN - timedelta(days=1), created_at=datetime(2026, 1, 1, 15, 59, tzinfo=UTC)
        )
        _change(session, 4, created_at=datetime(2026, 1, 1, 16, 0, tzinfo=UTC))
        session.execute(
            update(Subscriber)
            .where(Subscriber.id == 1)
            .values(attributes={"city": "上海", "age": 7, "ok": True})
        )
        session.execute(
            update(Subscriber).where(Subscriber.id == 5).values(address=None, domain=None, erased_at=SEVEN)
        )
        first = session.get_one(Subscriber, 1)
        suppress_address(session, first.address_hash, reason=Reason.BOUNCED, now=SEVEN)
        suppress_domain(session, "163.com", reason=Reason.BLOCKED, now=SEVEN)
    yield opened
    opened.close()


def _change(session: Session, id_: int, **values: object) -> None:
    session.execute(update(Subscription).where(Subscription.subscriber_id == id_).values(**values))


MEANINGS: list[tuple[str, set[int]]] = [
    ("status = active", {1, 4, 5}),
    ("status != active", {2, 3}),
    ("not status in (active, left)", {2}),
    ("cadence in (weekly, weekdays)", {2, 5}),
    ("language = zh-CN", {1}),
    ("language = default", {2, 4, 5}),
    ("language in (en, default)", {2, 3, 4, 5}),
    ("language != zh-CN", {2, 3, 4, 5}),
    ("domain = QQ.com", {1, 2}),
    ("domain != qq.com", {3, 4, 5}),  # also who is erased: it is not their domain
    ("not domain = qq.com", {3, 4, 5}),
    ("domain in (qq.com, @163.com)", {1, 2, 3}),
    ("address = Li.Lei@qq.com", {1}),
    ("address starts LI", {1}),
    ("address starts ada_", {3}),  # an underscore is no wildcard
    ('address starts "%"', set()),
    ("address contains @example", {4}),
    ("address contains _l", {3}),
    ("tag = vip", {1}),
    ("tag = VIP", set()),
    ('tag = "say \\"hi\\""', {2}),
    ("tag in (AI, x)", {1}),
    ("tag != vip", {2, 3, 4, 5}),
    ('attribute.city = "上海"', {1}),
    ("attribute.age = 7", {1}),
    ("attribute.ok = true", {1}),
    ("attribute.city != x", {1, 2, 3, 4, 5}),
    ("id in (2, 3)", {2, 3}),
    ("id > 3 and id <= 5", {4, 5}),
    ("joined = 2026-01-01", {3}),  # a minute before midnight in Shanghai
    ("joined > 2026-01-01", {1, 2, 4, 5}),
    ("joined >= 2026-01-02 and joined < 2026-01-03", {4}),
    ("joined <= 2026-01-01", {3}),
    ("confirmed >= 2026-11-23", {1}),
    ("left != 2026-11-22", {1, 2, 4, 5}),
    ("paused = yes", {4}),  # the pause of 5 is over on the day it ends
    ("paused = no", {1, 2, 3, 5}),
    ("paused != yes", {1, 2, 3, 5}),
    ("suppressed = yes", {1, 3}),
    ("suppressed = no and status = active", {4, 5}),
    ("not (status = active or tag = vip)", {2, 3}),
    ('tag = "x\' OR 1=1 --"', set()),
]


def test_a_segment_means_the_same_people_on_both_databases(database: Database) -> None:
    query = (
        select(Subscriber.id)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.newsletter == SLUG)
    )

    with database.readers() as session:
        found = {
            text: set(session.scalars(query.where(condition(read_segment(text), zone=ZONE, today=DAY))))
            for text, _ in MEANINGS
        }

    assert found == dict(MEANINGS)
