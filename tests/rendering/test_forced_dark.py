"""Some mail programs turn every message dark and ask nobody. Our colours survive that."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from newsletter.digests.digest import Digest
from tests.rendering import seen, support
from tests.tools import chromium, needs_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(seen.FORCED_DARK) as started:
        yield started


@needs_chromium
@pytest.mark.parametrize("variant", ["as sent", "without styles"])
@pytest.mark.parametrize(
    "shape", [support.numbered, support.sections_of_briefs, support.essay, support.kitchen_sink]
)
def test_every_word_can_still_be_read(browser: Browser, shape: Callable[[], Digest], variant: str) -> None:
    # A page that says it knows the dark is left alone, so let it say it does not.
    html = seen.VARIANTS[variant](support.labelled_html(shape)).replace("light dark", "light")
    page = seen.open_email(browser, html, width=414, scale=2)

    found = seen.contrasts(page, scale=2)

    assert found
    assert {text: ratio for text, ratio in found.items() if ratio < 4.5} == {}
    assert seen.brightness(page) < 0.25
    page.context.close()
