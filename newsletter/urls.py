"""Our public addresses: the one place that knows their shape.

Everything here is constant or carries one token; nothing has a query string, so a URL stands
unescaped in HTML, in text and in a header alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Urls:
    """The public addresses of one newsletter. ``base`` has no slash at its end."""

    base: str
    newsletter: str  # its slug
    mailbox: str = ""  # where mail comes back to; empty: nowhere

    @property
    def home(self) -> str:
        """The sign-up page, which is also where a forwarded copy sends its reader."""
        return f"{self.base}/{self.newsletter}"

    @property
    def privacy(self) -> str:
        """What is kept about readers, and why."""
        return f"{self.base}/privacy"

    @property
    def link(self) -> str:
        """The page that mails a reader their own link, for preferences or for their data."""
        return f"{self.base}/{self.newsletter}/link"

    @property
    def archive(self) -> str:
        """The list of past editions."""
        return f"{self.base}/{self.newsletter}/archive"

    def edition(self, day: date, kind: str = "daily", serial: int = 1) -> str:
        """One edition's page, the same for every reader."""
        tail = "" if (kind, serial) == ("daily", 1) else f"-{kind}-{serial}"
        return f"{self.archive}/{day.isoformat()}{tail}"

    def leave(self, token: str) -> str:
        """The page that says goodbye; a POST with ``List-Unsubscribe=One-Click`` acts at once."""
        return f"{self.base}/leave/{token}"

    def manage(self, token: str) -> str:
        """The reader's preferences."""
        return f"{self.base}/manage/{token}"

    def why(self, token: str) -> str:
        """What became of a reader's last editions; the token is that of their preferences."""
        return f"{self.manage(token)}/why"

    def confirm(self, token: str) -> str:
        """The page with the button that confirms a subscription."""
        return f"{self.base}/confirm/{token}"

    def disown(self, token: str) -> str:
        """The page for "I never signed up"."""
        return f"{self.base}/disown/{token}"

    def erase(self, token: str) -> str:
        """The page that shows a person's data and forgets them."""
        return f"{self.base}/data/{token}"

    def undo(self, token: str) -> str:
        """The page that takes leaving back."""
        return f"{self.base}/undo/{token}"

    def move(self, token: str) -> str:
        """The page on which one end of a change of address agrees."""
        return f"{self.base}/move/{token}"

    def acknowledge(self, token: str) -> str:
        """The page on which somebody says that they have an alarm."""
        return f"{self.base}/alarm/{token}"
