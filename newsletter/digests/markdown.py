"""Markdown read into the prose tree: CommonMark with tables, strikethrough and Chinese emphasis.

Nothing visible is lost on the way: what the parser would drop without a word is an error with its
place (nesting too deep, an unfinished HTML comment, a table row with too many cells) or stays text
(``<think>``, ``[注]: 一句话``). Links and images come as they were written, whatever their scheme.

This module and ``cjk_emphasis`` are the only ones that know the parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from newsletter.digests.cjk import has_cjk
from newsletter.digests.cjk_emphasis import cjk_emphasis
from newsletter.digests.lines import SOFT_BREAK
from newsletter.digests.prose import (
    Block,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    RawBlock,
    RawInline,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
    plain,
)
from newsletter.digests.raw_html import HIDING, is_html, missing_end, tag_name
from newsletter.errors import DigestError

DEEPEST = 15  # quotes and lists in each other; emphasis and links in each other
_WEB_URL = re.compile(r"https?://", re.I)
_ADDRESS_LIKE = re.compile(r"[/#.]|[A-Za-z][A-Za-z0-9+.-]*:")
_ALIGNMENT = re.compile(r"text-align:(left|center|right)")


class Parser(MarkdownIt):
    """The Markdown we read. One instance, changed by nobody, serves every digest."""

    def __init__(self) -> None:
        # The parser drops text where maxNesting ends; a list counts twice, so this lies beyond DEEPEST.
        super().__init__("commonmark", {"maxNesting": 40, "inline_definitions": True})
        self.enable(["table", "strikethrough"]).use(cjk_emphasis)

    def validateLink(self, url: str) -> bool:  # noqa: N802 (the parser's name)
        """Accept every link: the gate reports the bad ones, which a literal ``[…](…)`` would hide."""
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        """Percent-encode web addresses, as they go into headers and plain text; keep the rest as written."""
        return super().normalizeLink(url) if _WEB_URL.match(url) else url


_PARSER = Parser()


def parse(source: str, *, file: str = "", first_line: int = 1) -> tuple[Block, ...]:
    """Read ``source``, whose first line is ``first_line`` of ``file``, or raise ``DigestError``.

    Soft line breaks stand as ``lines.SOFT_BREAK``; ``lines.settle_blocks`` ends that.
    """
    return _Reading(source, file=file, first_line=first_line).blocks()


class _Reading:
    """One text on its way from tokens to blocks."""

    def __init__(self, source: str, *, file: str, first_line: int) -> None:
        self.source_lines = source.split("\n")
        self.file = file
        self.first_line = first_line
        self.tokens = _PARSER.parse(source)
        self.at = 0

    def blocks(self) -> tuple[Block, ...]:
        return tuple(self._until(""))

    def _next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _until(self, end: str, depth: int = 0) -> Iterator[Block]:
        """Yield blocks up to the token named ``end``, and step over it."""
        while self.at < len(self.tokens) and (token := self._next()).type != end:
            yield from self._block(token, depth)

    def _block(self, token: Token, depth: int) -> Iterator[Block]:
        line = self._line(token)
        if depth > DEEPEST:
            raise self._too_deep(line)
        match token.type:
            case "paragraph_open":
                yield Paragraph(self._inlines(), line)
            case "heading_open":
                yield from self._heading(token, line)
            case "blockquote_open":
                yield Quote(tuple(self._until("blockquote_close", depth + 1)), line)
            case "bullet_list_open" | "ordered_list_open":
                yield self._list(token, line, depth + 1)
            case "table_open":
                yield self._table(line)
            case "fence" | "code_block":
                yield CodeBlock(token.content.removesuffix("\n"), unescapeAll(token.info).strip(), line)
            case "hr":
                yield Rule(line)
            case "html_block":
                yield from self._raw(token, line)
            case "definition":
                yield from self._definition(token, line)
            case unknown:
                raise AssertionError(f"the parser made a {unknown}, which nobody here reads")

    def _inlines(self) -> tuple[Inline, ...]:
        """Read the running text that comes next, and step over the token that closes it."""
        token = self._next()
        self._next()
        line = self._line(token)
        inlines, depth = _inline_tree(token.children or [], line)
        if depth > DEEPEST:
            raise self._too_deep(line)
        return inlines

    def _heading(self, token: Token, line: int) -> Iterator[Block]:
        content = self.tokens[self.at].content
        inlines = self._inlines()
        # Dashes right under a paragraph are meant as a rule: a heading is one line and no sentence.
        if token.markup == "-" and ("\n" in content or content.endswith(("。", "；"))):
            yield Paragraph(inlines, line)
            yield Rule(self.first_line + (token.map or [0, 1])[1] - 1)
        else:
            yield Heading(int(token.tag[1:]), inlines, line)

    def _list(self, opening: Token, line: int, depth: int) -> ListBlock:
        items: list[tuple[Block, ...]] = []
        numbers: list[int] = []
        loose = False
        while (item := self._next()).type == "list_item_open":
            before = self.at
            items.append(tuple(self._until("list_item_close", depth)))
            # Only an item's own paragraphs tell: a loose list may lie in a tight one.
            loose |= any(
                token.type == "paragraph_open" and token.level == item.level + 1 and not token.hidden
                for token in self.tokens[before : self.at]
            )
            if item.info:
                numbers.append(int(item.info))
        ordered = opening.type == "ordered_list_open"
        return ListBlock(
            numbers[0] if ordered else None, tuple(items), not loose, line, numbers=tuple(numbers)
        )

    def _table(self, line: int) -> Table:
        rows: list[tuple[tuple[Inline, ...], ...]] = []
        cells: list[tuple[Inline, ...]] = []
        align: list[str] = []
        while (token := self._next()).type != "table_close":
            match token.type:
                case "th_open":
                    found = _ALIGNMENT.search(str(token.attrGet("style") or ""))
                    align.append(found[1] if found else "")
                    cells.append(self._inlines())
                case "td_open":
                    cells.append(self._inlines())
                case "tr_open":
                    self._check_row(self._line(token), len(align))
                case "tr_close":
                    rows.append(tuple(cells))
                    cells = []
        return Table(tuple(align), rows[0], tuple(rows[1:]), line)

    def _check_row(self, line: int, columns: int) -> None:
        """Refuse a row with more cells than its header, which the parser would cut off."""
        row = escapedSplit(self.source_lines[line - self.first_line].strip(" \t>"))
        extra = row[1:] if row[0] == "" else row
        if columns and any(cell.strip() for cell in extra[columns:]):
            raise DigestError(
                f"this table row has more cells than the {columns} of its header",
                remedy=r"add a column, or write a bar inside a cell as \|",
                file=self.file,
                line=line,
            )

    def _raw(self, token: Token, line: int) -> Iterator[Block]:
        if not is_html(token.content.lstrip()):
            # A word in angle brackets such as <think>: text, and so is what follows it.
            yield from parse("\\" + token.content.lstrip(), file=self.file, first_line=line)
        elif end := missing_end(token.content):
            raise DigestError(
                "HTML is opened here and never closed, so everything after it would be lost",
                remedy=f"close it with {end}, or put it in `backticks`",
                file=self.file,
                line=line,
            )
        else:
            yield RawBlock(token.content.removesuffix("\n"), line)

    def _definition(self, token: Token, line: int) -> Iterator[Block]:
        """Keep a remark that only looks like the definition of a link: ``[注]: 以上仅供参考``."""
        url, label, title = (str(token.meta[key]) for key in ("url", "label", "title"))
        if has_cjk(url) and not _ADDRESS_LIKE.match(url):
            text = f"[{label}]: {url} {title}".replace("\n", " ").strip()
            yield Paragraph((Text(text, line),), line)

    def _line(self, token: Token) -> int:
        return self.first_line + (token.map[0] if token.map else 0)

    def _too_deep(self, line: int) -> DigestError:
        return DigestError(
            f"lists, quotes or emphasis lie more than {DEEPEST} deep in each other",
            remedy="make them flatter",
            file=self.file,
            line=line,
        )


# ---- running text ----


@dataclass(slots=True)
class _Open:
    """A node whose end has not come yet."""

    token: Token
    line: int
    children: list[Inline] = field(default_factory=list)


def _inline_tree(tokens: Sequence[Token], line: int) -> tuple[tuple[Inline, ...], int]:
    """Return the tree of ``tokens``, which start on ``line``, and how deep it is."""
    stack = [_Open(Token("root", "", 0), line)]
    deepest = 0
    for token in _hidden_joined(tokens):
        if token.nesting == 1:
            stack.append(_Open(token, line))
            deepest = max(deepest, len(stack) - 1)
        elif token.nesting == -1:
            node = stack.pop()
            stack[-1].children.append(_node(node))
        else:
            _append(stack[-1].children, _leaf(token, line))
            # A line end inside `code` became a blank in the parser, and is not counted.
            line += token.type in ("softbreak", "hardbreak") or token.content.count("\n")
    return tuple(stack[0].children), deepest


def _append(children: list[Inline], leaf: Inline) -> None:
    """Add ``leaf``; text that goes on is one node."""
    match children[-1:], leaf:
        case [Text(before, line)], Text(after) if SOFT_BREAK not in (children[-1], leaf):
            children[-1] = Text(before + after, line)
        case _, Text(""):
            pass
        case _:
            children.append(leaf)


def _node(node: _Open) -> Inline:
    children = tuple(node.children)
    match node.token.tag:
        case "strong":
            return Strong(children)
        case "em":
            return Emphasis(children)
        case "s":
            return Strike(children)
        case _:
            url, title = (str(node.token.attrGet(name) or "") for name in ("href", "title"))
            return Link(url, children, title, node.line)


def _leaf(token: Token, line: int) -> Inline:
    match token.type:
        case "code_inline":
            return Code(token.content)
        case "softbreak":
            return SOFT_BREAK
        case "hardbreak":
            return LineBreak()
        case "image":
            url, title = (str(token.attrGet(name) or "") for name in ("src", "title"))
            alt, _ = _inline_tree(token.children or [], line)
            return Image(url, plain(alt), title, line)
        case "html_inline" if tag_name(token.content) == "br":
            return LineBreak()
        case "html_inline" if is_html(token.content):
            return RawInline(token.content, line)
        case _:
            return Text(token.content, line)


def _hidden_joined(tokens: Sequence[Token]) -> list[Token]:
    """Make a script or the like one token with all it holds, and text where it is never closed."""
    names = [tag_name(token.content) if token.type == "html_inline" else "" for token in tokens]
    ends = [name if token.content.startswith("</") else "" for name, token in zip(names, tokens, strict=True)]
    last_end = {name: at for at, name in enumerate(ends)}
    joined: list[Token] = []
    at = 0
    while at < len(tokens):
        token, name = tokens[at], names[at]
        at += 1
        if name in HIDING:
            if ends[at - 1] or last_end.get(name, -1) < at:
                token = Token("text", "", 0, content=token.content)
            else:
                end = ends.index(name, at) + 1
                held = "".join(t.content or ("\n" if "break" in t.type else "") for t in tokens[at:end])
                token = Token("html_inline", "", 0, content=token.content + held)
                at = end
        joined.append(token)
    return joined
