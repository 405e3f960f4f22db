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

from newsletter.feedback.letter import LARGEST, Letter
from newsletter.feedback.mailbox import Found, MailboxError

NEWEST = 40  # mails of a folder that are looked at
_FOLDER = re.compile(r'\(([^)]*)\) (?:NIL|"(?:[^"\\]|\\.)*") (\S.*)')


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
            raise MailboxError(f"mailbox: {self._where} is not reached ({_said(error)})") from error
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
            if mail := self._fetch(uid.decode("ascii", "replace"), f"BODY.PEEK[]<0.{LARGEST}>"):
                yield mail

    def folders(self) -> list[tuple[str, str]]:
        """Return every folder, as the server writes it, with its flags in small letters."""
        found = []
        for line in self._ask("LIST", self._line.list):
            if isinstance(line, bytes) and (told := _FOLDER.fullmatch(line.decode("ascii", "replace"))):
                name = told[2] if told[2].startswith('"') else f'"{told[2]}"'
                found.append((name, told[1].lower()))
        return found

    def newest(self, folder: str, *, since: datetime, header: str, value: str) -> Iterator[Found]:
        """Yield the mails that came since then and have this header, the newest first; change nothing."""
        self._ask(f"folder {folder}", lambda: self._line.select(folder, readonly=True))
        # A day earlier: servers count days in zones of their own.
        day = (since - timedelta(days=1)).strftime("%d-%b-%Y")
        found = self._ask("SEARCH", lambda: self._line.uid("SEARCH", "SINCE", day))
        for uid in reversed((found[0] or b"").split()[-NEWEST:]):
            name = uid.decode("ascii", "replace")
            told = self._fetch(name, f"BODY.PEEK[HEADER.FIELDS ({header})]")
            if told is None or told.received_at is None or told.received_at < since:
                continue
            if Letter(told.raw).header(header) == value and (whole := self._fetch(name, "BODY.PEEK[]")):
                yield whole

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

    def _fetch(self, uid: str, what: str) -> Found | None:
        told = self._ask("FETCH", lambda: self._line.uid("FETCH", uid, f"(INTERNALDATE {what})"))
        # What the server tells beside the mail may stand before or behind it.
        moment = next(filter(None, (_moment(b"".join(_bytes(part))) for part in told)), None)
        mail = next((part[1] for part in told if isinstance(part, tuple) and len(part) > 1), None)
        return None if mail is None else Found(uid, mail, moment)

    def _moves(self, uid: str) -> bool:
        try:
            if self._can_move:
                return self._line.uid("MOVE", uid, self._done)[0] == "OK"
            if self._line.uid("COPY", uid, self._done)[0] != "OK":
                return False
            self._line.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
            return True
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxError(f"mailbox: {self._where} broke off ({_said(error)})") from error

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
            raise MailboxError(f"mailbox: {self._where}: {what} failed ({_said(error)})") from error
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


def _said(error: Exception) -> str:
    """Return the words of an error; those of the server come as bytes."""
    first = error.args[0] if error.args else ""
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(error)


def _bytes(part: object) -> list[bytes]:
    pieces = part[:1] if isinstance(part, tuple) else (part,)
    return [piece for piece in pieces if isinstance(piece, bytes)]


def _moment(told: bytes) -> datetime | None:
    parts = imaplib.Internaldate2tuple(told)
    return datetime.fromtimestamp(time.mktime(parts), UTC) if parts else None
