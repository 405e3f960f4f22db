"""Makes the posts of events: what was written down, with a reader's address as it is now, freshly signed.

No address lies in the outbox. Who was erased meanwhile is told of by their number alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from newsletter.alarms.hooks import EVENT
from newsletter.alarms.posting import Poster
from newsletter.alarms.robots import Post
from newsletter.clock import Clock
from newsletter.config import Settings
from newsletter.config.webhooks import EventWebhookSettings
from newsletter.database import Database
from newsletter.fetching import Fetcher
from newsletter.outgoing.signing import headers
from subscribers import Subscriber


@dataclass(frozen=True, kw_only=True)
class Envelopes:
    """Makes a post of what lies in the outbox."""

    webhooks: Mapping[str, EventWebhookSettings]
    database: Database
    clock: Clock

    def post_of(self, target: str, key: str, content: Mapping[str, Any]) -> Post | None:
        """Return the post; None when its webhook is no longer in the configuration."""
        webhook = self.webhooks.get(target.removeprefix(EVENT))
        if webhook is None:
            return None
        data = dict(content["data"])
        if "subscriber" in data:
            data["address"] = self._address(data["subscriber"])
        body = json.dumps(dict(content) | {"data": data}, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int(self.clock().timestamp()))
        message_id = f"msg_{key.rpartition(':')[2]}"
        signed = headers(webhook.secret.get_secret_value(), message_id, timestamp, body)
        return Post(url=webhook.url.get_secret_value(), body=body, headers=signed)

    def _address(self, subscriber_id: int) -> str | None:
        with self.database.readers() as session:
            person = session.get(Subscriber, subscriber_id)
        return person.address if person else None


def make_poster(
    settings: Settings,
    *,
    database: Database,
    ping_url: Callable[[str], str],
    fetcher: Fetcher,
    clock: Clock,
    owner: str,
) -> Poster:
    """Return what posts alarms, good mornings and events."""
    events = {webhook.name: webhook for webhook in settings.webhooks}
    return Poster(
        database=database,
        webhooks={webhook.name: webhook for webhook in settings.alarms.webhooks},
        events=Envelopes(webhooks=events, database=database, clock=clock).post_of,
        ping_url=ping_url,
        fetcher=fetcher,
        clock=clock,
        owner=owner,
    )
