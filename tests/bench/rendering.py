"""What compiling an edition and filling a copy cost."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from newsletter.config import NewsletterSettings
from newsletter.delivery.composer import Composer
from newsletter.digests.reader import read
from newsletter.mailing import Mailing
from newsletter.rendering.renderer import Renderer
from newsletter.transports.mime import Prepared
from tests.bench import measured
from tests.support import KEYS, SLUG, URLS

DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
NEWSLETTER = NewsletterSettings(name="全球AI新闻速递", postal_address="上海市")
COMPILATIONS = 20
COPIES = 2_000


def _sample() -> bytes:
    return (resources.files("newsletter") / "samples" / f"{DAY}-ai-news.md").read_bytes()


def _compile(renderer: Renderer) -> Mailing:
    digest = read(_sample(), file="sample.md", newsletter_name=NEWSLETTER.name, tz=ZoneInfo("Asia/Shanghai"))
    return renderer.render(
        digest, NEWSLETTER, urls=URLS, language="zh-CN", day=DAY, edition=f"{SLUG}-{DAY}"
    ).mailing


@cache
def _mailing() -> Mailing:
    return _compile(Renderer())


@measured("≤ 50")
def compile_edition_ms() -> float:
    """From the bytes of a digest to a mailing, in a process that has compiled one before."""
    renderer = Renderer()
    _compile(renderer)
    started = time.perf_counter()
    for _ in range(COMPILATIONS):
        _compile(renderer)
    return (time.perf_counter() - started) / COMPILATIONS * 1000


@measured("≤ 150")
def fill_copy_us() -> float:
    """From a row of the ledger to the bytes on the wire: tokens, both parts, all headers."""
    mailing = _mailing()
    prepared, composer = Prepared(mailing), Composer(KEYS, URLS)
    started = time.perf_counter()
    for reader in range(COPIES):
        prepared.message(composer.compose(mailing, 1, reader, f"r{reader}@example.com"), NOW)
    return (time.perf_counter() - started) / COPIES * 1_000_000
