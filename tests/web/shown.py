"""Every page a reader can see, by name, as an installation in use shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from httpx2 import Response

from newsletter.alarms import Cause
from newsletter.delivery import ledger
from newsletter.delivery.states import State
from newsletter.delivery.tables import Delivery
from newsletter.editions.states import State as EditionState
from newsletter.feedback.events import Kind as Heard
from newsletter.feedback.tables import Feedback
from newsletter.replies import Meaning
from subscribers import Purpose, Status
from tests.support import DAY, SLUG, a_mailing, new_edition
from tests.web import shelf
from tests.web.support import House, a_house, hidden

Visit = Callable[[House], Response]


def _confirmation(house: House) -> Response:
    _publish(house)
    house.sign_up("li.lei@qq.com")
    house.work()
    return house.client.get(house.link("confirm"))


def _welcome(house: House) -> Response:
    return house.press(_confirmation(house), today="yes")


def _manage(house: House, **pressed: str) -> Response:
    path = house.path(Purpose.MANAGE, house.reader())
    return house.client.post(path, data=pressed) if pressed else house.client.get(path)


def _missing(house: House) -> Response:
    """Show editions of five days, each with another end."""
    person = house.reader()
    with house.writing() as session:
        for number, (kind, reply, meaning) in enumerate(
            (
                (Heard.DELIVERED, None, None),
                (Heard.BLOCKED, "552 5.2.2 mailbox full", Meaning.SOFT),
                (Heard.BLOCKED, "550 5.7.1 message refused by policy of the receiver", Meaning.POLICY),
                (Heard.ACCEPTED, None, None),
                (None, None, None),
            ),
            1,
        ):
            edition = new_edition(DAY - timedelta(days=number))
            edition.state, edition.frozen_at = EditionState.FINISHED, house.clock() - timedelta(days=number)
            edition.subject = "早报 · OpenAI 发布新模型，三家云厂商同日跟进"
            if kind is None:
                edition.frozen_at = house.clock() - timedelta(days=9)  # before they came
            session.add(edition)
            session.flush()
            if kind is None:
                continue
            session.add(
                Delivery(edition_id=edition.id, subscriber_id=person, batch_number=1, state=State.ACCEPTED)
            )
            if kind is not Heard.ACCEPTED:
                at = house.clock() - timedelta(days=number)
                session.add(
                    Feedback(
                        edition_id=edition.id,
                        subscriber_id=person,
                        kind=kind,
                        at=at,
                        meaning=meaning,
                        reply=reply,
                    )
                )
    return house.client.get(f"{house.path(Purpose.MANAGE, person)}/why")


def _leave(house: House, **pressed: str) -> Response:
    path = house.path(Purpose.LEAVE, house.reader())
    return house.client.post(path, data=pressed) if pressed else house.client.get(path)


def _never(house: House) -> Response:
    person = house.reader()
    house.client.post(house.path(Purpose.DISOWN, person))
    return house.client.get(house.path(Purpose.MANAGE, person))


def _erased(house: House) -> Response:
    page = house.client.get(house.path(Purpose.ERASE, house.reader()))
    house.press(page, sure="yes")
    return house.client.get(str(page.url))


def _move(house: House, press: int) -> Response:
    person = house.reader()
    house.client.post(house.path(Purpose.MANAGE, person), data={"act": "move", "address": "lei@example.com"})
    ends = [house.link("move_new", "move"), house.link("move_old", "move")]
    page = house.client.get(ends[0])
    for end in ends[:press]:
        page = house.client.post(end)
    return page


def _stale(house: House) -> Response:
    page = _confirmation(house)
    house.clock.forward(timedelta(hours=2))
    return house.press(page)


def _full(house: House) -> Response:
    for n in range(20):
        house.sign_up(f"r{n}@example.com")
    return house.sign_up("one.more@example.com")


def _publish(house: House) -> None:
    with house.app.database.snapshot() as session:
        ledger.freeze(session, new_edition(DAY), {"zh-CN": a_mailing()}, batch_size=1000, now=house.clock())


def _again(house: House) -> Response:
    page = house.client.get(f"/{SLUG}")
    return house.client.post(f"/{SLUG}", data=hidden(page) | {"address": "li.lei@qq.com"})


def _shelf(path: str) -> Visit:
    def visit(house: House) -> Response:
        shelf.fill(house)
        return house.client.get(f"/{SLUG}/archive{path}")

    return visit


def _link(purpose: Purpose, status: Status = Status.ACTIVE) -> Visit:
    return lambda house: house.client.get(house.path(purpose, house.reader(status=status)))


def _alarm(house: House, *, cause: Cause = Cause.HELD, press: bool = False, clear: bool = False) -> Response:
    facts = {"due": house.clock(), "latest": house.clock() + timedelta(hours=3), "digest": f"{DAY}.md"}
    with house.writing() as session:
        house.app.alarms.sound(
            session,
            cause,
            newsletter=SLUG,
            day=DAY,
            facts=facts | {"replies": [["550 5.7.1 Message rejected as spam by policy", 61]]},
            findings=FINDINGS if cause is Cause.HELD else [],
            now=house.clock(),
        )
    page = house.client.get(house.link("alarm"))
    if press:
        page = house.press(page)
    if clear:
        with house.writing() as session:
            house.app.alarms.clear(session, newsletter=SLUG, day=DAY, now=house.clock())
        page = house.client.get(str(page.url))
    return page


FINDINGS = [
    {
        "check": check,
        "severity": severity,
        "line": line,
        "message": {"zh-CN": zh, "en": en},
        "remedy": {"zh-CN": zh_remedy, "en": en_remedy},
    }
    for check, severity, line, zh, en, zh_remedy, en_remedy in (
        (
            "leftover-marks",
            "hold",
            12,
            "“**”没有变成粗体",
            "** did not become bold",
            "补上另一半",
            "close it",
        ),
        (
            "links",
            "hold",
            31,
            "打不开：https://example.com/news/2026/11/a-very-long-address-that-nobody-can-read",
            "a dead link: https://example.com/news/2026/11/a-very-long-address-that-nobody-can-read",
            "换一个链接",
            "use another one",
        ),
        ("images", "warn", 40, "图片没有替代文字", "a picture without a text", "写一句", "write one"),
    )
]
PAGES: dict[str, Visit] = {
    "sign-up": lambda house: house.client.get(f"/{SLUG}"),
    "sign-up-wrong": lambda house: house.sign_up("li.lei@"),
    "sign-up-again": _again,
    "sign-up-proof": lambda house: house.client.get(f"/{SLUG}"),
    "check": lambda house: house.sign_up("li.lei@qq.com"),
    "check-unknown": lambda house: house.sign_up("someone.with.a.long.name@gmial.com"),
    "link": lambda house: house.client.get(f"/{SLUG}/link"),
    "confirm": _confirmation,
    "confirm-stale": _stale,
    "welcome": _welcome,
    "missing": _missing,
    "manage": _manage,
    "manage-paused": lambda house: _manage(house, act="monday"),
    "manage-saved": lambda house: _manage(house, act="prefer", cadence="weekly"),
    "manage-wrong": lambda house: _manage(house, act="move", address="li.lei"),
    "manage-left": _link(Purpose.MANAGE, Status.LEFT),
    "manage-pending": _link(Purpose.MANAGE, Status.PENDING),
    "manage-never": _never,
    "leave": _leave,
    "leave-stayed": lambda house: _leave(house, act="month"),
    "left": _link(Purpose.LEAVE, Status.LEFT),
    "goodbye": lambda house: _leave(house, act="leave"),
    "undo": _link(Purpose.UNDO, Status.LEFT),
    "undone": lambda house: house.client.post(house.path(Purpose.UNDO, house.reader(status=Status.LEFT))),
    "disown": _link(Purpose.DISOWN),
    "disowned": lambda house: house.client.post(house.path(Purpose.DISOWN, house.reader())),
    "data": _link(Purpose.ERASE),
    "erased": _erased,
    "move": lambda house: _move(house, 0),
    "move-waiting": lambda house: _move(house, 1),
    "move-done": lambda house: _move(house, 2),
    "test": lambda house: house.client.get("/leave/test"),
    "privacy": lambda house: house.client.get("/privacy"),
    "index": lambda house: house.client.get("/"),
    "alarm": _alarm,
    "alarm-paused": lambda house: _alarm(house, cause=Cause.PAUSED),
    "alarm-taken": lambda house: _alarm(house, press=True),
    "alarm-cleared": lambda house: _alarm(house, press=True, clear=True),
    "gone": lambda house: house.client.get("/manage/1.ai_daily.1.xxxxxxxxxxxxxxxxxxxxxx"),
    "full": _full,
    "archive": _shelf(""),
    "archive-end": _shelf(f"?before={DAY - timedelta(days=20)}"),
    "archive-empty": lambda house: house.client.get(f"/{SLUG}/archive"),
    "archive-newest": _shelf(f"/{DAY}"),
    "archive-edition": _shelf(f"/{shelf.FULL}"),
    "archive-search": _shelf("/search?q=芯片"),
    "archive-found": _shelf("/search?q=芯片+表格"),
    "archive-nothing": _shelf("/search?q=从来没有的词"),
    "archive-no-query": _shelf("/search?q="),
}
# What the installation is told, where a page is only shown then.
OPTIONS: dict[str, dict[str, Any]] = {
    "sign-up-proof": {"altcha": "always", "abroad": "Twilio SendGrid（美国）"},
    "privacy": {"abroad": "Twilio SendGrid（美国）", "icp": "沪ICP备12345678号-1"},
}


def a_page(name: str, folder: Path, *, language: str = "zh-CN") -> tuple[House, Response]:
    """Return a page of a new installation, and the installation."""
    house = a_house(folder, **OPTIONS.get(name, {}))
    house.client.headers["accept-language"] = language
    return house, PAGES[name](house)
