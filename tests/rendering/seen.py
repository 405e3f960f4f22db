"""Emails as a browser shows them: as sent, and as Chinese webmail leaves them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page

WIDTHS_PX = (320, 414, 600, 800)
FORCED_DARK = "--blink-settings=forceDarkModeEnabled=true"  # as the Gmail app does, which asks nobody


def _without_styles(html: str) -> str:
    return re.sub(r"<style\b.*?</style>", "", html, flags=re.DOTALL)


def _without_head(html: str) -> str:
    return re.sub(r"<head\b.*?</head>", "", html, flags=re.DOTALL)


def _without_classes(html: str) -> str:
    return re.sub(r' class="[^"]*"', "", html)


VARIANTS: dict[str, Callable[[str], str]] = {
    "as sent": lambda html: html,
    "without styles": _without_styles,
    "without head": _without_head,
    "without classes": _without_classes,
}


def open_email(browser: Browser, html: str, *, width: int, dark: bool = False, scale: int = 1) -> Page:
    """Open ``html`` in a window of ``width`` pixels; close its context when done."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        device_scale_factor=scale,
    )
    page = context.new_page()
    page.set_content(html)
    return page


# The boxes of all text that is seen, and what it says.
_BOXES = """() => {
    const boxes = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        if (!/[\\p{L}\\p{N}]/u.test(text)) continue;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        const box = range.getBoundingClientRect();
        if (box.width < 2 || box.height < 2) continue;
        const at = {x: box.x + scrollX, y: box.y + scrollY, w: box.width, h: box.height};
        boxes.push({text: text.slice(0, 40), ...at});
    }
    return boxes;
}"""

# The contrast of the lightest to the darkest pixel of each box of a picture.
_CONTRASTS = """async ({picture, boxes, scale}) => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.drawImage(image, 0, 0);
    const linear = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const table = Array.from({length: 256}, (_, value) => linear(value));
    return boxes.map(({text, x, y, w, h}) => {
        const {data} = context.getImageData(
            Math.floor(x * scale), Math.floor(y * scale), Math.ceil(w * scale), Math.ceil(h * scale));
        let low = 1, high = 0;
        for (let i = 0; i < data.length; i += 4) {
            const light = 0.2126 * table[data[i]] + 0.7152 * table[data[i + 1]] + 0.0722 * table[data[i + 2]];
            low = Math.min(low, light);
            high = Math.max(high, light);
        }
        return [text, (high + 0.05) / (low + 0.05)];
    });
}"""


def contrasts(page: Page, *, scale: int) -> dict[str, float]:
    """Return the contrast that every piece of text is really drawn with, by its first words."""
    boxes = page.evaluate(_BOXES)
    picture = base64.b64encode(page.screenshot(full_page=True)).decode()
    return dict(page.evaluate(_CONTRASTS, {"picture": picture, "boxes": boxes, "scale": scale}))


_BRIGHTNESS = """async picture => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const canvas = new OffscreenCanvas(1, 1);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}"""


def brightness(page: Page) -> float:
    """Return how bright the page is on the whole, from 0 for black to 1 for white."""
    picture = base64.b64encode(page.screenshot(full_page=True)).decode()
    return page.evaluate(_BRIGHTNESS, picture)
