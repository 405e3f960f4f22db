"""Every page a reader can see, by name, as an installation in use shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from httpx2 import Response

from newsletter.delivery import ledger
from subscribers import Purpose, Status
from tests.support import DAY, SLUG, a_mailing, new_edition
from tests.web.support import House, hidden

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


def _leave(house: House, **pressed: str) -> Response:
    path = house.path(Purpose.LEAVE, house.reader())
    return house.client.post(path, data=pressed) if pressed else house.client.get(path)


def _undone(house: House) -> Response:
    token = house.path(Purpose.UNDO, house.reader(status=Status.LEFT))
    return house.client.post(token)


def _data(house: House) -> Response:
    return house.client.get(house.path(Purpose.ERASE, house.reader()))


def _erased(house: House) -> Response:
    house.press(page := _data(house), sure="yes")
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


def _proof(house: House) -> Response:
    house.app.settings.web.__dict__["altcha"] = "always"
    return house.client.get(f"/{SLUG}")


def _full(house: House) -> Response:
    page = house.client.get(f"/{SLUG}")
    house.clock.forward(timedelta(seconds=5))
    for n in range(21):
        page = (
            house.client.post(f"/{SLUG}", data=hidden(page) | {"address": f"r{n}@example.com"})
            if not n
            else (house.sign_up(f"r{n}@example.com"))
        )
    return page


def _publish(house: House) -> None:
    with house.app.database.snapshot() as session:
        ledger.freeze(session, new_edition(DAY), {"zh-CN": a_mailing()}, batch_size=1000, now=house.clock())


PAGES: dict[str, Visit] = {
    "sign-up": lambda house: house.client.get(f"/{SLUG}"),
    "sign-up-wrong": lambda house: house.sign_up("li.lei@"),
    "sign-up-again": lambda house: house.client.post(
        f"/{SLUG}", data=hidden(house.client.get(f"/{SLUG}")) | {"address": "li.lei@qq.com"}
    ),
    "sign-up-proof": _proof,
    "check": lambda house: house.sign_up("li.lei@qq.com"),
    "check-unknown": lambda house: house.sign_up("someone.with.a.long.name@gmial.com"),
    "link": lambda house: house.client.get(f"/{SLUG}/link"),
    "confirm": _confirmation,
    "confirm-stale": _stale,
    "welcome": _welcome,
    "manage": _manage,
    "manage-paused": lambda house: _manage(house, act="monday"),
    "manage-saved": lambda house: _manage(house, act="prefer", cadence="weekly"),
    "manage-wrong": lambda house: _manage(house, act="move", address="li.lei"),
    "manage-left": lambda house: house.client.get(
        house.path(Purpose.MANAGE, house.reader(status=Status.LEFT))
    ),
    "manage-pending": lambda house: house.client.get(
        house.path(Purpose.MANAGE, house.reader(status=Status.PENDING))
    ),
    "leave": _leave,
    "leave-stayed": lambda house: _leave(house, act="month"),
    "left": lambda house: house.client.get(house.path(Purpose.LEAVE, house.reader(status=Status.LEFT))),
    "goodbye": lambda house: _leave(house, act="leave"),
    "undone": _undone,
    "undo": lambda house: house.client.get(house.path(Purpose.UNDO, house.reader(status=Status.LEFT))),
    "disown": lambda house: house.client.get(house.path(Purpose.DISOWN, house.reader())),
    "disowned": lambda house: house.client.post(house.path(Purpose.DISOWN, house.reader())),
    "data": _data,
    "erased": _erased,
    "move": lambda house: _move(house, 0),
    "move-waiting": lambda house: _move(house, 1),
    "move-done": lambda house: _move(house, 2),
    "test": lambda house: house.client.get("/leave/test"),
    "privacy": lambda house: house.client.get("/privacy"),
    "index": lambda house: house.client.get("/"),
    "gone": lambda house: house.client.get("/manage/1.ai_daily.1.xxxxxxxxxxxxxxxxxxxxxx"),
    "full": _full,
}
