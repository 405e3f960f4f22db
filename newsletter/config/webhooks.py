"""The settings of webhooks out: other programs that hear who joins and what is sent."""

from __future__ import annotations

import base64
import binascii
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from newsletter.config.base import Section

SECRET_PREFIX = "whsec_"  # noqa: S105  # what Standard Webhooks puts before a secret


class WebhookEvent(StrEnum):
    """What can be told."""

    JOINED = "subscriber.joined"  # asked to read, or was put on the list
    CONFIRMED = "subscriber.confirmed"
    LEFT = "subscriber.left"
    BOUNCED = "subscriber.bounced"  # is never mailed again: bounced, or complained
    HELD = "edition.held"
    SENT = "edition.sent"


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        raise ValueError("must be a short name such as crm (a-z, then a-z, 0-9, _ or -)")
    return value


class EventWebhookSettings(Section):
    """One address that hears of events. Its URL and its secret may lie in files."""

    name: Annotated[str, AfterValidator(_name)]
    url: SecretStr = SecretStr("")
    url_file: Path | None = None
    secret: SecretStr = SecretStr("")  # whsec_…: signs every post
    secret_file: Path | None = None
    events: tuple[WebhookEvent, ...] = Field(default=tuple(WebhookEvent), min_length=1)
    newsletters: tuple[str, ...] = ()  # empty: all

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        for what, value, file in (
            ("url", self.url, self.url_file),
            ("secret", self.secret, self.secret_file),
        ):
            if bool(value.get_secret_value()) == bool(file):
                raise ValueError(f"needs exactly one of {what} and {what}_file")
        check_secrets(self)
        return self


def check_secrets(webhook: EventWebhookSettings) -> None:
    """Raise ``ValueError`` for a URL or a secret that cannot be used; one still in its file is let by."""
    url, secret = webhook.url.get_secret_value(), webhook.secret.get_secret_value()
    if url and not url.startswith(("https://", "http://")):
        raise ValueError("url must start with https://")
    if secret:
        try:
            raw = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if not secret.startswith(SECRET_PREFIX) or len(raw) < 24:
            raise ValueError(
                "secret must be whsec_ and base64 of 24 bytes or more: `newsletter webhooks secret` makes one"
            )
