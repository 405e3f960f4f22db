"""The headers of an edition that are ours to say; a transport writes the rest.

From, To, Subject, Date, Message-ID and the MIME headers are the transport's. List-* follow RFC 2369,
2919 and 8058; every value is ASCII on one line.
"""

from __future__ import annotations

import re
from email.header import Header

from newsletter.config import NewsletterSettings
from newsletter.mailing import Hole, HoleKind, Template
from newsletter.urls import Urls

CORRECTS = Hole("corrects", HoleKind.HEADER, "sample")  # the left of a Message-ID; see Composer
LEAVE_BY_MAIL = "leave_mailto"  # a hole; see Composer
ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058: this and nothing else


def edition_headers(
    newsletter: NewsletterSettings,
    *,
    urls: Urls,
    language: str,
    edition: str,
    kind: str,
    leave: Hole,
    answers: str = "",
) -> tuple[tuple[str, Template], ...]:
    """Return the headers of one edition; ``leave`` is the hole for a reader's own goodbye page.

    ``answers`` is the domain in the Message-ID of the copy that each copy answers to, if it does.
    """
    domain = newsletter.sender.address.rpartition("@")[2].lower()
    literal = {
        "Reply-To": newsletter.sender.reply_to,
        "List-Id": f"{phrase(newsletter.name)} <{urls.newsletter}.{domain}>",
        "List-Unsubscribe-Post": ONE_CLICK,
        "List-Help": f"<{urls.home}>",
        "List-Archive": f"<{urls.archive}>",
        "Feedback-ID": f"{edition}:{urls.newsletter}:{kind}:{sender_id(domain)}",
        "Precedence": "bulk",  # not a standard, but it keeps holiday replies away
        "Content-Language": language,
    }
    headers = {name: Template((value,)) for name, value in literal.items() if value}
    headers["List-Unsubscribe"] = Template(("<", leave, ">"))
    if urls.mailbox:
        # The https address first: RFC 8058 is what mailbox providers press.
        by_mail = Hole(LEAVE_BY_MAIL, HoleKind.URL, f"mailto:{urls.mailbox}?subject=unsubscribe")
        headers["List-Unsubscribe"] = Template(("<", leave, ">, <", by_mail, ">"))
    if answers:
        # A mail program shows the correction with what it corrects (RFC 5322, 3.6.4).
        original = Template(("<", CORRECTS, f"@{answers}>"))
        headers |= {"In-Reply-To": original, "References": original}
    return tuple(sorted(headers.items()))


def phrase(name: str) -> str:
    """Return ``name`` as an RFC 5322 phrase: quoted, or RFC 2047 encoded when it is not ASCII."""
    if name.isascii():
        return '"' + re.sub(r'([\\"])', r"\\\1", name) + '"'
    # 75 is the longest an encoded word may be; the lines are folded by the transport.
    return Header(name, "utf-8", maxlinelen=75).encode(linesep="\n").replace("\n ", " ")


def sender_id(domain: str) -> str:
    """Return the SenderId of Feedback-ID: 5 to 15 characters, the same for all we send from ``domain``."""
    return re.sub(r"[^a-z0-9]", "", domain.lower())[:15].ljust(5, "0")
