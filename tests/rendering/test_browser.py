"""The email in a real browser: it fits, it can be read in the dark, and by everyone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from newsletter.digests.digest import Digest
from tests.rendering import seen, support
from tests.tools import AXE, chromium, needs_axe, needs_chromium, needs_shared

SHAPES = [support.numbered, support.sections_of_briefs, support.essay, support.kitchen_sink]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def width_of(page: Page) -> int:
    return page.evaluate("document.scrollingElement.scrollWidth")


@needs_chromium
@pytest.mark.parametrize("variant", seen.VARIANTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_scrolls_sideways_at_any_width(
    browser: Browser, shape: Callable[[], Digest], variant: str
) -> None:
    html = seen.VARIANTS[variant](support.labelled_html(shape))

    page = seen.open_email(browser, html, width=320)
    for width in seen.WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": 900})
        assert width_of(page) <= width
    page.context.close()


@needs_shared
@needs_chromium
@pytest.mark.parametrize("file", support.REAL, ids=lambda file: file.stem)
def test_no_real_digest_scrolls_sideways(browser: Browser, file: Path) -> None:
    html = support.filled(support.render(support.real(file))).html

    for variant in seen.VARIANTS.values():
        page = seen.open_email(browser, variant(html), width=320)
        for width in seen.WIDTHS_PX:
            page.set_viewport_size({"width": width, "height": 900})
            assert width_of(page) <= width
        page.context.close()


@needs_chromium
def test_english_fits_too(browser: Browser) -> None:
    page = seen.open_email(browser, support.labelled_html(support.numbered, language="en"), width=320)

    assert width_of(page) <= 320
    page.context.close()


@needs_chromium
@pytest.mark.parametrize("variant", ["as sent", "without styles"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_word_has_enough_contrast_in_the_light(
    browser: Browser, shape: Callable[[], Digest], variant: str
) -> None:
    page = seen.open_email(browser, seen.VARIANTS[variant](support.labelled_html(shape)), width=414, scale=2)

    found = seen.contrasts(page, scale=2)

    assert found
    assert {text: ratio for text, ratio in found.items() if ratio < 4.5} == {}
    page.context.close()


@needs_chromium
@pytest.mark.parametrize("shape", SHAPES)
def test_every_word_has_enough_contrast_in_the_dark(browser: Browser, shape: Callable[[], Digest]) -> None:
    page = seen.open_email(browser, support.labelled_html(shape), width=414, dark=True, scale=2)

    found = seen.contrasts(page, scale=2)

    assert {text: ratio for text, ratio in found.items() if ratio < 4.5} == {}
    assert seen.brightness(page) < 0.25
    page.context.close()


def violations(page: Page) -> list[tuple[str, str]]:
    """Return what axe finds wrong, by rule and element; fail when it could not look."""
    page.add_script_tag(path=AXE)
    found = page.evaluate(
        """() => axe.run({
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
            rules: {"target-size": {enabled: true}},
        })"""
    )
    assert {"color-contrast", "target-size", "html-has-lang"} <= {rule["id"] for rule in found["passes"]}
    return [(rule["id"], node["html"]) for rule in found["violations"] for node in rule["nodes"]]


@needs_axe
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("shape", SHAPES)
def test_axe_finds_no_violation_of_wcag_2_2_a_and_aa(
    browser: Browser, shape: Callable[[], Digest], dark: bool
) -> None:
    page = seen.open_email(browser, support.labelled_html(shape), width=414, dark=dark)

    assert violations(page) == []
    page.context.close()


@needs_shared
@needs_axe
@pytest.mark.parametrize("file", support.REAL, ids=lambda file: file.stem)
def test_axe_finds_none_in_a_real_digest(browser: Browser, file: Path) -> None:
    html = support.filled(support.render(support.real(file))).html

    page = seen.open_email(browser, html, width=320, dark=True)

    assert violations(page) == []
    page.context.close()


@needs_chromium
def test_our_own_links_are_large_enough_to_touch(browser: Browser) -> None:
    for variant in seen.VARIANTS.values():
        page = seen.open_email(browser, variant(support.labelled_html(support.numbered)), width=320)

        boxes = page.evaluate(
            """() => [...document.querySelectorAll("a")].filter(link => !link.closest("h2,h3,p"))
                .map(link => [link.textContent, link.getBoundingClientRect().width,
                              link.getBoundingClientRect().height])"""
        )

        assert len(boxes) >= 5
        assert [box for box in boxes if min(box[1:]) < 24] == []
        page.context.close()


@needs_chromium
def test_text_is_set_for_reading_chinese(browser: Browser) -> None:
    page = seen.open_email(browser, support.labelled_html(support.numbered), width=320)

    for width, least, most in ((320, 16, 18), (414, 21, 24), (600, 30, 36), (800, 30, 36)):
        page.set_viewport_size({"width": width, "height": 900})
        size, line, column = page.evaluate(
            """() => {
                const body = document.querySelector("h2").closest("td").querySelector("div p:last-child");
                const style = getComputedStyle(body);
                return [parseFloat(style.fontSize), parseFloat(style.lineHeight), body.clientWidth];
            }"""
        )
        assert size == 16
        assert line / size >= 1.69
        assert least <= column / size <= most
    page.context.close()


@needs_chromium
def test_opening_it_asks_the_network_for_nothing(browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.set_content(support.labelled_html(support.numbered))

    assert asked == []
    context.close()
