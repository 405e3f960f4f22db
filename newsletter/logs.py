"""Logs: text for a person or JSON for a machine, with every address masked, and no older than wanted.

An address may come along in any message, in what a library says, or in the trace of an error. So it is the
finished line that is masked, and not what went into it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TextIO

from newsletter.config.keeping import LogSettings
from subscribers import mask

# Without "=", which stands before an address in what other programs say (to=…).
_ADDRESS = re.compile(r"[\w.!#$%&'*+/?^`{|}~-]+@(?:[\w-]+\.)+[^\W\d_][\w-]*")
# What links of ours carry: whoever reads a log must not be able to use them.
_TOKEN = re.compile(r"(?<=/)(leave|confirm|manage|undo|move|data|disown|erase)/[\w.~-]{16,}")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
OURS = "newsletter"
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
TO_A_TERMINAL = "%(levelname)s %(name)s: %(message)s"


def masked(line: str) -> str:
    """Return a line in which no address can be read, and no link used."""
    if "@" in line:
        line = _ADDRESS.sub(lambda found: mask(found[0]), line)
    return _TOKEN.sub(r"\1/***", line) if "/" in line else line


class TextFormatter(logging.Formatter):
    """One line for a person; facts that came along stand behind it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = super().format(record)
        told = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        head, new_line, trace = line.partition("\n")
        return masked(f"{head} ({told}){new_line}{trace}" if told else line)


class JsonFormatter(logging.Formatter):
    """One JSON document on a line: ``at``, ``level``, ``logger``, ``message``, ``trace`` and the facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        document: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            document["trace"] = self.formatException(record.exc_info)
        facts = {name: value for name, value in _facts(record).items() if name not in document}
        return masked(json.dumps(document | facts, ensure_ascii=False, default=str))


def _facts(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class DailyFile(logging.Handler):
    """Writes to a file for each day (UTC), which several processes may share; old ones go.

    ``newsletter.log`` is written as ``newsletter-2026-11-25.log``.
    """

    def __init__(self, path: Path, *, keep_days: int) -> None:
        super().__init__()
        self._path, self._keep = path, timedelta(days=keep_days)
        self._day: date | None = None
        self._file: TextIO | None = None
        self._turn = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Append one line."""
        try:
            line = self.format(record) + "\n"
            with self._turn:
                self._file_of(datetime.fromtimestamp(record.created, UTC).date()).write(line)
        except Exception:  # noqa: BLE001 - what logs must not fail whoever logs; this is logging's own way
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            if self._file is not None:
                self._file.close()
                self._file = self._day = None
        super().close()

    def _file_of(self, day: date) -> TextIO:
        if self._file is None or self._day != day:
            if self._file is not None:
                self._file.close()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._of(day), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            # A line at a time: O_APPEND keeps those of several processes whole.
            self._file = os.fdopen(handle, "a", encoding="utf-8", buffering=1, errors="backslashreplace")
            self._day = day
            self._forget(before=day - self._keep)
        return self._file

    def _of(self, day: date) -> Path:
        return self._path.with_name(f"{self._path.stem}-{day.isoformat()}{self._path.suffix}")

    def _forget(self, *, before: date) -> None:
        name = re.compile(rf"{re.escape(self._path.stem)}-(\d{{4}}-\d\d-\d\d){re.escape(self._path.suffix)}")
        for path in self._path.parent.iterdir():
            found = name.fullmatch(path.name)
            if found and found[1] < before.isoformat():
                path.unlink(missing_ok=True)


def set_up(settings: LogSettings, *, verbose: bool = False) -> None:
    """Log as the settings say; ``verbose`` tells no less than info."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    formatter = JsonFormatter() if settings.format == "json" else TextFormatter(TEXT)
    if settings.file is not None:
        handler: logging.Handler = DailyFile(settings.file, keep_days=settings.keep_days)
        handler.setFormatter(formatter)
    else:
        handler = ToTerminal()
        handler.setFormatter(formatter if settings.format == "json" else TextFormatter(TO_A_TERMINAL))
    _use(handler, min(level, logging.INFO) if verbose else level)


class ToTerminal(logging.Handler):
    """Writes to whatever standard error is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - as above
            self.handleError(record)


def _use(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    for old in [each for each in root.handlers if each.name == OURS]:
        root.removeHandler(old)
        old.close()
    handler.name = OURS  # so that the next one takes its place
    root.addHandler(handler)
    root.setLevel(level)
