"""The pages a reader sees on the way from the front page to goodbye, photographed for docs/images."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, FloatRect

from tests.web import shown
from tests.web.served import open_page

PHONE_PX, DESK_PX = 390, 1280
HIGHEST_PX = 1600  # what is below is left away
# The name of each picture, and which of the shown pages it is of.
PAGES = {
    "sign-up": "sign-up",
    "check": "check",
    "confirm": "confirm",
    "welcome": "welcome",
    "preferences": "manage",
    "goodbye": "goodbye",
    "archive": "archive",
    "edition": "archive-edition",
    "search": "archive-found",
}
ON_A_DESK = ("sign-up", "edition")


def photographs(browser: Browser, *, scale: int) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the PNG of each page, by day and by night, on a phone and some on a desk."""
    for name in PAGES:
        for width in (PHONE_PX, DESK_PX) if name in ON_A_DESK else (PHONE_PX,):
            for dark in (False, True) if width == PHONE_PX else (False,):
                look = "dark" if dark else "light"
                yield (
                    f"page-{name}-{width}-{look}.png",
                    photograph(browser, name, width=width, dark=dark, scale=scale),
                )


def photograph(
    browser: Browser, name: str, *, width: int, dark: bool, scale: int, highest: int = HIGHEST_PX
) -> bytes:
    """Return one page of an installation of its own as a PNG."""
    with tempfile.TemporaryDirectory() as folder:
        house, answer = shown.a_page(PAGES[name], Path(folder))
        page = open_page(browser, house, answer, width=width, dark=dark, scale=scale)
        whole: int = page.evaluate("document.scrollingElement.scrollHeight")
        area = FloatRect(x=0, y=0, width=width, height=min(highest, whole))
        picture = page.screenshot(full_page=True, clip=area)
        page.context.close()
        house.app.close()
    return picture
