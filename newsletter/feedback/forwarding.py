"""What readers write goes to the editor, as a notice: who wrote, and their words."""

from __future__ import annotations

import html
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from newsletter.config import NewsletterSettings
from newsletter.delivery.notices import Posted
from newsletter.feedback.letter import Letter
from newsletter.mailing import Mailing, Sender, Template, ValueRefused, addr_spec

FORWARD = "forward"
_LONGEST_SUBJECT = 200


@dataclass(frozen=True, kw_only=True)
class Forwarder:
    """Makes the notices. ``to`` is the editor."""

    to: str
    newsletters: Mapping[str, NewsletterSettings]

    def posted(self, letter: Letter, words: str, fingerprint: bytes, *, newsletter: str | None) -> Posted:
        """Return the notice that carries an answer."""
        slug = newsletter if newsletter and newsletter in self.newsletters else next(iter(self.newsletters))
        sender = self.newsletters[slug]
        text = f"{letter.header('From')}\n{letter.header('Subject')}\n\n{words}\n"
        # Nothing that a mail program could take for a header or for markup.
        clean = "".join(each for each in text if each == "\n" or each.isprintable() or each == "\t")
        subject = " ".join(f"Fwd: {letter.header('Subject')}"[:_LONGEST_SUBJECT].split())
        headers = {"Auto-Submitted": "auto-generated"}
        with suppress(ValueRefused):  # then it stands in the text alone
            headers["Reply-To"] = addr_spec(letter.sender)
        return Posted(
            purpose=FORWARD,
            dedupe_key=f"{FORWARD}:{fingerprint.hex()}",
            mailing=Mailing(
                edition=f"{slug}-{FORWARD}",
                language=sender.language,
                sender=Sender(sender.sender_name, sender.sender.address),
                subject="".join(each for each in subject if each.isprintable()) or "Fwd:",
                headers=tuple((name, Template((value,))) for name, value in sorted(headers.items())),
                text=Template((clean,)),
                html=Template((f'<pre style="white-space:pre-wrap">{html.escape(clean)}</pre>',)),
            ),
            newsletter=slug,
            address=self.to,
        )
