"""Mails as they come back, in all their forms, each with what it is. All our own, on reserved domains."""

from __future__ import annotations

from dataclasses import dataclass
from email.header import Header

from newsletter.feedback.sorting import Sort
from newsletter.replies import Meaning
from newsletter.returns import Returns
from tests.support import KEYS

RETURNS = Returns(KEYS, "bounces@news.example.com")
REF = "e1-s2"
TO = RETURNS.sender_of(REF)
LEAVE_TO = RETURNS.leave(REF)
MESSAGE_ID = KEYS.message_id(REF, "news.example.com")
HARD, SOFT, THROTTLED = Meaning.HARD, Meaning.SOFT, Meaning.THROTTLED
POLICY, CONTENT, UNKNOWN = Meaning.POLICY, Meaning.CONTENT, Meaning.UNKNOWN


@dataclass(frozen=True)
class Mail:
    """One mail and its class."""

    name: str
    raw: bytes
    sort: Sort
    meaning: Meaning | None = None
    ref: str | None = REF


def _head(sender: str, subject: str, to: str, *more: str) -> str:
    coded = subject if subject.isascii() else Header(subject, "utf-8").encode(linesep="\r\n")
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {coded}", "MIME-Version: 1.0"]
    lines += ["Date: Mon, 23 Nov 2026 07:31:00 +0800", "Message-ID: <back@mx.example.org>", *more]
    return "\r\n".join(lines) + "\r\n"


def dsn(
    diagnostic: str,
    *,
    action: str = "failed",
    status: str = "5.0.0",
    recipient: str = "r2@example.com",
    to: str = TO,
    kind: str = "delivery-status",
    returned: str = f"Message-ID: <{MESSAGE_ID}>\r\nSubject: news\r\n",
    human: str = "This is the mail system. Your message was not delivered.",
) -> bytes:
    """Return a bounce as RFC 3464 has it, or RFC 6533 by its ``kind``."""
    smtp = f"Diagnostic-Code: smtp; {diagnostic}\r\n" if diagnostic else ""
    report = kind.replace("global-", "")
    blocks = (
        "Reporting-MTA: dns; mx.example.org\r\nArrival-Date: Mon, 23 Nov 2026 07:30:00 +0800\r\n\r\n"
        f"Final-Recipient: {'utf-8' if 'global' in kind else 'rfc822'}; {recipient}\r\n"
        f"Action: {action}\r\nStatus: {status}\r\n{smtp}"
    )
    return (
        _head(
            "MAILER-DAEMON@mx.example.org (Mail Delivery System)",
            "Undelivered Mail Returned to Sender",
            to,
            f'Content-Type: multipart/report; report-type={report}; boundary="b"',
            "Auto-Submitted: auto-replied",
        )
        + f"\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{human}\r\n"
        + f"--b\r\nContent-Type: message/{kind}\r\n\r\n{blocks}\r\n"
        + f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned}\r\n--b--\r\n"
    ).encode()


def prose(
    text: str,
    *,
    sender: str = "MAILER-DAEMON@mx.example.org",
    subject: str = "failure notice",
    to: str = TO,
    charset: str = "utf-8",
    kind: str = "plain",
) -> bytes:
    """Return a bounce in words."""
    head = _head(sender, subject, to, f"Content-Type: text/{kind}; charset={charset}", "Return-Path: <>")
    head += "Content-Transfer-Encoding: 8bit\r\n"
    return head.encode() + b"\r\n" + text.encode({"gb2312": "gb18030"}.get(charset, charset))


def arf(feedback_type: str, *, to: str = "abuse@news.example.com", message_id: str = MESSAGE_ID) -> bytes:
    """Return a feedback report as RFC 5965 has it."""
    return (
        _head(
            "fbl@mx.example.org",
            "Abuse report",
            to,
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
        )
        + "\r\n--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n"
        + "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        + f"Feedback-Type: {feedback_type}\r\nUser-Agent: Example-FBL/1\r\nVersion: 1\r\n"
        + "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        + f"Message-ID: <{message_id}>\r\nFrom: news@news.example.com\r\n\r\nbody\r\n--b--\r\n"
    ).encode()


def answer(
    text: str,
    *,
    subject: str = "Re: 全球AI新闻速递",
    to: str = "news@news.example.com",
    sender: str = "r2@example.com",
    headers: tuple[str, ...] = (f"In-Reply-To: <{MESSAGE_ID}>",),
    charset: str = "utf-8",
) -> bytes:
    """Return what a person, or their program, answers."""
    head = _head(sender, subject, to, f"Content-Type: text/plain; charset={charset}", *headers)
    return (head + "Content-Transfer-Encoding: 8bit\r\n").encode() + b"\r\n" + text.encode(charset)


STATUSES = [
    ("550 5.1.1 <r2@example.com>: Recipient address rejected: User unknown", "5.1.1", "example.com", HARD),
    ("550-5.1.1 The email account that you tried to reach does not exist.", "5.1.1", "gmail.com", HARD),
    ("550 5.2.1 The email account that you tried to reach is inactive.", "5.2.1", "gmail.com", SOFT),
    ("452-4.2.2 The email account that you tried to reach is over quota.", "4.2.2", "gmail.com", SOFT),
    ("552 5.2.2 The recipient's inbox is out of storage space.", "5.2.2", "gmail.com", SOFT),
    ("421-4.7.28 Our system has detected an unusual rate of mail", "4.7.28", "gmail.com", THROTTLED),
    ("550-5.7.26 Unauthenticated email from news.example.com", "5.7.26", "gmail.com", POLICY),
    ("550 5.5.0 Requested action not taken: mailbox unavailable", "5.5.0", "outlook.com", HARD),
    (
        "550 5.7.1 Service unavailable; part of their network is on our block list (S3150)",
        "5.7.1",
        "outlook.com",
        POLICY,
    ),
    (
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        "5.1.10",
        "example.net",
        HARD,
    ),
    ("550 Domain frequency limited. http://service.mail.qq.example/", "5.0.0", "qq.com", THROTTLED),
    ("550 Ip frequency limited", "5.0.0", "qq.com", THROTTLED),
    ("550 Mailbox not found", "5.0.0", "qq.com", HARD),
    ("550 Mail content denied", "5.0.0", "qq.com", CONTENT),
    ("550 User not found: r2@163.com", "5.0.0", "163.com", HARD),
    ("554 DT:SPM 163 smtp1,spam", "5.0.0", "163.com", CONTENT),
    ("421 HL:REP 163 smtp2", "4.0.0", "163.com", THROTTLED),
    ("554 delivery error: dd This user doesn't have a yahoo.com account", "5.0.0", "yahoo.com", HARD),
    ("554 5.7.1 Message rejected as spam", "5.7.1", "example.org", CONTENT),
    ("552 5.3.4 Message too big for system", "5.3.4", "example.org", CONTENT),
    ("550 5.7.17 Mailbox owner has changed", "5.7.17", "example.org", HARD),
    ("556 5.1.10 Recipient address has null MX", "5.1.10", "example.org", HARD),
    ("550 5.1.2 Host unknown", "5.1.2", "example.org", SOFT),
    ("550 5.1.1 you are on our blocklist", "5.1.1", "example.org", POLICY),
    ("", "5.1.1", "example.org", HARD),
    ("", "5.0.0", "example.org", UNKNOWN),
    ("550 computer says no", "5.0.0", "example.org", UNKNOWN),
    ("450 4.2.0 Greylisted, please try again in 300 seconds", "4.2.0", "example.org", SOFT),
]

WORDS = [
    (
        "Hi. This is the qmail-send program at mx.example.org.\nI'm afraid I wasn't able to deliver your "
        "message.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<r2@example.com>:\n"
        "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 User unknown\nGiving up.\n\n"
        "--- Below this line is a copy of the message.\n\nReturn-Path: <x@example.com>\n",
        "failure notice",
        HARD,
    ),
    (
        "This message was created automatically by mail delivery software.\n\nA message that you sent could "
        "not "
        "be delivered to one or more of its\nrecipients. This is a permanent error. The following address "
        "failed:\n\n  r2@example.com\n    SMTP error from remote mail server after RCPT "
        "TO:<r2@example.com>:\n"
        "    550 5.1.1 No such user here\n",
        "Mail delivery failed: returning message to sender",
        HARD,
    ),
    (
        "The following address(es) failed:\n  r2@example.com\n  retry timeout exceeded\n  452 4.2.2 mailbox "
        "full\n",
        "Mail delivery failed",
        SOFT,
    ),
    (
        "抱歉，您的邮件被退回来了……\n原邮件信息：\n收件人 r2@qq.com\n"
        "退信原因：收件人邮件地址（r2@qq.com）不存在，邮件无法送达。\n",
        "系统退信/The email is returned",
        HARD,
    ),
    ("您的邮件被退回。\n退信原因：550 Domain frequency limited\n收件人：r2@qq.com\n", "系统退信", THROTTLED),
    ("退信原因：对方邮箱已满，空间不足。\n收件人 r2@163.com", "系统退信", SOFT),
    ("错误信息：550 User not found: r2@163.com\n", "邮件无法投递", HARD),
    ("退信原因：邮件被判定为垃圾邮件，对方拒收。", "退信通知", POLICY),
    (
        "Your message to r2@example.com couldn't be delivered.\nr2 wasn't found at example.com.\n"
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
        "Undeliverable: news",
        HARD,
    ),
    (
        "未能将邮件传递给以下收件人：r2@example.com\n找不到收件人，请检查地址。",
        "未送达: 全球AI新闻速递",
        HARD,
    ),
    ("Sorry, we could not deliver your message. Nobody knows why.", "Undeliverable mail", UNKNOWN),
    (
        "<p>The mail system</p><p>&lt;r2@example.com&gt;: host mx.example.com "
        "said: 550 5.1.1 user unknown</p>",
        "Undelivered Mail Returned to Sender",
        HARD,
    ),
]

DELAYS = [
    (
        "This message was created automatically.\nA message that you sent has not yet been delivered. It "
        "will "
        "be retried; we are still trying.",
        "Warning: message delayed 24 hours",
    ),
    (
        "This is a warning message only. You do not need to resend your message.\n452 4.2.2 mailbox full",
        "Delivery Status Notification (Delay)",
    ),
    ("您的邮件投递延迟，系统将继续尝试投递，无需重新发送。", "投递延迟通知"),
]

WISHES = [
    "退订",
    "TD",
    "td",
    "T",
    "退订。",
    "请退订",
    "我要退订，谢谢",
    "unsubscribe",
    "Unsubscribe please",
    "UNSUBSCRIBE!",
    "取消订阅",
    "请取消订阅",
    "不要再发了",
    "退訂",
    "remove me",
    "Please remove me from your mailing list",
    "stop",
    "Take me off this list",
    "别再发了",
    "退订\n\n发自我的iPhone",
    "退订\n\n在 2026年11月23日，全球AI新闻速递 <news@news.example.com> 写道：\n> 今天的新闻",
    "TD\n\nOn Mon, 23 Nov 2026 at 07:31, AI Daily <news@news.example.com> wrote:\n> news",
    "unsubscribe\n------------------ 原始邮件 ------------------\n发件人: 全球AI新闻速递\n内容",
]
NO_WISHES = [
    "今天第三条的链接打不开了",
    "请问怎么退订？我只想周末收到，另外昨天的第二条写错了",
    "Great issue, thanks!",
    "How do I unsubscribe my old address and keep the new one?",
    "我的同事也想订阅",
    "不要取消，我很喜欢",
    "Stop! In the name of love, great headline today and the best story of the week so far",
]
AUTOMATIC = [
    ("自动回复：我休假了", "我在休假，下周一回来", ()),
    ("Automatic reply: news", "I am out of the office.", ()),
    ("Out of Office: news", "退订", ()),
    ("Re: news", "I am away", ("Auto-Submitted: auto-replied",)),
    ("Re: news", "away", ("X-Autoreply: yes",)),
    ("Re: news", "away", ("Precedence: auto_reply",)),
    ("Re: news", "unsubscribe", ("Auto-Submitted: auto-generated (rejected)",)),
    ("假期自动回复", "您好，我正在外出", ()),
    ("Abwesenheitsnotiz", "Ich bin nicht da", ()),
    ("Re: list", "a list", ("List-Id: <x.example.org>",)),
]


def every() -> list[Mail]:
    """Return all of them."""
    found = [
        Mail(f"status-{n}", dsn(said, status=status, recipient=f"r2@{domain}"), Sort.BOUNCE, meaning)
        for n, (said, status, domain, meaning) in enumerate(STATUSES)
    ]
    found += [
        Mail(
            f"words-{n}",
            prose(text, subject=subject, kind="html" if text.startswith("<p>") else "plain"),
            Sort.BOUNCE,
            meaning,
        )
        for n, (text, subject, meaning) in enumerate(WORDS)
    ]
    found += [
        Mail(f"gb-{n}", prose(text, subject=subject, charset="gb2312"), Sort.BOUNCE, meaning)
        for n, (text, subject, meaning) in enumerate(WORDS[3:8])
    ]
    found += [
        Mail(f"delay-{n}", prose(text, subject=subject), Sort.DELAY)
        for n, (text, subject) in enumerate(DELAYS)
    ]
    gone = "550 5.1.1 user unknown"
    found += [
        Mail("dsn-delayed", dsn("450 4.2.2 full", action="delayed", status="4.2.2"), Sort.DELAY, SOFT),
        Mail("dsn-relayed", dsn("250 ok", action="relayed", status="2.0.0"), Sort.RECEIPT),
        Mail("dsn-expanded", dsn("", action="expanded", status="2.0.0"), Sort.RECEIPT),
        Mail(
            "global",
            dsn(gone, status="5.1.1", kind="global-delivery-status", recipient="读者@例子.example"),
            Sort.BOUNCE,
            HARD,
        ),
        Mail("upper", dsn(gone, status="5.1.1", to=TO.upper()), Sort.BOUNCE, HARD),
        Mail("by-message-id", dsn(gone, status="5.1.1", to="news@news.example.com"), Sort.BOUNCE, HARD),
        Mail(
            "unsigned",
            dsn(gone, status="5.1.1", to="bounces@news.example.com", returned="Subject: x\r\n"),
            Sort.BOUNCE,
            HARD,
            None,
        ),
        Mail(
            "forged",
            dsn(gone, to="bounces+1-1-2-aaaaaaaaaaaaaaaaaaaa@news.example.com", returned="X: y\r\n"),
            Sort.BOUNCE,
            HARD,
            None,
        ),
    ]
    found += [
        Mail(f"arf-{kind}", arf(kind), Sort.COMPLAINT) for kind in ("abuse", "fraud", "opt-out", "Abuse")
    ]
    found += [
        Mail("arf-not-spam", arf("not-spam"), Sort.RECEIPT),
        Mail("arf-auth", arf("auth-failure"), Sort.RECEIPT),
        Mail(
            "arf-unsigned",
            arf("abuse", message_id="e1-s2.0000000000000000@x.example"),
            Sort.COMPLAINT,
            None,
            None,
        ),
        Mail("mailto", answer("", subject="unsubscribe", to=LEAVE_TO, headers=()), Sort.LEAVE),
        Mail("mailto-words", answer("whatever", subject="", to=LEAVE_TO, headers=()), Sort.LEAVE),
        Mail("subject-only", answer("", subject="退订", headers=()), Sort.LEAVE, None, None),
        Mail("no-token", answer("退订", headers=()), Sort.LEAVE, None, None),
        Mail("bounce-token-no-leave", answer("退订", to=TO, headers=()), Sort.LEAVE, None, None),
    ]
    found += [Mail(f"wish-{n}", answer(text), Sort.LEAVE) for n, text in enumerate(WISHES)]
    found += [
        Mail(f"wish-gbk-{n}", answer(text, charset="gb18030"), Sort.LEAVE)
        for n, text in enumerate(WISHES[:3])
    ]
    found += [Mail(f"answer-{n}", answer(text), Sort.ANSWER) for n, text in enumerate(NO_WISHES)]
    found += [
        Mail(f"automatic-{n}", answer(text, subject=subject, headers=more), Sort.AUTOMATIC, None, None)
        for n, (subject, text, more) in enumerate(AUTOMATIC)
    ]
    found += [
        Mail("nothing", b"", Sort.UNREADABLE, None, None),
        Mail("noise", bytes(range(256)) * 4, Sort.UNREADABLE, None, None),
        Mail("no-words", b"X-Nothing: here\r\n\r\n", Sort.UNREADABLE, None, None),
    ]
    return found
