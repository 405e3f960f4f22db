"""The addresses in a digest's Markdown, found by their looks and not by the reader under test."""

from __future__ import annotations

import re

LINK = re.compile(r"(?<!!)\[(?P<text>[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]\((?P<url>https?://[^()\s]+)\)")
IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<url>https?://[^()\s]+)(?P<title>[^)]*)\)")


def links_of(markdown: str) -> frozenset[str]:
    """Return the web addresses that links lead to."""
    return frozenset(found["url"] for found in LINK.finditer(markdown))
