"""What replies mean whoever says them. Pure.

``RELAYS`` is what the servers in between say of our account with them, whoever the reader is.
``EXACT`` are status codes with one meaning, ``WORDS`` what servers say, ``BROAD`` what is left when
neither is there. Among the words those about us come before those about the reader: a reply that
speaks of spam *and* of a mailbox is no proof that the mailbox is gone.
"""

from __future__ import annotations

from newsletter.replies.meaning import Meaning, Row, Source

_HARD, _SOFT, _THROTTLED = Meaning.HARD, Meaning.SOFT, Meaning.THROTTLED
_POLICY, _CONTENT, _UNKNOWN = Meaning.POLICY, Meaning.CONTENT, Meaning.UNKNOWN
_DOCUMENTED, _REPORTED, _OURS = Source.DOCUMENTED, Source.REPORTED, Source.OURS

# Words about us, in whatever code they come: they take away the certainty of "no such mailbox".
_RATE = (
    r"rate[- ]?limit|frequency|throttl|too (many|much) (connection|concurrent|message|mail|email|recipient|"
    r"error|command|session)|too (fast|quickly|frequent)|slow down|sending (rate|quota|limit)|"
    r"(daily|hourly|monthly) .{0,20}(quota|limit)|(limit|quota) .{0,20}per (second|minute|hour|day)|"
    r"(message|mail|connection|sender|volume)s? (rate|quota|limit)|concurren|excessive volume|"
    r"发信频率|发送频率|频率(过|超|受)|超过.{0,8}(每|当)(分钟|小时|天|日)"
)
_STANDING = (
    r"\byour (account|domain|address|mailbox|server|ip|host|network)|"
    r"block ?list|black ?list|deny ?list|\brbl\b|dnsbl|spamhaus|spamcop|barracuda|reputation|"
    r"\bblocked\b|\bbanned\b|\bpolicy|policies|unauthenticated|authenticat|\bspf\b|\bdkim\b|\bdmarc\b|"
    r"reverse (dns|lookup|hostname)|no ptr|relay(ing)? (access )?(is )?(denied|not)|(not|to) relay|"
    r"\bhelo\b|\behlo\b|client host rejected|access denied|"
    r"not (allowed|authori[sz]ed|permitted|accepted from)|forbidden|prohibited|"
    r"(sender|return path|mail from|from) (address |domain )?.{0,20}(reject|denied|not exist|not found|"
    r"invalid|unknown|verif)|(invalid|unknown|bad) sender|rejected by (the )?recipient|黑名单|拒收|信誉"
)
_MESSAGE = (
    r"\bspam|virus|malware|phish|content|attachment|message (is )?too (large|big|long)|"
    r"(message|maximum|mail) ?size|size limit|too large|suspicious|unsolicited|垃圾邮件|内容|过大"
)

RELAYS: tuple[Row, ...] = (
    Row(
        meaning=_THROTTLED,
        words=r"(sending|sender|outbound|daily|hourly|monthly) .{0,20}(quota|limit)|not enough sending quota|"
        r"maximum credits exceeded",
        source=_DOCUMENTED,
        note="Aliyun DirectMail's and SendGrid's words for a used-up quota: it is ours, not the reader's",
        example="552 Daily sending quota exceeded",
    ),
    Row(
        meaning=_POLICY,
        words=r"main account unavailable|account (is )?under review|over package quota",
        source=_DOCUMENTED,
        example="551 Main account unavailable",
    ),
    Row(
        meaning=_CONTENT,
        words=r"reject by content spam|^spam content$|invalid smtpapi header",
        source=_DOCUMENTED,
        example="554 Reject by content spam",
    ),
    Row(
        meaning=_UNKNOWN,
        words=r"invalid rcptto",
        source=_DOCUMENTED,
        note="on a list of DirectMail's own, which we cannot see",
        example="559 Invalid rcptto",
    ),
    Row(
        meaning=_HARD,
        words=r"^(bounced address|invalid)$",
        source=_DOCUMENTED,
        note="SendGrid drops what bounced there before, or what is no address",
        example="Bounced Address",
    ),
    Row(
        meaning=_HARD,
        words=r"does not contain a valid address\W+personalizations\.\d+\.to\b",
        source=_DOCUMENTED,
        note="SendGrid refuses what cannot be an address, over HTTP",
        example="400 Does not contain a valid address. (personalizations.7.to.0.email)",
    ),
    Row(
        meaning=_CONTENT,
        words=r"^413\b",
        source=_DOCUMENTED,
        note="of HTTP: what we post to SendGrid is too large",
        example="413",
    ),
    Row(
        meaning=_UNKNOWN,
        words=r"^400 .*\(personalizations\.",
        source=_OURS,
        note="SendGrid finds fault with what we fill in for one reader: nothing about their mailbox",
        example="400 Bad Request (personalizations.3.custom_args)",
    ),
)

EXACT: tuple[Row, ...] = (
    Row(
        meaning=_SOFT,
        enhanced=r"5\.1\.([0-6]|10)",
        words=r"temporar|try (again )?later|for now",
        source=_OURS,
        example="550 5.1.1 mailbox temporarily unavailable",
    ),
    # A reply that speaks of us is about us, even beside a code for a missing mailbox.
    Row(
        meaning=_THROTTLED,
        enhanced=r"5\.1\.([0-6]|10)",
        words=_RATE,
        source=_OURS,
        example="550 5.1.1 <x@example.com> too many messages from your host",
    ),
    Row(
        meaning=_POLICY,
        enhanced=r"5\.1\.([0-6]|10)",
        words=_STANDING,
        source=_OURS,
        note="Office 365 says 5.4.1 or 5.1.1 with 'Access denied' for missing readers and for us alike",
        example="550 5.1.1 <x@example.com> rejected, you are on our blocklist",
    ),
    Row(
        meaning=_CONTENT,
        enhanced=r"5\.1\.([0-6]|10)",
        words=_MESSAGE,
        source=_OURS,
        example="550 5.1.1 <x@example.com> message looks like spam",
    ),
    Row(
        meaning=_HARD,
        enhanced=r"5\.1\.(1|3|6|10)",
        source=_DOCUMENTED,
        note="RFC 3463: no such mailbox, no address, moved; RFC 7505: a domain that takes no mail",
        example="550 5.1.1 <x@example.com> user unknown",
    ),
    Row(
        meaning=_HARD,
        enhanced=r"5\.7\.1[78]",
        source=_DOCUMENTED,
        note="RFC 7293: the mailbox or the domain belongs to somebody else now",
        example="550 5.7.17 Mailbox owner has changed",
    ),
    Row(
        meaning=_SOFT,
        enhanced=r"5\.(1\.2|4\.4)",
        source=_OURS,
        note="a domain that cannot be found is often back after days; many refusals in a row still count",
        example="550 5.1.2 Host unknown",
    ),
    Row(
        meaning=_SOFT,
        enhanced=r"[45]\.2\.[0124]",
        source=_DOCUMENTED,
        note="RFC 3463: disabled, full. Some accounts come back, so neither is hard",
        example="552 5.2.2 Over quota",
    ),
    Row(
        meaning=_CONTENT,
        enhanced=r"5\.(2\.3|3\.4|6\.\d+)",
        source=_DOCUMENTED,
        note="RFC 3463: the message is too large, or its form is not taken",
        example="552 5.3.4 Message too big for system",
    ),
    Row(
        meaning=_POLICY,
        enhanced=r"[45]\.1\.[789]",
        source=_DOCUMENTED,
        note="RFC 3463, 5248: our own address is the bad one",
        example="550 5.1.8 Sender address rejected: Domain not found",
    ),
    Row(
        meaning=_THROTTLED,
        enhanced=r"[45]\.7\.28",
        source=_DOCUMENTED,
        note="registered as 'mail flood detected'",
        example="421 4.7.28 Mail flood detected",
    ),
    Row(
        meaning=_POLICY,
        enhanced=r"[45]\.7\.2\d",
        source=_DOCUMENTED,
        note="RFC 7372, 7505: SPF, DKIM, reverse DNS or our own null MX",
        example="550 5.7.25 Reverse DNS validation failed",
    ),
    Row(
        meaning=_POLICY,
        enhanced=r"[45]\.7\.(8|9|1[1-6])",
        source=_DOCUMENTED,
        note="RFC 5248: the relay does not know us",
        example="535 5.7.8 Authentication credentials invalid",
    ),
)

WORDS: tuple[Row, ...] = (
    Row(
        meaning=_SOFT,
        words=r"gr[ea]ylist|gr[ea]y-list",
        source=_REPORTED,
        note="one server makes everybody wait; the lane must not wait for it",
        example="450 4.7.1 Greylisted, please try again in 300 seconds",
    ),
    Row(
        meaning=_SOFT,
        words=r"(receiving|received) (mail|messages|a large number).{0,40}(too quickly|rate|short)",
        source=_REPORTED,
        note="one reader's mailbox, not us",
        example="450 User is receiving mail too quickly",
    ),
    Row(
        meaning=_SOFT,
        words=r"over ?quota|mailbox .{0,20}full|quota.{0,30}(exceeded|full)|exceed.{0,30}(quota|storage)|"
        r"(mailbox|user|disk|recipient).{0,20}quota|insufficient .{0,10}(storage|space)|storage allocation|"
        r"no space left|not enough space|空间不足|邮箱已满|已满",
        source=_REPORTED,
        example="552 Requested mail action aborted: exceeded storage allocation",
    ),
    Row(meaning=_THROTTLED, words=_RATE, source=_OURS, example="550 Sending rate exceeded, slow down"),
    Row(
        meaning=_POLICY,
        words=_STANDING,
        source=_OURS,
        example="554 Service unavailable; client host blocked using zen.spamhaus.org",
    ),
    Row(meaning=_CONTENT, words=_MESSAGE, source=_OURS, example="554 Message rejected as spam"),
    Row(
        meaning=_SOFT,
        words=r"(account|mailbox|user|recipient).{0,30}(disabled|suspended|inactive|locked|deactivated)|"
        r"(disabled|suspended|inactive|locked) (account|mailbox|user|recipient)|冻结|停用|禁用",
        source=_OURS,
        note="some accounts come back",
        example="550 This mailbox is disabled",
    ),
    Row(
        meaning=_SOFT,
        words=r"try (again )?later|temporar|timed? ?out|connection (refused|reset|closed|dropped)|"
        r"(host|domain|mx).{0,30}not found|unable to (get mx|connect)|no route to host|unreachable",
        source=_OURS,
        note="neither the network nor a name server says anything about a mailbox",
        example="unable to get mx info: failed to get IPs from PTR record",
    ),
    Row(
        meaning=_HARD,
        words=r"user unknown|unknown (user|recipient|mailbox|local|account)|"
        r"no such (user|mailbox|recipient|account|person|address|local|email)|"
        r"(user|mailbox|recipient|account|e-?mail address)( name| address)?( is| was|,)? "
        r"not (be )?(found|exist|known)|"
        r"(user|mailbox|recipient|account|address)( name)? (does ?n[o'’]t|does not|do not|doesnt) exist|"
        r"(user|mailbox|recipient|account|address) unknown|invalid (user|recipient|mailbox)|"
        r"not a (valid|known) (user|mailbox|recipient)|"
        r"(could|can)( ?not|'t) find (the |that )?(user|mailbox|recipient)|"
        r"(用户|邮箱|收件人|帐号|账号|账户).{0,4}不存在|不存在.{0,3}(用户|邮箱|收件人)",
        source=_OURS,
        example="550 No such user here",
    ),
)

BROAD: tuple[Row, ...] = (
    Row(
        meaning=_SOFT,
        enhanced=r"[45]\.3\.[0125]|4\..*|5\.4\.\d+",
        source=_DOCUMENTED,
        note="RFC 3463: their system is full or away, or no way there was found in time",
        example="554 5.4.7 Delivery time expired",
    ),
    Row(
        meaning=_POLICY,
        enhanced=r"5\.7\..*",
        source=_DOCUMENTED,
        note="RFC 3463: security or policy",
        example="554 5.7.1 Denied",
    ),
    Row(
        meaning=_POLICY,
        code="53",
        source=_DOCUMENTED,
        note="RFC 4954",
        example="530 Must issue a STARTTLS command first",
    ),
    Row(
        meaning=_SOFT, code="4", source=_DOCUMENTED, note="RFC 5321", example="451 Local error in processing"
    ),
)
