"""What some tests need and pip cannot bring. ``make tools`` installs it.

Mark a test with ``needs_…`` and it is skipped, by name, where its tool is absent.
With ``CI=true`` that skip is a failure (see ``conftest.py``).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
_NODE = ROOT / "tests" / "node" / "node_modules"


def _program(*names: str) -> str:
    """Return the first that is installed; the first name where none is."""
    return next(filter(None, map(shutil.which, names)), names[0])


CHROMIUM = _program("chromium", "chromium-browser", "google-chrome")
SPAMASSASSIN = _program("spamassassin")
MJML = _NODE / ".bin" / "mjml"  # the reference compiler
AXE = _NODE / "axe-core" / "axe.min.js"  # a script to add to a page
SHARED = ROOT.parent / "shared"  # real digests and provider samples, not ours to copy

_has_chromium = shutil.which(CHROMIUM) is not None

needs_chromium = pytest.mark.skipif(not _has_chromium, reason="Chromium is missing: make tools")
needs_spamassassin = pytest.mark.skipif(
    not shutil.which(SPAMASSASSIN), reason="SpamAssassin is missing: make tools"
)
needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is missing: make tools"
)
needs_mjml = pytest.mark.skipif(
    not MJML.exists() or not shutil.which("node"), reason="the reference mjml is missing: make tools"
)
needs_axe = pytest.mark.skipif(
    not _has_chromium or not AXE.exists(), reason="Chromium or axe-core is missing: make tools"
)
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the samples in ../shared are missing")


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Start the system's headless Chromium; mark the test with ``needs_chromium``."""
    # Chromium refuses its sandbox to root, which is what most containers run as.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*as_root, *arguments])
        try:
            yield browser
        finally:
            browser.close()
