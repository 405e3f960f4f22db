"""One reader's copy: from a row of the ledger to the values that fill the mailing's holes."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.keys import Keys
from newsletter.mailing import Copy, Mailing
from newsletter.urls import Urls
from subscribers import Purpose


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes the copies of one newsletter. Same edition and reader, same copy, for ever."""

    keys: Keys
    urls: Urls

    def compose(self, mailing: Mailing, edition_id: int, subscriber_id: int, address: str) -> Copy:
        """Return the copy of one reader."""
        ref = ref_of(edition_id, subscriber_id)
        return Copy(
            ref=ref,
            address=address,
            values={
                "address": address,
                "leave_url": self.urls.leave(self._token(Purpose.LEAVE, subscriber_id)),
                "manage_url": self.urls.manage(self._token(Purpose.MANAGE, subscriber_id)),
                "message_id": self.keys.message_id(ref, mailing.sender.address.rpartition("@")[2]),
            },
        )

    def _token(self, purpose: Purpose, subscriber_id: int) -> str:
        return self.keys.tokens.sign(purpose, newsletter=self.urls.newsletter, subscriber_id=subscriber_id)


def ref_of(edition_id: int, subscriber_id: int) -> str:
    """Return our own name for a copy; it tells nobody an address."""
    return f"e{edition_id}-s{subscriber_id}"


def subscriber_of(ref: str) -> int:
    """Return whose copy ``ref`` names."""
    return int(ref.rpartition("-s")[2])
