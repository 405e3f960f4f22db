"""HTML as Markdown: headings, lists, links, pictures, tables and emphasis are kept, and all visible words.

Pure. Layout is no content: a table that holds blocks, and every ``div``, is only what is inside. Links come
as they were written, whatever their scheme: the gate and rendering judge those of every source alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newsletter.digests.html.inline import BREAK, inline, plain
from newsletter.digests.html.tree import Node, parse

# What would start a heading, a list, a quote, a rule or code at the start of a line. Numbers stay: a
# paragraph that starts with "1. " is meant as an item.
_STARTS_BLOCK = re.compile(r"^(#|>|\+|-|=|~~~)", re.M)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def to_markdown(html: str, *, base: str = "") -> str:
    """Return the Markdown of ``html``; relative addresses count from ``base`` when there is one."""
    return "\n\n".join(_blocks(parse(html).children, base)) + "\n"


def _blocks(children: Iterable[Node | str], base: str) -> Iterator[str]:
    run: list[Node | str] = []
    for child in children:
        if isinstance(child, Node) and (child.is_block or child.holds_blocks()):
            yield from _paragraph(run, base)
            run = []
            yield from _block(child, base)
        else:
            run.append(child)
    yield from _paragraph(run, base)


def _paragraph(run: list[Node | str], base: str) -> Iterator[str]:
    if text := inline(run, base):
        # Two blanks, not a backslash: when "1. " on the next line starts a list, nothing is left over.
        yield _STARTS_BLOCK.sub(r"\\\1", text).replace(BREAK, f"  {BREAK}")


def _block(node: Node, base: str) -> Iterator[str]:
    match node.tag:
        case tag if tag in _HEADINGS:
            if text := inline(node.children, base).replace(BREAK, " "):
                yield f"{'#' * _HEADINGS[tag]} {text}"
        case "ul" | "ol":
            yield from _list(node, base)
        case "pre":
            yield from _code(node)
        case "blockquote":
            if inner := "\n\n".join(_blocks(node.children, base)):
                yield "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))
        case "hr":
            yield "***"
        case "table":
            yield from _table(node, base)
        case "dt":
            yield from _paragraph([Node("strong", {}, node.children)], base)
        case "p" if not node.holds_blocks():
            yield from _paragraph(node.children, base)
        case "a":
            yield from _blocks(_inside_blocks(node), base)
        case _:
            yield from _blocks(node.children, base)


def _list(node: Node, base: str) -> Iterator[str]:
    start = node.attributes.get("start", "")
    number = int(start) if start.isdecimal() and len(start) < 7 else 1
    items: list[str] = []
    loose = False
    for child in node.children:
        if isinstance(child, str) and not child.strip():
            continue
        is_item = isinstance(child, Node) and child.tag == "li"
        held = child.children if isinstance(child, Node) and is_item else [child]
        blocks = list(_blocks(held, base))
        if not blocks:
            continue
        if not is_item and items:  # a list right inside a list: it belongs to the item above
            items[-1] += "\n\n" + _indented("\n\n".join(blocks), "   " if node.tag == "ol" else "  ")
            continue
        mark = f"{number}. " if node.tag == "ol" else "- "
        number += 1
        loose |= len(blocks) > 1
        items.append(mark + _indented("\n\n".join(blocks), " " * len(mark)).lstrip(" "))
    if items:
        yield ("\n\n" if loose else "\n").join(items)


def _indented(text: str, by: str) -> str:
    return "\n".join(f"{by}{line}" if line else "" for line in text.split("\n"))


def _code(node: Node) -> Iterator[str]:
    text = plain(node).strip("\n")
    if not text.strip():
        return
    classes = " ".join(code.attributes.get("class", "") for code in node.find("code"))
    language = re.search(r"\blanguage-([A-Za-z0-9+#-]+)", classes)
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    yield f"{fence}{language[1] if language else ''}\n{text}\n{fence}"


def _table(node: Node, base: str) -> Iterator[str]:
    rows = [list(row.find("td", "th")) for row in node.find("tr")]
    rows = [row for row in rows if row]
    width = max((len(row) for row in rows), default=0)
    cells = [cell for row in rows for cell in row]
    is_layout = width < 2 or len(rows) < 2 or any(cell.holds_blocks() for cell in cells)
    # Words outside the cells, as in a caption, have no place in a table of Markdown.
    if is_layout or _words("".join(map(plain, cells))) != _words(plain(node)):
        yield from _blocks(node.children, base)
        return
    lines = [
        [inline(cell.children, base).replace(BREAK, " ") for cell in row] + [""] * (width - len(row))
        for row in rows
    ]
    head, *body = ["| " + " | ".join(line) + " |" for line in lines]
    yield "\n".join([head, "|" + " --- |" * width, *body])


def _words(text: str) -> str:
    return "".join(text.split())


def _inside_blocks(link: Node) -> list[Node | str]:
    """Move a link that encloses blocks into them: Markdown's links lie inside one paragraph."""
    moved: list[Node | str] = []
    run: list[Node | str] = []

    def close() -> None:
        if run:
            moved.append(Node("a", link.attributes, list(run)))
            run.clear()

    for child in link.children:
        if isinstance(child, Node) and (child.is_block or child.holds_blocks()):
            close()
            moved.append(
                Node(child.tag, child.attributes, _inside_blocks(Node("a", link.attributes, child.children)))
            )
        else:
            run.append(child)
    close()
    return moved
