"""A mailing with everything on it, its copies, and a way to read what arrived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

from hypothesis import HealthCheck, settings

from newsletter.mailing import Copy, Hole, HoleKind, Mailing, Sender, Template
from newsletter.testing.stub_sendgrid import Message
from newsletter.transports.base import Outcome
from newsletter.transports.memory import Kept

# A busy machine is no reason to fail: LONG is waited for only when something is broken, SHORT by
# the tests of time-outs.
LONG = timedelta(seconds=20)
SHORT = timedelta(seconds=0.4)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

LEAVE = Hole("leave_url", HoleKind.URL)
MANAGE = Hole("manage_url", HoleKind.URL)
TOKEN = Hole("leave_token", HoleKind.HEADER)
TO_HTML = Hole("address", HoleKind.HTML)
TO_TEXT = Hole("address", HoleKind.TEXT)

PARAGRAPH = "小米今天发布了第二款电动汽车“YU7”，起售价二十五万元，一小时大定二十八万台。"


def a_mailing(*, edition: str = "ai_daily-2026-11-23", paragraphs: int = 8, **changes: Any) -> Mailing:
    """Return a mailing like a real edition: all headers, Chinese text, several holes."""
    story = f"<p style='line-height:1.7'>{PARAGRAPH}</p>\n"
    fields: dict[str, Any] = {
        "edition": edition,
        "language": "zh-CN",
        "sender": Sender("全球AI新闻速递", "news@news.example.com"),
        "subject": "小米发布第二款电动汽车，一小时大定二十八万台，还有十条新闻 · 11月23日",
        "headers": (
            ("Reply-To", Template(("editors@news.example.com",))),
            ("List-Id", Template(("全球AI新闻速递 <ai_daily.news.example.com>",))),
            (
                "List-Unsubscribe",
                Template(("<", LEAVE, ">, <mailto:leave@news.example.com?subject=", TOKEN, ">")),
            ),
            ("List-Unsubscribe-Post", Template(("List-Unsubscribe=One-Click",))),
            ("List-Help", Template(("<", MANAGE, ">"))),
            ("List-Archive", Template(("<https://news.example.com/ai_daily/archive>",))),
            ("Feedback-ID", Template(("2026-11-23:daily:ai_daily:newsltr",))),
            ("Precedence", Template(("bulk",))),
            ("Content-Language", Template(("zh-CN",))),
        ),
        "text": Template(
            (f"1. {PARAGRAPH}\n\n" * paragraphs, "寄给 ", TO_TEXT, "\n退订：", LEAVE, "\n管理订阅：", MANAGE)
        ),
        "html": Template(
            (
                f"<!doctype html><html lang='zh-CN'><body><h1>今日新闻</h1>\n{story * paragraphs}",
                "<a href='",
                LEAVE,
                "'>退订</a> · <a href='",
                MANAGE,
                "'>管理订阅</a> · 寄给 ",
                TO_HTML,
                f"\n{story * 2}</body></html>",
            )
        ),
    }
    return Mailing(**(fields | changes))


def a_copy(number: int = 1, *, to: str | None = None, **values: str) -> Copy:
    """Return copy ``r<number>``, whose links are 200 characters long."""
    own = {
        "leave_url": f"https://news.example.com/leave/{number}-".ljust(200, "L"),
        "manage_url": f"https://news.example.com/manage/{number}-".ljust(200, "M"),
        "leave_token": f"{number}-".ljust(60, "T"),
        "address": f"reader{number}@example.com",
        "message_id": f"{number}.abcdef@news.example.com",
    }
    return Copy(ref=f"r{number}", address=own["address"] if to is None else to, values=own | values)


def copies(count: int) -> list[Copy]:
    """Return r1 to r<count>."""
    return [a_copy(number) for number in range(1, count + 1)]


def outcomes_of(stream: Iterable[Outcome | None]) -> list[Outcome]:
    """Return what a call tells, without the times when it had nothing to tell."""
    return [outcome for outcome in stream if outcome]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A message as its reader's program shows it."""

    to: str
    sender: tuple[str, str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]  # names in lower case


def parsed(raw: bytes) -> EmailMessage:
    """Return ``raw`` as the standard library reads it."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def part(message: EmailMessage, kind: str) -> str:
    """Return the text or HTML part with the line ends of Python."""
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    assert not body.defects
    return body.get_content().replace("\r\n", "\n")


def seen_in_bytes(raw: bytes) -> Seen:
    """Read a message from its bytes."""
    message = parsed(raw)
    sender = message["From"].addresses[0]
    return Seen(
        to=message["To"].addresses[0].addr_spec,
        sender=(sender.display_name, sender.addr_spec),
        subject=message["Subject"],
        text=part(message, "plain"),
        html=part(message, "html"),
        headers={name.lower(): str(value) for name, value in message.items()},
    )


def seen_by_stub(message: Message) -> Seen:
    """Read a message that the stub SendGrid would deliver."""
    headers = {
        name.lower(): str(make_header(decode_header(value))) for name, value in message.headers.items()
    }
    reply_to = {"reply-to": message.reply_to["email"]} if message.reply_to else {}
    return Seen(
        to=message.address,
        sender=(message.sender.get("name", ""), message.sender["email"]),
        subject=message.subject,
        text=message.text,
        html=message.html,
        headers=headers | reply_to,
    )


def seen_in_memory(kept: Kept) -> Seen:
    """Read a message that the memory transport keeps."""
    return Seen(
        to=kept.copy.address,
        sender=(kept.mailing.sender.name, kept.mailing.sender.address),
        subject=kept.mailing.subject,
        text=kept.filled.text,
        html=kept.filled.html,
        headers={name.lower(): value for name, value in kept.filled.headers},
    )


def seen_on_screen(printed: str) -> list[Seen]:
    """Read what the console transport printed; it shows neither HTML nor most headers."""
    seen = []
    for page in printed.split("─" * 72 + "\n")[1:]:
        head, _, text = page.partition("\n\n")
        lines = dict(line.split(": ", 1) for line in head.splitlines())
        name, _, address = lines["From"].strip().rpartition(" ")
        seen.append(
            Seen(
                to=lines["To"].strip(),
                sender=(name, address.strip("<>")),
                subject=lines["Subject"].strip(),
                text=text.removesuffix("\n"),
                html="",
                headers={"list-unsubscribe": lines["List-Unsubscribe"]},
            )
        )
    return seen
