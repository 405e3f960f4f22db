"""Running text of HTML as Markdown: escaped where a character would mean something, emphasis where it can be.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin

from newsletter.digests.cjk import has_cjk
from newsletter.digests.html.tree import Node

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_MEANS_SOMETHING = re.compile(r"([\\`*_\[\]<>~|])")
_ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]+;)")
_URL_ESCAPES = str.maketrans({" ": "%20", "<": "%3C", ">": "%3E", "\n": "", "\r": "", "\t": "", "\\": "%5C"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "del": "~~", "s": "~~", "strike": "~~"}
BREAK = "\n"  # escaped text holds none


@dataclass(frozen=True, slots=True)
class _Piece:
    """Markdown that is done, and the emphasis that may be put around it."""

    text: str
    mark: str = ""


def inline(children: Iterable[Node | str], base: str = "") -> str:
    """Return the Markdown of one paragraph; its line ends are ``BREAK``."""
    text = _joined(_pieces(children, base, frozenset()))
    return re.sub(r" *\n *", BREAK, re.sub(r" {2,}", " ", text)).strip(" \n")


def address(url: str, base: str) -> str:
    """Return an address as a link's target in Markdown, absolute if it can be."""
    url = url.strip()
    if base and url and not _SCHEME.match(url):
        with suppress(ValueError):  # then as it was written: the gate says what is wrong with it
            url = urljoin(base, url)
    return f"<{_ENTITY.sub('&amp;', url.translate(_URL_ESCAPES))}>"


def escape(text: str) -> str:
    """Return text that Markdown takes literally, blanks collapsed."""
    text = _CONTROLS.sub("", _BLANKS.sub(" ", text))
    return _ENTITY.sub("&amp;", _MEANS_SOMETHING.sub(r"\\\1", text))


def _pieces(children: Iterable[Node | str], base: str, inside: frozenset[str]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for child in children:
        if isinstance(child, str):
            pieces.append(_Piece(escape(child)))
            continue
        match child.tag:
            case "br":
                pieces.append(_Piece(BREAK))
            case "img":
                pieces.append(_Piece(_image(child, base)))
            case "a":
                pieces += _link(child, base, inside)
            case "code" | "kbd" | "samp" | "tt":
                pieces.append(_Piece(_code(child)))
            case tag if tag in _MARKS and _MARKS[tag] not in inside:
                mark = _MARKS[tag]
                pieces += _emphasised(_joined(_pieces(child.children, base, inside | {mark})), mark)
            case "q":
                pieces += [_Piece("“"), *_pieces(child.children, base, inside), _Piece("”")]
            case _:
                # A block inside running text, as careless HTML has it, is at least parted from the rest.
                gap = [_Piece(" ")] if child.is_block else []
                pieces += [*gap, *_pieces(child.children, base, inside), *gap]
    return pieces


def _emphasised(text: str, mark: str) -> list[_Piece]:
    """Put blanks and line breaks at the ends outside, where Markdown wants them."""
    inner = text.strip(" \n")
    before, _, after = text.partition(inner) if inner else (text, "", "")
    return [_Piece(before), _Piece(inner, mark), _Piece(after)]


def _joined(pieces: Iterable[_Piece]) -> str:
    shown: list[_Piece] = []
    for piece in pieces:
        if shown and piece.mark and shown[-1].mark == piece.mark:  # <b>a</b><b>b</b> is one emphasis
            shown[-1] = _Piece(shown[-1].text + piece.text, piece.mark)
        elif piece.text:
            shown.append(piece)
    text = ""
    for at, piece in enumerate(shown):
        following = shown[at + 1] if at + 1 < len(shown) else _Piece("")
        after = following.mark[:1] or following.text[:1]
        if piece.mark and _may_be_marked(text[-1:], piece.text, after):
            text += f"{piece.mark}{piece.text}{piece.mark}"
        else:
            text += piece.text
    return text


def _may_be_marked(before: str, text: str, after: str) -> bool:
    """Say whether Markdown would know emphasis here; if not, the words alone must do (CommonMark 6.2)."""
    if before in ("*", "~") or after in ("*", "~") or text[0] in "*~" or text[-1] in "*~":
        return False
    return _meets(before, text[0]) and _meets(after, text[-1])


def _meets(outside: str, inside: str) -> bool:
    if not outside or outside.isspace() or has_cjk(outside) or has_cjk(inside):
        return True
    return inside.isalnum() or not outside.isalnum()


def _link(node: Node, base: str, inside: frozenset[str]) -> list[_Piece]:
    href = node.attributes.get("href")
    if href is None or href.strip().startswith("#") or "link" in inside:
        return _pieces(node.children, base, inside)
    text = _joined(_pieces(node.children, base, inside | {"link"})).replace(BREAK, " ")
    inner = text.strip(" ")
    if not inner:
        return [_Piece(text)]
    before, _, after = text.partition(inner)
    return [_Piece(before), _Piece(f"[{inner}]({address(href, base)})"), _Piece(after)]


def _image(node: Node, base: str) -> str:
    attributes = node.attributes
    if any(attributes.get(side, "").strip() in ("0", "1", "0px", "1px") for side in ("width", "height")):
        return ""  # a tracking pixel
    source = attributes.get("src", "")
    if not source or source.startswith("data:"):
        # Pages that load pictures late keep the address elsewhere.
        late = (attributes.get(name) for name in ("data-src", "data-original", "data-lazy-src"))
        source = next((url for url in late if url), source)
    return f"![{escape(attributes.get('alt', '')).strip()}]({address(source, base)})" if source else ""


def _code(node: Node) -> str:
    text = _BLANKS.sub(" ", plain(node)).strip()
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def plain(node: Node) -> str:
    """Return the text of an element as it was written."""
    return "".join(
        child if isinstance(child, str) else "\n" if child.tag == "br" else plain(child)
        for child in node.children
    )
