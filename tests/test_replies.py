"""What replies mean: every row decides its own example, and a reader is never lost by a doubtful one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.lanes import Lane
from newsletter.replies import TABLES, Meaning, Row, enhanced, explain, read

ROWS = [row for table in TABLES for row in table]
HARD, SOFT, THROTTLED = Meaning.HARD, Meaning.SOFT, Meaning.THROTTLED
POLICY, CONTENT, UNKNOWN = Meaning.POLICY, Meaning.CONTENT, Meaning.UNKNOWN


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.example[:50])
def test_every_row_decides_the_reply_it_was_written_for(row: Row) -> None:
    assert explain(row.example, lane=row.lane or Lane.OTHER) is row


@pytest.mark.parametrize("row", [row for row in ROWS if row.hosts], ids=lambda row: row.example[:50])
def test_a_provider_is_understood_when_it_speaks_for_a_customers_domain(row: Row) -> None:
    assert explain(row.example, lane=Lane.OTHER) is row


@pytest.mark.parametrize("kind", ["Domain", "Ip", "Sender", "Connection"])
@pytest.mark.parametrize("lane", [Lane.QQ, Lane.OTHER])
def test_qqs_permanent_looking_limits_are_throttles(kind: str, lane: Lane) -> None:
    reply = f"550 {kind} frequency limited. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022"

    assert read(reply, lane=lane) is THROTTLED


@pytest.mark.parametrize("reason", ["HL:ICC", "HL:IFC", "HL:REP"])
def test_netease_shutting_us_out_for_now_is_a_throttle(reason: str) -> None:
    assert read(f"421 {reason} 163 mx9,T8CowACHXx 192.0.2.1", lane=Lane.NETEASE) is THROTTLED


@pytest.mark.parametrize(
    ("lane", "reply", "meaning"),
    [
        # Postfix and others, at the door or quoted in a bounce.
        (Lane.OTHER, "550 5.1.1 <x@example.com>: Recipient address rejected: User unknown", HARD),
        (Lane.OTHER, "smtp; 550 5.1.1 <x@example.com> User unknown", HARD),
        (Lane.OTHER, "host mx.example.com[192.0.2.9] said: 550 no such user (in reply to RCPT TO)", HARD),
        (Lane.OTHER, "550-5.1.1 The email account that you tried to 550 5.1.1 reach does not exist", HARD),
        (Lane.OTHER, "550 5.1.1 <x@example.com>: User unknown in relay recipient table", HARD),
        (Lane.OTHER, "550 5.1.1 <x@example.com>: User unknown in virtual mailbox table", HARD),
        (Lane.OTHER, "SMTP error from remote server after RCPT TO:<x@example.com>: 550 No such user", HARD),
        (Lane.OTHER, "SMTP error from remote server after RCPT TO:<x@example.com>: 450 No such user", SOFT),
        (Lane.OTHER, "550 address rejected: unknown local part", HARD),
        (Lane.OTHER, "550 You have exceeded your sending quota", THROTTLED),
        (Lane.OTHER, "dial tcp 192.0.2.1:587: connection refused", SOFT),
        (Lane.OTHER, "550 Requested action not taken: mailbox unavailable", UNKNOWN),
        (Lane.OTHER, "550 5.1.0 Address rejected", UNKNOWN),
        (Lane.OTHER, "554 Transaction failed", UNKNOWN),
        (Lane.OTHER, "550 rejected", UNKNOWN),
        (Lane.OTHER, "556 5.1.10 Recipient address has null MX", HARD),
        (Lane.OTHER, "450 4.7.1 Error: too much mail from 192.0.2.1", THROTTLED),
        (Lane.OTHER, "421 4.7.0 example.com Error: too many connections from 192.0.2.1", THROTTLED),
        (Lane.OTHER, "452 4.3.1 Insufficient system storage", SOFT),
        (Lane.OTHER, "554 5.7.1 <x@example.com>: Relay access denied", POLICY),
        (Lane.OTHER, "550 5.7.1 <x@example.com>: Sender address rejected: Access denied", POLICY),
        (Lane.OTHER, "550 Sender address domain does not exist", POLICY),
        (Lane.OTHER, "550 Sender verify failed: user unknown", POLICY),
        (Lane.OTHER, "535 Error: authentication failed", POLICY),
        (Lane.OTHER, "550 5.7.1 Message contains a virus", CONTENT),
        (Lane.OTHER, "552 message size exceeds fixed limit", CONTENT),
        (Lane.OTHER, "Bounced Address", HARD),
        (Lane.OTHER, "Spam Content", CONTENT),
        (Lane.OTHER, "Unsubscribed Address", UNKNOWN),
        (Lane.OTHER, "Recipient List over Package Quota", POLICY),
        (Lane.OTHER, "error dialing remote address: dial tcp 192.0.2.1:25: i/o timeout", SOFT),
        (Lane.OTHER, "收件人不存在", HARD),
        (Lane.OTHER, "550 收件人邮箱空间不足", SOFT),
        (Lane.OTHER, "550 超过发信频率限制", THROTTLED),
        (Lane.OTHER, "", UNKNOWN),
        (Lane.OTHER, "no", UNKNOWN),
        # The Chinese providers.
        (Lane.QQ, "550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?id=20022", HARD),
        (Lane.QQ, "550 Mailbox unavailable or access denied", THROTTLED),
        (Lane.QQ, "550 Suspected spam ip", POLICY),
        (Lane.QQ, "550 DMARC check failed", POLICY),
        (Lane.QQ, "550 Ip frequency limited [Mxc0NpD1xRpcY2 IP: 192.0.2.1]", THROTTLED),
        (Lane.NETEASE, "550 User not found: reader@163.com", HARD),
        (Lane.NETEASE, "451 MI:SFQ 163 smtp3,too much mail in 15 minutes", THROTTLED),
        (Lane.NETEASE, "450 RP:DRC 163 smtp3", THROTTLED),
        (Lane.NETEASE, "550 DT:RBL 163 mx2", POLICY),
        (Lane.NETEASE, "550 DT:SPM 163 mx2", CONTENT),
        (Lane.NETEASE, "554 MI:STC 163 mx2", THROTTLED),
        (Lane.SINA, "450 mailbox unavailable.", SOFT),
        (Lane.SINA, "554 rbl deny.", POLICY),
        (Lane.ALIYUN, "552 Daily sending quota exceeded", THROTTLED),
        (Lane.ALIYUN, "550 Mailbox not found", HARD),
        # The others.
        (Lane.GMAIL, "550-5.1.1 The email account that you tried to reach does not exist. - gsmtp", HARD),
        (Lane.GMAIL, "550-5.2.1 The email account that you tried to reach is inactive. - gsmtp", SOFT),
        (Lane.GMAIL, "452-4.2.2 The email account that you tried to reach is over quota. - gsmtp", SOFT),
        (Lane.GMAIL, "550-5.7.28 Gmail has detected an unusual rate of mail - gsmtp", THROTTLED),
        (Lane.GMAIL, "421-4.7.26 This mail has been rate limited because it is unauthenticated", THROTTLED),
        (Lane.GMAIL, "421-4.7.32 Your email has no alignment", POLICY),
        (Lane.GMAIL, "550 5.7.1 This message violates example.com email policy. - gcdp", POLICY),
        (Lane.GMAIL, "421 4.3.0 Temporary System Problem. Try again later", SOFT),
        (
            Lane.OUTLOOK,
            "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)",
            THROTTLED,
        ),
        (Lane.OUTLOOK, "550 SC-001 Mail rejected by Outlook.com for policy reasons", POLICY),
        (Lane.OUTLOOK, "550 5.7.509 Access denied, sending domain does not pass DMARC", POLICY),
        (Lane.OUTLOOK, "552 5.2.2 This message is larger than the mailbox OverQuota", SOFT),
        (Lane.OUTLOOK, "550 5.1.1 mailbox unavailable", HARD),
        (Lane.YAHOO, "554 5.7.9 Message not accepted for policy reasons", POLICY),
        (Lane.YAHOO, "552 1 Requested mail action aborted, mailbox not found", HARD),
        (Lane.YAHOO, "451 mta1.yahoo.com Resources temporarily unavailable [#4.16.1].", THROTTLED),
        (Lane.ICLOUD, "550 5.1.1 <reader@icloud.com>: user does not exist", HARD),
        (Lane.ICLOUD, "450 4.2.2 user is overquota", SOFT),
        (Lane.ICLOUD, "554 5.7.1 [HM08] Message rejected due to local policy", POLICY),
    ],
)
def test_replies_people_have_met_are_understood(lane: Lane, reply: str, meaning: Meaning) -> None:
    assert read(reply, lane=lane) is meaning


@pytest.mark.parametrize(
    ("lane", "reply"),
    [
        (
            Lane.GMAIL,
            "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 "
            "double-checking the recipient's email address for typos or 550-5.1.1 unnecessary spaces. For "
            "more information, go to 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser 41be03b - gsmtp",
        ),
        (
            Lane.OTHER,
            "host mx.example.com[192.0.2.7] said: 550 5.1.1 <x@example.com>: Recipient address rejected: "
            "User unknown in local recipient table (in reply to RCPT TO command)",
        ),
        (
            Lane.OTHER,
            "550 Message was not accepted -- invalid mailbox. Local mailbox x@example.com is unavailable: "
            "user not found",
        ),
        (
            Lane.OTHER,
            "550 5.1.1 <x@example.com>: Recipient address rejected: undeliverable address: host "
            "mx.example.com[192.0.2.7] said: 550 User not found (in reply to RCPT TO command)",
        ),
        (Lane.OTHER, "550 Invalid Recipient - https://community.example.com/docs/DOC-1369#550 [kZ7.us]"),
        (
            Lane.OTHER,
            "554 5.7.1 <x@example.com>: Recipient address rejected: user x@example.com does not exist",
        ),
        (Lane.OTHER, "550 5.7.1 No such user!"),
        (Lane.OTHER, "smtp;550-5.1.1 <x@example.com>... User unknown"),
        (Lane.OTHER, "550 Mailbox not found. https://support.exmail.qq.com?id=20022"),
        (
            Lane.YAHOO,
            "554 delivery error: dd Requested mail action aborted, mailbox not found - mta1.yahoo.com",
        ),
    ],
)
def test_a_missing_mailbox_is_known_however_many_words_it_takes(lane: Lane, reply: str) -> None:
    assert read(reply, lane=lane) is HARD


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 too many invalid recipients, slow down",
        "550 5.1.1 rejected due to poor reputation of 192.0.2.1",
        "550 5.1.1 user unknown: message identified as spam",
        "550 unknown user or blocked by policy",
        "450 4.1.1 user unknown for now",
        "450 user unknown in local recipient table",
        "550 4.1.1 user unknown",
        "451 5.1.1 user unknown",
        "550 5.1.2 Host unknown",
        "550 5.4.4 Host or domain name not found. Name service error for name=example.com type=MX",
        "550 5.2.1 mailbox disabled",
        "550 5.4.1 Recipient address rejected: Access denied",
        "550 your domain does not exist",
        "550 your account does not exist",
        "550 Sender does not exist",
        "550 Requested action not taken: mailbox unavailable",
        "550 no such access",
        "550 <user-unknown@example.com> refused",
        "550 <no.such.user@example.com>: refused",
    ],
)
def test_a_doubtful_reply_is_never_hard(reply: str) -> None:
    assert read(reply) is not HARD


@pytest.mark.parametrize("code", ["550 5.1.1", "550", "5.1.1", "554 5.1.10"])
@pytest.mark.parametrize(
    "besides",
    [
        "rate limit exceeded",
        "frequency limited",
        "too many connections",
        "your address is blocked",
        "listed at zen.spamhaus.org",
        "poor reputation",
        "rejected by policy",
        "relay access denied",
        "message looks like spam",
        "virus found",
        "SPF check failed",
        "try again later",
        "temporarily unavailable",
        "垃圾邮件",
        "发信频率超限",
    ],
)
def test_who_speaks_of_us_is_not_believed_about_the_mailbox(code: str, besides: str) -> None:
    assert read(f"{code} user unknown") is HARD
    assert read(f"{code} user unknown; {besides}") is not HARD


@given(words=st.text(max_size=200), lane=st.sampled_from(Lane))
def test_whatever_comes_is_read(words: str, lane: Lane) -> None:
    assert read(words, lane=lane) in Meaning


@given(
    row=st.sampled_from(ROWS), lane=st.sampled_from(Lane), code=st.integers(420, 499)
)  # 400 and 413 are HTTP's
def test_who_says_for_now_is_never_read_as_for_ever(row: Row, lane: Lane, code: int) -> None:
    without_code = row.example.lstrip("0123456789").lstrip(" -")

    assert read(f"{code} {without_code}", lane=lane) is not HARD


@given(row=st.sampled_from(ROWS))
def test_case_and_line_breaks_change_nothing(row: Row) -> None:
    lane = row.lane or Lane.OTHER

    assert read(row.example.upper(), lane=lane) is row.meaning
    assert read(row.example.replace(" ", "\r\n  "), lane=lane) is row.meaning


def test_words_in_the_wrong_encoding_are_still_read_by_their_code() -> None:
    garbled = b"550 5.1.1 \xd3\xca\xcf\xe4\xb2\xbb\xb4\xe6\xd4\xda".decode("utf-8", "replace")

    assert read(garbled) is HARD
    assert read(garbled.replace("5.1.1 ", "")) is UNKNOWN


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("550 5.1.1 <x@example.com> user unknown", "5.1.1"),
        ("550-5.7.26 Your email 550 5.7.26 was blocked", "5.7.26"),
        ("550 #5.1.0 Address rejected", "5.1.0"),
        ("sorry, no mailbox here by that name (#5.1.1)", "5.1.1"),
        ("250 2.0.0 Ok: queued as 4XyZ", "2.0.0"),
        ("421 4.7.0 [TSS04] deferred - 4.16.55.1", "4.7.0"),
        ("550 rejected by 5.7.1.22", None),
        ("550 refused, 192.5.1.1 is listed", None),
        ("554 Exim 4.94.2 refused", None),
        ("550 <5.1.1@example.com> refused", None),
        ("550 no", None),
    ],
)
def test_the_enhanced_code_is_found_and_an_address_is_none(reply: str, code: str | None) -> None:
    assert enhanced(reply) == code
