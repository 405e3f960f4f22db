"""Photograph the sample email and the readers' pages for docs/images: ``make screenshots``.

Writes email-<width>-<light|dark>.png, the beginning of the email at each width, and email.png, the
picture of the README: the beginning on one phone, and the end on another at night; then
page-<page>-<width>-<light|dark>.png, and pages.png, three of them on phones; and desk-<page>-…, the pages of
editors and senders, and likewise people-… and console-…. Everything is drawn by the Chromium of the system.
``ONLY=page`` takes only the readers' pages, ``ONLY=desk`` the editors', ``ONLY=people`` those about people,
``ONLY=console`` the admins', ``ONLY=email`` the emails.
"""

from __future__ import annotations

import base64
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, FloatRect, Page

from newsletter.config import NewsletterSettings, SenderSettings
from newsletter.digests.reader import read
from newsletter.rendering import Renderer
from newsletter.urls import Urls
from tests.rendering import seen
from tests.tools import ROOT, chromium
from tests.web import album
from tests.web.console import album as console_album
from tests.web.desk import album as desk_album
from tests.web.people import album as people_album

DAY = date(2026, 11, 23)
FOLDER = ROOT / "docs" / "images"
NEWSLETTER = NewsletterSettings(
    name="全球 AI 早报",
    postal_address="上海市示例路 1 号 200030",
    sender=SenderSettings(address="news@example.com"),
)
SCALE = 2  # device pixels
HEIGHT_PX = 1600
PHONE_PX = album.PHONE_PX
ROWS = ("email.png", "pages.png")  # the pictures of the README: rows of phones


def sample_email() -> str:
    """Return the HTML part of the packaged sample, as one reader gets it."""
    sample = resources.files("newsletter") / "samples" / f"{DAY}-ai-news.md"
    zone = ZoneInfo(NEWSLETTER.schedule.zone)
    digest = read(sample.read_bytes(), file=sample.name, newsletter_name=NEWSLETTER.name, tz=zone)
    rendered = Renderer().render(
        digest,
        NEWSLETTER,
        urls=Urls("https://news.example.com", "ai_daily"),
        language=NEWSLETTER.language,
        day=DAY,
        edition=f"ai_daily-{DAY}",
    )
    return rendered.mailing.html.fill({"address": "li.lei@example.cn"})


def photograph(browser: Browser, html: str, *, width: int, dark: bool, top: str = "html") -> bytes:
    """Return the email in a window of ``width`` pixels, from the last element ``top`` finds, as a PNG."""
    page = seen.open_email(browser, html, width=width, dark=dark, scale=SCALE)
    whole: int = page.evaluate("document.scrollingElement.scrollHeight")
    y: float = page.evaluate(
        "top => [...document.querySelectorAll(top)].pop().getBoundingClientRect().y", top
    )
    area = FloatRect(x=0, y=y, width=width, height=min(HEIGHT_PX, whole - y))
    picture = page.screenshot(full_page=True, clip=area)
    page.context.close()
    return picture


_PHONES = """<!doctype html>
<style>
  body { margin: 0; background: #e7e1d3; }
  main { display: flex; justify-content: center; gap: 56px; height: 700px; padding-top: 64px; }
  main { overflow: hidden; }
  figure { height: 800px; margin: 0; padding: 12px; border-radius: 54px; background: #2e2a22;
           box-shadow: 0 0 0 2px #57503f, 0 0 0 12px #ddd6c4; }
  figure + figure { margin-top: 44px; }
  div { width: 390px; height: 800px; overflow: hidden; border-radius: 42px; }
  img { display: block; width: 390px; }
  .light { background: #f3f0e8; padding-top: 30px; }
  .dark { background: #1c1a17; padding-top: 44px; }
  .page-light { background: #fffdf8; }
  .page-dark { background: #1c1a17; }
  .page-light, .page-dark { padding-top: 20px; }
</style>
<main>PHONES</main>"""
_PHONE = """<figure><div class="KIND"><img src="data:image/png;base64,PICTURE" alt=""></div></figure>"""


def compose(browser: Browser, pictures: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a row of phones, each of which shows a picture from its top by a kind of light."""
    phones = [
        _PHONE.replace("KIND", kind).replace("PICTURE", base64.b64encode(picture).decode())
        for kind, picture in pictures
    ]
    width = 130 + 455 * len(pictures)
    context = browser.new_context(viewport={"width": width, "height": 764}, device_scale_factor=SCALE)
    page = context.new_page()
    page.set_content(_PHONES.replace("PHONES", "".join(phones)), wait_until="load")
    picture = page.screenshot()
    context.close()
    return picture


# The most frequent colours that are not nearly the same, and for each pixel the place of the nearest.
_PALETTE = """async ({picture, most}) => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
    const counts = new Map();
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
    const kept = [];
    const closest = pixel => {
        const [red, green, blue] = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
        let best = 0, least = Infinity;
        for (let place = 0; place < kept.length; place++) {
            const [r, g, b] = kept[place];
            const apart = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
            if (apart < least) { least = apart; best = place; }
        }
        return [best, least];
    };
    for (const pixel of [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a)))
        if (kept.length < most && (kept.length < 8 || closest(pixel)[1] > 48))
            kept.push([pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255]);
    const nearest = new Map([...counts.keys()].map(pixel => [pixel, closest(pixel)[0]]));
    const places = new Uint8Array(pixels.length);
    for (let i = 0; i < pixels.length; i++) places[i] = nearest.get(pixels[i]);
    let binary = "";
    for (let i = 0; i < places.length; i += 32768)
        binary += String.fromCharCode(...places.subarray(i, i + 32768));
    return {width: image.width, height: image.height, palette: kept, places: btoa(binary)};
}"""


def shrunk(page: Page, picture: bytes, *, colours: int) -> bytes:
    """Return the PNG with at most ``colours`` (256 or fewer): a fraction of the size, and text needs few."""
    found = page.evaluate(_PALETTE, {"picture": base64.b64encode(picture).decode(), "most": colours})
    width, height = found["width"], found["height"]
    places = base64.b64decode(found["places"])
    rows = b"".join(b"\0" + places[row * width : (row + 1) * width] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = bytes(part for colour in found["palette"] for part in colour)

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"PLTE", palette)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def main(folder: Path = FOLDER) -> None:
    """Write every picture and say how large it is."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        blank = browser.new_page()
        only = os.environ.get("ONLY", "")
        for kind, take in (
            ("email", _emails),
            ("page", _pages),
            ("desk", _desk),
            ("people", _people),
            ("console", _console),
        ):
            if not only or only.startswith(kind):
                for name, picture in take(browser):
                    small = shrunk(blank, picture, colours=128 if name in ROWS else 64)
                    (folder / name).write_bytes(small)
                    print(f"{len(small) / 1000:7.0f} kB  {folder / name}")


def _emails(browser: Browser) -> Iterator[tuple[str, bytes]]:
    html = sample_email()
    for width in seen.WIDTHS_PX:
        for dark in (False, True):
            look = "dark" if dark else "light"
            yield f"email-{width}-{look}.png", photograph(browser, html, width=width, dark=dark)
    beginning = photograph(browser, html, width=PHONE_PX, dark=False)
    end = photograph(browser, html, width=PHONE_PX, dark=True, top=".card .line")
    yield "email.png", compose(browser, [("light", beginning), ("dark", end)])


def _pages(browser: Browser) -> Iterator[tuple[str, bytes]]:
    taken = dict(album.photographs(browser, scale=SCALE))
    yield from taken.items()
    row = [("sign-up", "light"), ("preferences", "dark"), ("archive", "light")]
    phones = [(f"page-{look}", taken[f"page-{name}-{PHONE_PX}-{look}.png"]) for name, look in row]
    yield "pages.png", compose(browser, phones)


def _people(browser: Browser) -> Iterator[tuple[str, bytes]]:
    return people_album.photographs(browser, scale=1)


def _console(browser: Browser) -> Iterator[tuple[str, bytes]]:
    return console_album.photographs(browser, scale=1)


def _desk(browser: Browser) -> Iterator[tuple[str, bytes]]:
    return desk_album.photographs(browser, scale=1)


if __name__ == "__main__":
    main()
