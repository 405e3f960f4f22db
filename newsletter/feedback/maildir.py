"""A Maildir on this machine, as Postfix or Dovecot fill it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from newsletter.feedback.letter import LARGEST
from newsletter.feedback.mailbox import Found, MailboxError


class MaildirBox:
    """The mails in ``new`` and ``cur``. What was taken in is moved to the folder ``.<done_folder>``."""

    def __init__(self, path: Path, *, done_folder: str) -> None:
        if not (path / "new").is_dir():
            raise MailboxError(f"mailbox.path: {path} is no Maildir (it has no folder new)")
        self._path = path
        self._done = path / f".{done_folder}"

    def messages(self, *, limit: int) -> Iterator[Found]:
        """Yield the mails that have come, the oldest first."""
        found = []
        for folder in ("new", "cur"):
            for file in (self._path / folder).glob("*"):
                try:
                    found.append((file.stat().st_mtime, f"{folder}/{file.name}"))
                except FileNotFoundError:
                    continue  # its server has moved it from new to cur
        for changed, name in sorted(found)[:limit]:
            try:
                with (self._path / name).open("rb") as file:
                    raw = file.read(LARGEST)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise MailboxError(f"mailbox.path: {name} cannot be read ({error.strerror})") from error
            yield Found(name, raw, datetime.fromtimestamp(changed, UTC))

    def done(self, found: Found) -> None:
        """Move a mail to the done folder; a rename is all or nothing."""
        try:
            for folder in ("tmp", "new", "cur"):
                (self._done / folder).mkdir(parents=True, exist_ok=True)
            base = Path(found.name).name.partition(":")[0]
            (self._path / found.name).rename(self._done / "cur" / f"{base}:2,S")
        except FileNotFoundError:
            return
        except OSError as error:
            raise MailboxError(f"mailbox.path: {found.name} cannot be moved ({error.strerror})") from error

    def close(self) -> None:
        """Nothing is held."""
