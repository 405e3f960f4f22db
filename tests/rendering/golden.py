"""The golden files: whole emails as they were last approved. ``python -m tests.rendering.golden`` writes
them anew; then read the diff.

A mail's HTML is one long line. Here every tag that opens a block begins a line of its own, so that
a change shows as a few lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from newsletter.digests.digest import Digest
from tests.rendering import support
from tests.tools import ROOT

FOLDER = ROOT / "tests" / "golden"
_BLOCK = re.compile(
    r"(?<!\n)(?=<(?:!--|/?(?:table|tr|td|div|p|h\d|style|body|html|head|meta|ul|ol|li|blockquote|pre)\b))"
)


def cases() -> dict[str, Callable[[], tuple[Digest, str]]]:
    """Return every case by its folder's name: a digest and the language it is read in."""
    labelled = {"sponsored": True, "ai_generated": True}
    return {
        "numbered-zh": lambda: (support.numbered(), "zh-CN"),
        "numbered-en": lambda: (support.with_front(support.numbered(), **labelled), "en"),
        "sections-zh": lambda: (support.sections_of_briefs(), "zh-CN"),
        "essay-zh": lambda: (support.essay(), "zh-CN"),
        "everything-zh": lambda: (support.kitchen_sink(), "zh-CN"),
    }


def files(digest: Digest, language: str) -> dict[str, str]:
    """Return what stands in one case's folder."""
    rendered = support.render(digest, language=language)
    copy = support.filled(rendered)
    headers = [("Subject", rendered.mailing.subject), *copy.headers, ("Preheader", rendered.preheader)]
    return {
        "headers.txt": "".join(f"{name}: {value}\n" for name, value in headers),
        "email.html": _BLOCK.sub("\n", copy.html).lstrip("\n"),
        "email.txt": copy.text,
    }


def write(folder: Path = FOLDER) -> None:
    """Write every golden file anew."""
    for name, case in cases().items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file, content in files(*case()).items():
            (folder / name / file).write_text(content, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()
    print(f"wrote {FOLDER}; now read: git diff {FOLDER.relative_to(ROOT)}")
