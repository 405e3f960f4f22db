"""The site on a real port, and pages in a real browser."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from httpx2 import Response
from playwright.sync_api import Browser, Page, Route

from tests.tools import AXE, CHROMIUM
from tests.web.support import BASE, House, a_house


@contextmanager
def served(folder: Path, *, make: Callable[..., House] = a_house, **options: Any) -> Iterator[House]:
    """Serve a fresh installation on a port of 127.0.0.1, as ``newsletter serve`` does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        house = make(folder, base=f"http://127.0.0.1:{listener.getsockname()[1]}", **options)
        server = uvicorn.Server(
            uvicorn.Config(house.site, proxy_headers=False, access_log=False, log_config=None)
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield house
        finally:
            server.should_exit = True
            thread.join()
            house.app.close()


@contextmanager
def without_scripts(browser: Browser) -> Iterator[Browser]:
    """Start another Chromium in which scripts are off from the start, so that <noscript> counts."""
    # Chromium refuses its sandbox to root, which is what most containers run as.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    arguments = [*as_root, "--blink-settings=scriptEnabled=false"]
    started = browser.browser_type.launch(executable_path=CHROMIUM, args=arguments)
    try:
        yield started
    finally:
        started.close()


def open_page(
    browser: Browser, house: House, answer: Response, *, width: int, dark: bool = False, scale: float = 1
) -> Page:
    """Show an answer with the headers it came with, and its files; close its context when done."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if dark else "light",
        device_scale_factor=scale,
        locale="zh-CN",
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    shown = str(answer.url)

    def fulfil(route: Route) -> None:
        asked = route.request.url
        got = answer if asked == shown else house.client.get(asked.removeprefix(BASE))
        headers = {name: value for name, value in got.headers.items() if name != "content-length"}
        route.fulfill(status=got.status_code, body=got.content, headers=headers)

    page.route("**/*", fulfil)
    page.goto(shown)
    if "<altcha-widget" in answer.text:
        page.locator("altcha-widget input").first.wait_for(state="attached")
    # Chromium says so of every page that did not answer 200.
    told = [text for text in problems if "the server responded with a status of" not in text]
    assert told == [], told
    return page


def violations(page: Page) -> list[tuple[str, str]]:
    """Return what axe finds against WCAG 2.2 A and AA, and against good practice."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        """() => axe.run(document, {
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
            rules: {"target-size": {enabled: true}},
            iframes: false,  // an email in its frame is looked at as an email
        })"""
    )
    assert {"color-contrast", "html-has-lang"} <= {rule["id"] for rule in found["passes"]}
    return [(rule["id"], node["html"]) for rule in found["violations"] for node in rule["nodes"]]
