"""The desk of one newsletter: its texts, previews and test mails, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from newsletter.config import NewsletterSettings
from newsletter.desk.preview import Previewer
from newsletter.desk.texts import Texts
from newsletter.digests.sources import Found
from newsletter.morning.morning import Morning
from newsletter.urls import Urls


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Over the parts that the morning itself uses, so that both see the same."""

    morning: Morning
    find: Callable[[date], Found] | None = None  # asks the source; None: as the morning does

    @property
    def newsletter(self) -> NewsletterSettings:
        """The settings."""
        return self.morning.newsletter

    @property
    def urls(self) -> Urls:
        """The public addresses."""
        return self.morning.urls

    @cached_property
    def texts(self) -> Texts:
        """What lies on the desk for each day."""
        morning = self.morning
        return Texts(
            slug=morning.slug,
            newsletter=morning.newsletter,
            database=morning.database,
            find_in_source=self.find or morning.beginning.find_in_source,
            clock=morning.courier.clock,
        )

    @cached_property
    def previewer(self) -> Previewer:
        """What shows a text as it would arrive."""
        morning = self.morning
        return Previewer(
            slug=morning.slug,
            newsletter=morning.newsletter,
            database=morning.database,
            renderer=morning.renderer,
            urls=morning.urls,
        )
