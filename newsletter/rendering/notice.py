"""Notices: the short mails about a person's own subscription, all in one layout.

A notice says the same in HTML and in text, carries one button, which is a link to a page with a form,
and holds nothing that anybody typed. It belongs to no list, so it has no List-* headers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from newsletter.config import NewsletterSettings
from newsletter.language import Catalog, catalog
from newsletter.mailing import Mailing, Sender, Template
from newsletter.rendering.templates import Templates
from newsletter.urls import Urls
from subscribers import LIFETIMES, Purpose

FOLDER = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What a notice of one purpose is made of, beside its words."""

    button: str  # the value that the button leads to
    opens: Purpose | None = None  # whose lifetime the link has; None: it does not end
    disown: bool = False  # whether "I never signed up" stands below


SHAPES: dict[str, _Shape] = {
    "confirm": _Shape(button="confirm_url", opens=Purpose.CONFIRM, disown=True),
    "remind": _Shape(button="confirm_url", opens=Purpose.CONFIRM, disown=True),
    "already": _Shape(button="manage_url", disown=True),
    "link": _Shape(button="manage_url", disown=True),
    "erase": _Shape(button="erase_url", opens=Purpose.ERASE),
    "move_old": _Shape(button="move_url", opens=Purpose.MOVE_OLD),
    # Whoever reads this one is perhaps nobody we know: it holds no link about the person.
    "move_new": _Shape(button="move_url", opens=Purpose.MOVE_NEW),
}


class NoticeRenderer:
    """Renders notices with the templates of ``folders`` before ours; keeps what it has compiled."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._templates = Templates(folders)

    def render(
        self,
        purpose: str,
        newsletter: NewsletterSettings,
        *,
        urls: Urls,
        language: str,
        values: Mapping[str, str],
    ) -> Mailing:
        """Return the notice of ``purpose``, or raise ``TemplateError``.

        ``values`` brings the links that the purpose needs; others are passed over.
        """
        shape, words = SHAPES[purpose], catalog(language)
        says = {
            part: words.say(f"notice.{purpose}.{part}", name=newsletter.name)
            for part in ("subject", "title", "lead", "button", "note")
        }
        names = {
            "language": words.tag,
            "direction": words.direction,
            "name": newsletter.name,
            "colon": words.say("text.colon"),
            **says,
            "url": values[shape.button],
            "press": words.say("notice.press"),
            "copy": words.say("notice.copy"),
            "lasts": _lasts(words, LIFETIMES[shape.opens]) if shape.opens else "",
            "disown": words.say("notice.disown") if shape.disown else "",
            "disown_url": values["disown_url"] if shape.disown else "",
            "home_url": urls.home,
            "contact_label": words.say("email.contact"),
            "contact": newsletter.sender.reply_to or newsletter.sender.address,
            "postal_address": newsletter.postal_address,
        }
        return Mailing(
            edition=f"{urls.newsletter}-{purpose}",
            language=words.tag,
            sender=Sender(newsletter.sender_name, newsletter.sender.address),
            subject=says["subject"],
            headers=_headers(newsletter, words),
            text=Template((self._render("body.txt.j2", names),)),
            html=Template((self._render("body.mjml.j2", names),)),
        )

    def _render(self, file: str, names: Mapping[str, object]) -> str:
        return self._templates.render(f"{FOLDER}/{file}", names).strip() + "\n"


def _headers(newsletter: NewsletterSettings, words: Catalog) -> tuple[tuple[str, Template], ...]:
    values = {
        "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday reply, please
        "Content-Language": words.tag,
        "Reply-To": newsletter.sender.reply_to,
        "X-Auto-Response-Suppress": "All",  # the same for Exchange
    }
    return tuple((name, Template((value,))) for name, value in values.items() if value)


def _lasts(words: Catalog, lifetime: timedelta) -> str:
    if lifetime >= timedelta(days=1):
        return words.say("notice.lasts_days", count=lifetime.days)
    return words.say("notice.lasts_hours", count=int(lifetime / timedelta(hours=1)))
