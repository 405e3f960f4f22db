"""What the mailbox providers outside China say. Pure."""

from __future__ import annotations

from newsletter.lanes import Lane
from newsletter.replies.meaning import Meaning, Row, Source

_HARD, _SOFT, _THROTTLED = Meaning.HARD, Meaning.SOFT, Meaning.THROTTLED
_POLICY, _CONTENT, _UNKNOWN = Meaning.POLICY, Meaning.CONTENT, Meaning.UNKNOWN
_DOCUMENTED, _REPORTED, _OURS = Source.DOCUMENTED, Source.REPORTED, Source.OURS

# Google's help page "Gmail SMTP errors and codes".
GMAIL: tuple[Row, ...] = (
    Row(
        lane=Lane.GMAIL,
        hosts=True,
        meaning=_SOFT,
        enhanced=r"[45]\.2\.1",
        words=r"receiving mail|at a rate",
        source=_DOCUMENTED,
        note="one reader gets too much mail, from whomever; the lane need not wait",
        example="450-4.2.1 The user you are trying to contact is receiving mail too quickly. - gsmtp",
    ),
    Row(
        lane=Lane.GMAIL,
        meaning=_SOFT,
        enhanced=r"[45]\.2\.[12]",
        source=_DOCUMENTED,
        note="disabled or over quota; some accounts come back",
        example="552-5.2.2 The email account that you tried to reach is over quota. - gsmtp",
    ),
    Row(
        lane=Lane.GMAIL,
        meaning=_THROTTLED,
        words=r"rate.?limit|unusual rate|peak smtp relay limit|daily .{0,20}quota|sending limit",
        source=_DOCUMENTED,
        example="421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your "
        "421-4.7.28 IP Netblock. To protect our users from spam, mail has been temporarily rate limited. - "
        "gsmtp",
    ),
    Row(
        lane=Lane.GMAIL,
        meaning=_POLICY,
        enhanced=r"[45]\.7\.(2[4-79]|3\d|4\d)",
        source=_DOCUMENTED,
        note="SPF, DKIM, DMARC, TLS, reverse DNS or the rules for bulk senders",
        example="550-5.7.26 Your email has been blocked because the sender is unauthenticated. - gsmtp",
    ),
    Row(
        lane=Lane.GMAIL,
        meaning=_POLICY,
        words=r"reputation|domain policies|dmarc policy|tls required|not in whitelist",
        source=_DOCUMENTED,
        example="550-5.7.1 Gmail has detected that this message is suspicious due to the very low "
        "reputation of 550-5.7.1 the sending domain. - gsmtp",
    ),
    Row(
        lane=Lane.GMAIL,
        meaning=_THROTTLED,
        code="421",
        enhanced=r"4\.7\.[08]|",
        source=_DOCUMENTED,
        note="the way Gmail slows a sender down",
        example="421 4.7.0 Try again later, closing connection. - gsmtp",
    ),
    Row(
        lane=Lane.GMAIL,
        meaning=_CONTENT,
        words=r"likely unsolicited|potential security issue|suspicious|rfc 5322|message exceeded",
        source=_DOCUMENTED,
        example="550-5.7.1 [192.0.2.1 12] Our system has detected that this message is 550-5.7.1 likely "
        "unsolicited mail. - gsmtp",
    ),
)

# Microsoft's sender support for Outlook.com, and the NDR list of Exchange Online.
OUTLOOK: tuple[Row, ...] = (
    Row(
        lane=Lane.OUTLOOK,
        hosts=True,
        meaning=_THROTTLED,
        words=r"\brp-00\d|\bs77\d|server busy|exceeded the (rate|connection) limit|rate limited",
        source=_DOCUMENTED,
        note="too much at once for our standing",
        example="421 RP-001 (COL0-MC1-F13) Unfortunately, some messages from 192.0.2.1 weren't sent. The "
        "mail server IP connecting to Outlook.com server has exceeded the rate limit allowed.",
    ),
    Row(
        lane=Lane.OUTLOOK,
        meaning=_THROTTLED,
        enhanced=r"4\.7\.[56]\d\d",
        source=_DOCUMENTED,
        example="451 4.7.651 The mail server [192.0.2.1] must wait (AS700)",
    ),
    Row(
        lane=Lane.OUTLOOK,
        meaning=_POLICY,
        words=r"\bs31\d\d|\b(sc|dy|ou)-00\d|banned sending ip|block list|access denied, spam abuse",
        source=_DOCUMENTED,
        note="S3140 and S3150: our network is on their block list",
        example="550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your "
        "Internet service provider since part of their network is on our block list (S3150).",
    ),
    Row(
        lane=Lane.OUTLOOK,
        meaning=_POLICY,
        enhanced=r"5\.7\.(5\d\d|6\d\d)",
        source=_DOCUMENTED,
        note="509: DMARC; 511, 606–649: banned; 515: the rules for bulk senders",
        example="550 5.7.515 Access denied, sending domain example.com does not meet the required "
        "authentication level.",
    ),
    Row(
        lane=Lane.OUTLOOK,
        hosts=True,
        meaning=_SOFT,
        words=r"quotaexceeded|overquota|mailbox full|recipient thread limit|storedrv",
        source=_DOCUMENTED,
        example="554 5.2.2 mailbox full; "
        "STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionQuota",
    ),
    Row(
        lane=Lane.OUTLOOK,
        hosts=True,
        meaning=_SOFT,
        enhanced=r"5\.2\.12[123]",
        source=_DOCUMENTED,
        note="the reader gets too much mail, from whomever",
        example="550 5.2.121 RecipientLimit; the recipient has exceeded their limit to receive from this "
        "sender",
    ),
    Row(
        lane=Lane.OUTLOOK,
        meaning=_HARD,
        code="550",
        enhanced=r"5\.5\.0|",
        words=r"action not taken: mailbox unavailable",
        source=_DOCUMENTED,
        note="at Outlook.com this is a mailbox that is not there; RFC 5321 lets others mean many things "
        "by it",
        example="550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
    ),
    Row(
        lane=Lane.OUTLOOK,
        hosts=True,
        meaning=_HARD,
        code="5",
        words=r"recipientnotfound|recipient not found by smtp address lookup",
        source=_DOCUMENTED,
        example="550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    ),
    Row(
        lane=Lane.OUTLOOK,
        hosts=True,
        meaning=_UNKNOWN,
        enhanced=r"5\.4\.1",
        words=r"access denied",
        source=_DOCUMENTED,
        note="no such reader, or a tenant that is set up wrongly: it does not say which",
        example="550 5.4.1 Recipient address rejected: Access denied.",
    ),
)

# Yahoo's Sender Hub, "SMTP error codes"; AOL answers alike.
YAHOO: tuple[Row, ...] = (
    Row(
        lane=Lane.YAHOO,
        meaning=_POLICY,
        words=r"permanently deferred|excessive unknown recipients",
        source=_DOCUMENTED,
        note="a 421 that does not pass by waiting",
        example="421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will "
        "NOT succeed.",
    ),
    Row(
        lane=Lane.YAHOO,
        hosts=True,
        meaning=_THROTTLED,
        words=r"\[tss?\d\d\]|temporarily deferred|resources temporarily unavailable|messages? per connection",
        source=_DOCUMENTED,
        example="421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or "
        "user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
    ),
    Row(
        lane=Lane.YAHOO,
        meaning=_POLICY,
        words=r"\[(bl|ph|tsa?)\d\d\]|policy reasons|vs\d+-(ip|mf)",
        source=_DOCUMENTED,
        example="553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in "
        "Spamhaus's list",
    ),
    Row(
        lane=Lane.YAHOO,
        meaning=_SOFT,
        words=r"mailbox is disabled",
        source=_DOCUMENTED,
        note="some accounts come back",
        example="554 30 Sorry, your message to reader@yahoo.com cannot be delivered. This mailbox is "
        "disabled (554.30).",
    ),
    Row(
        lane=Lane.YAHOO,
        hosts=True,
        meaning=_HARD,
        code="55",
        words=r"delivery error: dd .{0,40}(user doesn.?t have|not a valid recipient)|mailbox not found",
        source=_DOCUMENTED,
        example="554 delivery error: dd This user doesn't have a yahoo.com account (reader@yahoo.com) [0]",
    ),
)

ICLOUD: tuple[Row, ...] = (
    Row(
        lane=Lane.ICLOUD,
        hosts=True,
        meaning=_SOFT,
        words=r"user lookup success|inactive email address",
        source=_REPORTED,
        note="said of living mailboxes for hours in April 2021; a paused address may be opened again",
        example="550 5.1.1 <reader@icloud.com>: user lookup success but no user record found",
    ),
    Row(
        lane=Lane.ICLOUD,
        meaning=_THROTTLED,
        words=r"excessive volume|too many errors",
        source=_REPORTED,
        example="421 4.7.1 Messages to reader@icloud.com deferred due to excessive volume. Try again later",
    ),
    Row(
        lane=Lane.ICLOUD,
        meaning=_THROTTLED,
        enhanced=r"4\.7\.\d+",
        source=_REPORTED,
        note="usual at the full hour, when everybody sends",
        example="451 4.7.1 Service unavailable - try again later",
    ),
    Row(
        lane=Lane.ICLOUD,
        meaning=_POLICY,
        words=r"\[(cs|hm|hme)\d+\]|due to local policy|spamhaus|dmarc policy",
        source=_REPORTED,
        example="550 5.7.1 [CS01] Message rejected due to local policy.",
    ),
)
