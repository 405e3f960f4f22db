"""Chinese list marks made into Markdown's, so that ``1、标题`` and ``１．标题`` are list items.

Only marks that start a line change, and only where Markdown would accept a list item. Lines keep
their numbers.

Pure.
"""

from __future__ import annotations

import re

# 1、 １． １、 １) at the start of a line; not 1.5, and not 1、2月.
_MARK = re.compile(r"( {0,3})(?:([0-9０-９]{1,3})[、．]|([０-９]{1,3})[.)）])[ \t]*(?=[^\s0-9０-９])")
_ITEM = re.compile(r" {0,3}[0-9]{1,9}[.)](?:\s|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def with_markdown_numbers(text: str) -> str:
    """Return ``text`` with its Chinese list marks in Markdown's notation."""
    lines: list[str] = []
    fence = ""
    in_list, after_blank = False, True
    for line in text.split("\n"):
        if fence:
            fence = "" if line.strip().startswith(fence) and not line.strip(f" {fence[0]}") else fence
        elif opened := _FENCE.match(line):
            fence = opened[1]
        elif found := _MARK.match(line):
            number = int(found[2] or found[3])
            if number == 1 or in_list or after_blank:
                lines.append(f"{found[1]}{number}. {line[found.end() :]}")
                in_list, after_blank = True, False
                continue
        blank = not line.strip()
        if _ITEM.match(line):
            in_list = True
        elif after_blank and not blank and not line.startswith((" ", "\t")):
            in_list = False
        after_blank = blank
        lines.append(line)
    return "\n".join(lines)
