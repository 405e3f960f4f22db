"""The bytes of a digest made into text, or a clear word about why not.

Pure.
"""

from __future__ import annotations

from newsletter.digests.cjk import has_cjk
from newsletter.errors import DigestError

LARGEST_BYTES = 1_000_000
_SAVE_AS_UTF8 = "save it as UTF-8 (in Notepad: 另存为, 编码 UTF-8)"
_OTHER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def decode(data: bytes, *, file: str) -> str:
    r"""Return the text of ``data`` without a byte order mark and with ``\n`` line ends.

    Raise ``DigestError`` when it is too big, holds NUL bytes or is not UTF-8.
    """
    if len(data) > LARGEST_BYTES:
        raise DigestError(
            f"the file is {len(data):,} bytes, and a digest has at most {LARGEST_BYTES:,}",
            remedy="cut it, and link to pictures instead of putting them in",
            file=file,
        )
    for mark, encoding in _OTHER_MARKS.items():
        if data.startswith(mark):
            raise DigestError(f"the file is {encoding}, not UTF-8", remedy=_SAVE_AS_UTF8, file=file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place(data, error.start)
        raise DigestError(
            f"the file is not UTF-8{_guess(data)}", remedy=_SAVE_AS_UTF8, file=file, line=line, column=column
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        before = text[: text.index("\0")]
        raise DigestError(
            "the file holds a NUL byte, so it is no text",
            remedy="delete it, or save the file again as UTF-8 text",
            file=file,
            line=before.count("\n") + 1,
            column=len(before) - (before.rfind("\n") + 1) + 1,
        )
    return text


def _place(data: bytes, start: int) -> tuple[int, int]:
    before = data[:start].decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _guess(data: bytes) -> str:
    try:
        looks_chinese = has_cjk(data.decode("gb18030"))
    except UnicodeDecodeError:
        return ""
    return " but GB18030 (GBK), it seems" if looks_chinese else ""
