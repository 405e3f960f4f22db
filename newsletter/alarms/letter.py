"""The mail that carries an alarm: text and HTML say the same.

It is made from our own templates alone. Whoever changes those of the daily email cannot break alarms.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache

from newsletter.alarms.message import Message
from newsletter.config import NewsletterSettings
from newsletter.language import catalog
from newsletter.mailing import Mailing, Sender, Template
from newsletter.rendering.templates import Templates

FOLDER = "alarm"
HEADERS = {
    "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday reply, please
    "X-Auto-Response-Suppress": "All",  # the same for Exchange
    "Importance": "high",
}


def mailing_of(message: Message, newsletter: NewsletterSettings, *, label: str) -> Mailing:
    """Return the mail that says ``message``, from the sender of ``newsletter``."""
    names: dict[str, object] = {each.name: getattr(message, each.name) for each in fields(message)}
    names["colon"] = catalog(message.language).say("text.colon")
    headers = HEADERS | {"Content-Language": message.language}
    return Mailing(
        edition=label,
        language=message.language,
        sender=Sender(newsletter.sender_name, newsletter.sender.address),
        subject=message.subject,
        headers=tuple((name, Template((value,))) for name, value in headers.items()),
        text=Template((_render("body.txt.j2", names),)),
        html=Template((_render("body.mjml.j2", names),)),
    )


def _render(file: str, names: dict[str, object]) -> str:
    return _templates().render(f"{FOLDER}/{file}", names).strip() + "\n"


@cache
def _templates() -> Templates:
    return Templates()
