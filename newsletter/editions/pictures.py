"""The pictures that lie beside a digest in its page bundle, encoded anew. The one door to ``PIL``.

Nothing of a file is passed on but what can be seen: no place, no camera, no bytes after the end. A file
that is too large, is not what it says, or lies elsewhere is left out; its words then stand for it.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from PIL import Image as Pillow
from PIL import ImageOps

from newsletter.digests.digest import Digest
from newsletter.digests.prose import (
    Block,
    Emphasis,
    Heading,
    Image,
    Inline,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    Strike,
    Strong,
    Table,
)
from newsletter.editions.gate.reading import texts_of

MOST_PICTURES = 40
LARGEST_FILE = 20 * 2**20  # bytes
MOST_PIXELS = 40_000_000
WIDEST, HIGHEST = 1200, 4000  # pixels, as we show them
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/|\\|#|\?")
_JPEG_QUALITY = 85

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture: how the digest calls it, and the bytes we made."""

    src: str
    suffix: str  # jpg or png
    content: bytes


def gather(digest: Digest, folder: Path) -> list[Picture]:
    """Return the pictures of ``digest`` that lie in ``folder``, in the order they are shown."""
    found: list[Picture] = []
    for src in dict.fromkeys(_sources(digest)):
        if len(found) == MOST_PICTURES:
            logger.warning("%s has more than %d pictures; the rest is left out", digest.file, MOST_PICTURES)
            break
        file = _file(folder, src)
        picture = _encoded(src, file) if file else None
        if picture:
            found.append(picture)
    return found


def bundle_of(file: Path) -> Path | None:
    """Return the folder whose pictures belong to a digest; None when it is no page bundle."""
    return file.parent if file.stem.lower() == "index" else None


def with_pictures(digest: Digest, addresses: Mapping[str, str]) -> Digest:
    """Return ``digest`` with its pictures at ``addresses``, which are by what the editors wrote."""
    if not addresses:
        return digest
    return replace(
        digest,
        intro=_blocks(digest.intro, addresses),
        sections=tuple(
            replace(
                section,
                title=_inlines(section.title, addresses),
                lead=_blocks(section.lead, addresses),
                stories=tuple(
                    replace(
                        story, title=_inlines(story.title, addresses), body=_blocks(story.body, addresses)
                    )
                    for story in section.stories
                ),
            )
            for section in digest.sections
        ),
    )


def encode(data: bytes) -> tuple[str, bytes] | None:
    """Return a picture's new suffix and bytes; None when it is none, or is one too large to open."""
    try:
        with Pillow.open(io.BytesIO(data), formats=_FORMATS) as opened:
            # Only the head is read so far: a few bytes may claim to be a gigapixel.
            if opened.width * opened.height > MOST_PIXELS or not opened.width * opened.height:
                return None
            opened.draft("RGB", (WIDEST, HIGHEST))
            image = ImageOps.exif_transpose(opened)
            has_alpha = image.has_transparency_data
            image = image.convert("RGBA" if has_alpha else "RGB")
            image.thumbnail((WIDEST, HIGHEST))
            # A new canvas: whatever else the file carried stays behind.
            clean = Pillow.new(image.mode, image.size)
            clean.paste(image)
            is_drawing = has_alpha or opened.format in ("PNG", "GIF")
            written = io.BytesIO()
            if is_drawing:
                clean.save(written, "PNG", optimize=True)
            else:
                clean.save(written, "JPEG", quality=_JPEG_QUALITY, optimize=True, progressive=True)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Pillow.DecompressionBombError):
        return None
    return ("png" if is_drawing else "jpg"), written.getvalue()


def _sources(digest: Digest) -> Iterator[str]:
    for _, inlines in texts_of(digest):
        yield from (inline.url for inline in inlines if isinstance(inline, Image))


def _file(folder: Path, src: str) -> Path | None:
    """Return the file that ``src`` names inside ``folder``, links followed; None for any other."""
    if not src or _ELSEWHERE.match(src):
        return None
    try:
        file = (folder / unquote(src.partition("?")[0].partition("#")[0])).resolve(strict=True)
        is_ours = file.is_relative_to(folder.resolve(strict=True)) and file.is_file()
        return file if is_ours and file.stat().st_size <= LARGEST_FILE else None
    except (OSError, ValueError):
        return None


def _encoded(src: str, file: Path) -> Picture | None:
    try:
        with file.open("rb") as opened:
            encoded = encode(opened.read(LARGEST_FILE + 1))
    except OSError:
        encoded = None
    if encoded is None:
        logger.warning("%s is no picture we show (JPEG, PNG, WebP, GIF up to 40 megapixels)", file)
        return None
    return Picture(src=src, suffix=encoded[0], content=encoded[1])


def _blocks(blocks: tuple[Block, ...], addresses: Mapping[str, str]) -> tuple[Block, ...]:
    return tuple(_block(block, addresses) for block in blocks)


def _block(block: Block, addresses: Mapping[str, str]) -> Block:
    match block:
        case Paragraph() | Heading():
            return replace(block, children=_inlines(block.children, addresses))
        case Quote():
            return replace(block, children=_blocks(block.children, addresses))
        case ListBlock():
            return replace(block, items=tuple(_blocks(item, addresses) for item in block.items))
        case Table():
            header, *rows = (
                tuple(_inlines(cell, addresses) for cell in row) for row in (block.header, *block.rows)
            )
            return replace(block, header=header, rows=tuple(rows))
        case _:
            return block


def _inlines(inlines: tuple[Inline, ...], addresses: Mapping[str, str]) -> tuple[Inline, ...]:
    return tuple(_inline(inline, addresses) for inline in inlines)


def _inline(inline: Inline, addresses: Mapping[str, str]) -> Inline:
    match inline:
        case Image():
            return replace(inline, url=addresses.get(inline.url, inline.url))
        case Strong() | Emphasis() | Strike() | Link():
            return replace(inline, children=_inlines(inline.children, addresses))
        case _:
            return inline
