"""The pages about people, photographed for docs/images."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, FloatRect

from tests.web.people import shown
from tests.web.served import open_page

PHONE_PX, DESK_PX = 390, 1280
HIGHEST_PX = 1600
# Of which shown page, at which widths, and by which light.
PICTURES = (
    ("login", PHONE_PX, False),
    ("people", DESK_PX, False),
    ("people", PHONE_PX, True),
    ("person", DESK_PX, True),
    ("account", DESK_PX, False),
    ("second", PHONE_PX, False),
    ("tokens", PHONE_PX, False),
    ("audit", DESK_PX, False),
    ("docs", DESK_PX, False),
)


def photographs(browser: Browser, *, scale: int) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the PNG of each page."""
    for name, width, dark in PICTURES:
        with tempfile.TemporaryDirectory() as folder:
            house, answer = shown.a_page(name, Path(folder))
            page = open_page(browser, house, answer, width=width, dark=dark, scale=scale)
            whole: int = page.evaluate("document.scrollingElement.scrollHeight")
            area = FloatRect(x=0, y=0, width=width, height=min(HIGHEST_PX, whole))
            look = "dark" if dark else "light"
            yield f"people-{name}-{width}-{look}.png", page.screenshot(full_page=True, clip=area)
            page.context.close()
            house.app.close()
