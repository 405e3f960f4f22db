"""One reader's copy: from a row of the ledger to the values that fill the mailing's holes."""

from __future__ import annotations

from newsletter.keys import Keys
from newsletter.mailing import RETURN_PATH, Copy, Mailing
from newsletter.returns import Returns
from newsletter.urls import Urls
from subscribers import Purpose, base36


class Composer:
    """Makes the copies of one newsletter. Same edition and reader, same copy, for ever."""

    def __init__(self, keys: Keys, urls: Urls) -> None:
        self._keys = keys
        self._returns = Returns(keys, urls.mailbox) if urls.mailbox else None
        leave = keys.tokens.series(Purpose.LEAVE, newsletter=urls.newsletter)
        manage = keys.tokens.series(Purpose.MANAGE, newsletter=urls.newsletter)
        self._leave_url = lambda subscriber: urls.leave(leave(subscriber))
        self._manage_url = lambda subscriber: urls.manage(manage(subscriber))

    def compose(
        self,
        mailing: Mailing,
        edition_id: int,
        subscriber_id: int,
        address: str,
        *,
        corrects_id: int | None = None,
    ) -> Copy:
        """Return the copy of one reader; that of a correction names the copy which it corrects."""
        ref, subscriber = ref_of(edition_id, subscriber_id), base36(subscriber_id)
        values = {
            "address": address,
            "leave_url": self._leave_url(subscriber),
            "manage_url": self._manage_url(subscriber),
            "message_id": self._keys.message_id(ref, mailing.sender.address.rpartition("@")[2]),
        }
        if self._returns is not None:
            values[RETURN_PATH] = self._returns.sender_of(ref)
            values["leave_mailto"] = f"mailto:{self._returns.leave(ref)}?subject=unsubscribe"
        if corrects_id is not None:
            values["corrects"] = self._keys.message_name(ref_of(corrects_id, subscriber_id))
        return Copy(ref=ref, address=address, values=values)


def ref_of(edition_id: int, subscriber_id: int) -> str:
    """Return our own name for a copy; it tells nobody an address."""
    return f"e{edition_id}-s{subscriber_id}"


def subscriber_of(ref: str) -> int:
    """Return whose copy ``ref`` names."""
    return int(ref.rpartition("-s")[2])
