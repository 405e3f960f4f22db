"""The settings of alarms: who is told, in which order, and by which way."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from newsletter.config.base import Email, OneLine, Section

Level = Annotated[int, Field(ge=1, le=9)]


class WebhookKind(StrEnum):
    """Whose format a webhook speaks. Only ``json`` is tried out; see docs/alarms.md."""

    JSON = "json"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"


def _webhook_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        raise ValueError("must be a short name such as ops (a-z, then a-z, 0-9, _ or -)")
    return value


class WebhookSettings(Section):
    """One address that alarms are posted to. Its URL is as secret as a password."""

    name: Annotated[str, AfterValidator(_webhook_name)]
    kind: WebhookKind = WebhookKind.JSON
    url: SecretStr = SecretStr("")
    url_file: Path | None = None  # holds the URL instead
    secret: SecretStr = SecretStr("")  # signs what is posted
    secret_file: Path | None = None
    levels: tuple[Level, ...] = (1,)
    language: Literal["zh-CN", "en", ""] = ""  # empty: the newsletter's

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        url = self.url.get_secret_value()
        if bool(url) == bool(self.url_file):
            raise ValueError("needs exactly one of url and url_file")
        if url and not url.startswith(("https://", "http://")):
            raise ValueError("url must start with https://")
        if self.secret.get_secret_value() and self.secret_file:
            raise ValueError("needs only one of secret and secret_file")
        return self


class PersonSettings(Section):
    """Somebody who can mend things, and how to reach them."""

    name: OneLine
    email: Email = ""
    language: Literal["zh-CN", "en", ""] = ""  # empty: the newsletter's
    level: Level | None = None  # None: the one after the person before
    webhook: str = ""  # the name of one of alarms.webhooks, which then is theirs alone

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.email and not self.webhook:
            raise ValueError("needs an email or a webhook")
        return self


class AlarmSettings(Section):
    email: tuple[Email, ...] = ()  # the first to be told
    people: tuple[PersonSettings, ...] = ()  # in the order of escalation
    escalate_after_minutes: float = Field(default=10, gt=0)
    webhooks: tuple[WebhookSettings, ...] = ()
    ping_url: SecretStr = SecretStr("")  # fetched after every good morning; its silence is an alarm elsewhere

    @property
    def escalate_after(self) -> timedelta:
        """How long an alarm waits for an answer before the next person is told."""
        return timedelta(minutes=self.escalate_after_minutes)

    @model_validator(mode="after")
    def _known_webhooks(self) -> Self:
        names = [webhook.name for webhook in self.webhooks]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"webhooks: the name {sorted(twice)[0]!r} is given twice")
        for person in self.people:
            if person.webhook and person.webhook not in names:
                raise ValueError(f"people: {person.name}: there is no webhook {person.webhook!r}")
        return self
