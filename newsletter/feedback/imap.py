"""A mailbox over IMAP (RFC 9051), always encrypted, every step with a limit in time."""

from __future__ import annotations

import imaplib
import re
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from newsletter.feedback.letter import LARGEST
from newsletter.feedback.mailbox import Found, MailboxError


class ImapBox:
    """One folder of one account. ``context`` trusts other authorities than the system's."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: Literal["tls", "starttls"] = "tls",
        username: str,
        password: str,
        folder: str = "INBOX",
        done_folder: str = "Processed",
        timeout: timedelta = timedelta(seconds=30),
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._where, self._done = f"{host}:{port}", quoted(done_folder)
        context, seconds = context or ssl.create_default_context(), timeout.total_seconds()
        try:
            if security == "tls":
                self._line: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                    host, port, ssl_context=context, timeout=seconds
                )
            else:
                self._line = imaplib.IMAP4(host, port, timeout=seconds)
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxError(f"mailbox: {self._where} is not reached ({error})") from error
        try:
            if security == "starttls":
                self._ask("STARTTLS", lambda: self._line.starttls(ssl_context=context))
            self._ask("LOGIN", lambda: self._line.login(username, password))
            self._introduce()
            self._can_move = b"MOVE" in self._capabilities()
            self._ask(f"folder {folder}", lambda: self._line.select(quoted(folder)))
        except MailboxError:
            self.close()
            raise

    def messages(self, *, limit: int) -> Iterator[Found]:
        """Yield the mails that have come, the oldest first."""
        found = self._ask("SEARCH", lambda: self._line.uid("SEARCH", "UNDELETED"))
        for uid in (found[0] or b"").split()[:limit]:
            name = uid.decode("ascii", "replace")
            what = f"(INTERNALDATE BODY.PEEK[]<0.{LARGEST}>)"
            told = self._ask("FETCH", lambda name=name, what=what: self._line.uid("FETCH", name, what))
            for part in told:
                if isinstance(part, tuple) and len(part) > 1:
                    yield Found(name, part[1], _moment(part[0]))
                    break

    def done(self, found: Found) -> None:
        """Move a mail to the done folder, which is made when it is first needed."""
        if self._moves(found.name):
            return
        self._line.create(self._done)
        if not self._moves(found.name):
            raise MailboxError(f"mailbox: {self._where} does not move a mail to {self._done}")

    def close(self) -> None:
        """Take leave."""
        try:
            self._line.logout()
        except (OSError, imaplib.IMAP4.error):
            return  # it is gone already

    # ---- words to the server ----

    def _moves(self, uid: str) -> bool:
        try:
            if self._can_move:
                return self._line.uid("MOVE", uid, self._done)[0] == "OK"
            if self._line.uid("COPY", uid, self._done)[0] != "OK":
                return False
            self._line.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
            return True
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxError(f"mailbox: {self._where} broke off ({error})") from error

    def _introduce(self) -> None:
        """Say who we are (RFC 2971): NetEase lets nobody in who does not."""
        if b"ID" in self._capabilities():
            self._ask("ID", lambda: self._line.xatom("ID", '("name" "newsletter" "version" "1")'))

    def _capabilities(self) -> list[bytes]:
        told = self._ask("CAPABILITY", self._line.capability)
        return b" ".join(each for each in told if isinstance(each, bytes)).upper().split()

    def _ask(self, what: str, step: Callable[[], tuple[str, Any]]) -> list[Any]:
        try:
            answer, told = step()
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxError(f"mailbox: {self._where}: {what} failed ({error})") from error
        if answer != "OK":
            raise MailboxError(f"mailbox: {self._where}: {what} was refused")
        return told


def quoted(folder: str) -> str:
    """Return a folder's name as IMAP has it: quoted, and in modified UTF-7 (RFC 3501, 5.1.3)."""
    coded = re.sub(r"[^\x20-\x7e]+|&", _shifted, folder)
    return '"' + re.sub(r'([\\"])', r"\\\1", coded) + '"'


def _shifted(found: re.Match[str]) -> str:
    if found[0] == "&":
        return "&-"
    coded = b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return f"&{coded}-"


def _moment(told: bytes) -> datetime | None:
    parts = imaplib.Internaldate2tuple(told)
    return datetime.fromtimestamp(time.mktime(parts), UTC) if parts else None
