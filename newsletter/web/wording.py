"""The words people agree to, as they are kept with their consent. The pages show the same texts."""

from __future__ import annotations

from newsletter.config import NewsletterSettings, WebSettings
from newsletter.language import Catalog


def agreement(words: Catalog, newsletter: NewsletterSettings, web: WebSettings) -> str:
    """Return what the sign-up form says that pressing its button means."""
    privacy = words.say("web.signup.privacy")
    lines = [words.say("web.signup.agreement", name=newsletter.name, privacy=privacy)]
    if web.abroad:
        lines.append(words.say("web.signup.abroad", abroad=web.abroad))
    return "\n".join(lines)


def confirmation(words: Catalog, newsletter: NewsletterSettings) -> str:
    """Return what the page says on which a subscription is confirmed."""
    title, button = words.say("web.confirm.title"), words.say("web.confirm.button")
    return f"{newsletter.name}\n{title}\n{button}"
