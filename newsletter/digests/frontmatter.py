"""Front matter: the lines of keys that may stand above a digest, in YAML (``---``) or TOML (``+++``).

A digest may have none, and may start with a thematic break instead: that is text, and stays.
Keys are known whatever their case, as in Hugo; unknown ones are kept in ``extra``. A wrong value
is a ``DigestError`` with its place and the remedy; nothing is ever half read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from newsletter.digests.digest import FrontMatter
from newsletter.digests.frontmatter_syntax import Entry, read_toml, read_yaml
from newsletter.errors import DigestError

OURS = frozenset(
    "title date categories tags description subject draft slug publishdate expirydate"
    " ai_generated sponsored".split()
)
# Enough of Hugo's keys to know front matter when it holds none of ours.
_KNOWN = OURS | frozenset(
    "aliases author authors build cascade cover keywords lang language lastmod layout linktitle markup"
    " menus outputs params permalink resources series sitemap source sources summary toc type url"
    " weight".split()
)
_IN_CHINESE = {
    "标题": "title",
    "日期": "date",
    "分类": "categories",
    "标签": "tags",
    "摘要": "description",
    "描述": "description",
    "主题": "subject",
    "草稿": "draft",
}
_KEY = re.compile(r"""["']?([A-Za-z_][\w.-]*)["']?\s*:(?=\s|$)""")
_MISTYPED = re.compile(rf"""(?:({"|".join(sorted(OURS))})\s*：|({"|".join(_IN_CHINESE)})\s*[:：])""", re.I)
_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|z|[+-]\d{2}:?\d{2}|[+-]\d{1,2})?)?"
)
_CONTROLS = re.compile(r"\s*[\x00-\x1f\x7f\u2028\u2029]+\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """A digest's two parts; ``body_line`` is the line of the file that ``body`` starts on."""

    front: FrontMatter
    body: str
    body_line: int


def part(text: str, *, file: str, tz: tzinfo) -> Parted:
    """Part front matter from body; moments without a zone are in ``tz``. Raise ``DigestError``."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    fence = lines[start].rstrip()
    if fence not in ("---", "+++"):
        return Parted(front=FrontMatter(), body=text, body_line=1)
    end = next((n for n in range(start + 1, len(lines)) if lines[n].rstrip() == fence), None)
    block = lines[start + 1 : end]
    is_empty = end is not None and not any(line.strip() for line in block)
    if fence == "---" and not (
        is_empty or _is_front_matter(_first_paragraph(block) if end is None else block)
    ):
        return Parted(front=FrontMatter(), body=text, body_line=1)
    if end is None:
        raise DigestError(
            f"the front matter opened by {fence} is never closed",
            remedy=f"put a line {fence} under its last key",
            file=file,
            line=start + 1,
            column=1,
        )
    first_line = start + 2
    if fence == "---":
        _refuse_mistyped_keys(block, file=file, first_line=first_line)
        entries = read_yaml("\n".join(block), file=file, first_line=first_line)
    else:
        entries = read_toml("\n".join(block), file=file, first_line=first_line)
    front = _Values(entries, file=file, tz=tz).front_matter()
    return Parted(front=front, body="\n".join(lines[end + 1 :]), body_line=end + 2)


def _first_paragraph(lines: Sequence[str]) -> list[str]:
    blank = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
    return list(lines[:blank])


def _is_front_matter(block: Sequence[str]) -> bool:
    """Tell keys from prose between two thematic breaks."""
    written = [line.lstrip() for line in block if line.strip() and not line.startswith("#")]
    keys = [found[1] for line in written if (found := _KEY.match(line))]
    if any(key.lower() in _KNOWN for key in keys) or any(_MISTYPED.match(line) for line in written):
        return True
    # An unknown key counts right under the fence, where prose would have left a blank line.
    first = _KEY.match(block[0]) if block else None
    return bool(first and first[1][0].islower())


def _refuse_mistyped_keys(block: Sequence[str], *, file: str, first_line: int) -> None:
    for number, line in enumerate(block):
        if found := _MISTYPED.match(line):
            key = found[1] or _IN_CHINESE[found[2]]
            raise DigestError(
                f"{found[0]!r} is no key of the front matter",
                remedy=f"write `{key}: …`, with an ASCII colon and a blank",
                file=file,
                line=first_line + number,
                column=1,
            )


class _Values:
    """Reads the values of the known keys."""

    def __init__(self, entries: Sequence[Entry], *, file: str, tz: tzinfo) -> None:
        self.entries = {entry.key.lower(): entry for entry in entries}
        self.file = file
        self.tz = tz

    def front_matter(self) -> FrontMatter:
        return FrontMatter(
            title=self._text("title"),
            date=self._moment("date"),
            categories=self._texts("categories"),
            tags=self._texts("tags"),
            description=self._text("description"),
            subject=self._text("subject"),
            draft=self._flag("draft"),
            slug=self._text("slug"),
            publish_at=self._moment("publishdate"),
            expires_at=self._moment("expirydate"),
            ai_generated=self._flag("ai_generated"),
            sponsored=self._flag("sponsored"),
            extra={entry.key: entry.value for key, entry in self.entries.items() if key not in OURS},
        )

    def _text(self, key: str) -> str | None:
        entry = self._entry(key)
        if entry is None:
            return None
        if not isinstance(entry.value, str):
            raise self._wrong(entry, "is no text", f'write {entry.key}: "…", one text in quotes')
        return _one_line(entry.value) or None

    def _texts(self, key: str) -> tuple[str, ...]:
        entry = self._entry(key)
        if entry is None:
            return ()
        texts: list[str] = []
        for text in entry.value if isinstance(entry.value, list) else [entry.value]:
            if not isinstance(text, str | None):
                raise self._wrong(entry, "is no list of texts", f'write {entry.key}: ["…", "…"]')
            texts.append(_one_line(text or ""))
        return tuple(filter(None, texts))

    def _flag(self, key: str) -> bool:
        entry = self._entry(key)
        if entry is None:
            return False
        choice = {"true": True, "false": False}.get(str(entry.value).lower())
        if choice is None or not isinstance(entry.value, str | bool):
            raise self._wrong(
                entry,
                f"is {entry.value!r}, which is neither true nor false",
                f"write {entry.key}: true or {entry.key}: false",
            )
        return choice

    def _moment(self, key: str) -> date | datetime | None:
        entry = self._entry(key)
        if entry is None:
            return None
        value = entry.value
        found = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
        if found:
            try:
                value = _moment_of(found)
            except ValueError:
                value = None
        # The years beyond would overflow once a zone is taken into account.
        if not isinstance(value, date) or not 1970 <= value.year <= 2999:
            raise self._wrong(
                entry,
                f"is {entry.value!r}, which is no date",
                f"write {entry.key}: 2025-11-13 or {entry.key}: 2025-11-13T09:15:42+08:00",
            )
        if isinstance(value, datetime) and value.tzinfo is None:
            return value.replace(tzinfo=self.tz)
        return value

    def _entry(self, key: str) -> Entry | None:
        entry = self.entries.get(key)
        return entry if entry and entry.value is not None else None

    def _wrong(self, entry: Entry, problem: str, remedy: str) -> DigestError:
        return DigestError(
            f"{entry.key} {problem}", remedy=remedy, file=self.file, line=entry.line, column=entry.column
        )


def _one_line(text: str) -> str:
    return _CONTROLS.sub(" ", text).strip()


def _moment_of(found: re.Match[str]) -> date | datetime:
    year, month, day, hour, minute, second, zone = found.groups()
    on = date(int(year), int(month), int(day))
    if hour is None:
        return on
    tz = None
    if zone in ("Z", "z"):
        tz = UTC
    elif zone:
        digits = zone[1:].replace(":", "").ljust(4, "0") if len(zone) > 3 else zone[1:].zfill(2) + "00"
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        tz = timezone(-offset if zone[0] == "-" else offset)
    return datetime(on.year, on.month, on.day, int(hour), int(minute), int(second or 0), tzinfo=tz)
