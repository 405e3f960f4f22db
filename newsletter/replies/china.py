"""What the Chinese mailbox providers say. Pure.

They answer 550 where others answer 421: read by the rule "5 is for ever", one morning at QQ would
cost thousands of readers.
"""

from __future__ import annotations

from newsletter.lanes import Lane
from newsletter.replies.meaning import Meaning, Row, Source

_HARD, _SOFT, _THROTTLED = Meaning.HARD, Meaning.SOFT, Meaning.THROTTLED
_POLICY, _CONTENT, _UNKNOWN = Meaning.POLICY, Meaning.CONTENT, Meaning.UNKNOWN
_DOCUMENTED, _REPORTED, _OURS = Source.DOCUMENTED, Source.REPORTED, Source.OURS

# Tencent's help pages on returned mail (service.mail.qq.com, detail/122).
QQ: tuple[Row, ...] = (
    Row(
        lane=Lane.QQ,
        hosts=True,
        meaning=_THROTTLED,
        words=r"(domain|ip|sender|connection|mail|recipient) frequency (is )?limited",
        source=_DOCUMENTED,
        note="limits by the minute, the hour and the day, all secret",
        example="550 Domain frequency limited. http://service.mail.qq.com/cgi-bin/help?id=20022",
    ),
    Row(
        lane=Lane.QQ,
        hosts=True,
        meaning=_THROTTLED,
        words=r"mailbox unavailable or access den",
        source=_DOCUMENTED,
        note="the reader got much mail just now; only as a throttle does a 550 come back to be tried again",
        example="550 Mailbox unavailable or access denined",
    ),
    Row(
        lane=Lane.QQ,
        meaning=_THROTTLED,
        words=r"connection denied",
        source=_REPORTED,
        note="senders wait two hours after it",
        example="550 Connection denied http://service.mail.qq.com/detail/122/170",
    ),
    Row(
        lane=Lane.QQ,
        meaning=_HARD,
        code="550",
        words=r"mailbox not found",
        source=_DOCUMENTED,
        example="550 Mailbox not found. http://service.mail.qq.com/detail/122/169",
    ),
    Row(
        lane=Lane.QQ,
        hosts=True,
        meaning=_SOFT,
        words=r"deactivated mailbox",
        source=_REPORTED,
        note="the account is there and may be used again",
        example="550 <reader@qq.com> is a deactivated mailbox",
    ),
    Row(
        lane=Lane.QQ,
        hosts=True,
        meaning=_CONTENT,
        words=r"mail content denied|content rejected|spam is embedded",
        source=_DOCUMENTED,
        example="550 Mail content denied. http://service.mail.qq.com/detail/122/171",
    ),
    Row(
        lane=Lane.QQ,
        hosts=True,
        meaning=_POLICY,
        words=r"suspected (bounce attacks|spam)",
        source=_DOCUMENTED,
        note="our address, domain or server is thought to send spam",
        example="550 Suspected bounce attacks http://service.mail.qq.com/detail/122/57",
    ),
    Row(
        lane=Lane.QQ,
        hosts=True,
        meaning=_POLICY,
        words=r"(spf|dkim|dmarc) check failed|domain may not exist",
        source=_DOCUMENTED,
        note="the domain is ours, not the reader's",
        example="550 Domain may not exist or DNS check failed",
    ),
    Row(
        lane=Lane.QQ,
        hosts=True,
        meaning=_POLICY,
        words=r"rejected by recipients?",
        source=_DOCUMENTED,
        note="the reader's own filter; the mailbox is there",
        example="550 Mail is rejected by recipients",
    ),
    Row(
        lane=Lane.QQ,
        meaning=_UNKNOWN,
        words=r"bad address syntax",
        source=_DOCUMENTED,
        note="it does not say whose address",
        example="501 Bad address syntax. http://service.mail.qq.com/detail/122/167",
    ),
)

# NetEase's own table of return codes. The letters before the colon say at which step of the dialogue,
# those after it why.
NETEASE: tuple[Row, ...] = (
    Row(
        lane=Lane.NETEASE,
        hosts=True,
        meaning=_THROTTLED,
        words=r"\bhl:(icc|ifc|rep|itc|ifq)",
        source=_DOCUMENTED,
        note="too many connections, too much mail, or too many unknown readers from one IP; shut out for now",
        example="421 HL:ICC 163 mx01,T8CowACX 1.2.3.4",
    ),
    Row(
        lane=Lane.NETEASE,
        hosts=True,
        meaning=_THROTTLED,
        words=r"\b(mi|rp):(dmc|drc|ccl|cel|sfq|qrc|stc|trc|rcl)",
        source=_DOCUMENTED,
        note="too many mails or readers in one connection, in 15 minutes (SFQ, QRC) or in a day (STC, TRC)",
        example="450 MI:DMC 163 smtp10,too many mails in one connection",
    ),
    Row(
        lane=Lane.NETEASE,
        hosts=True,
        meaning=_THROTTLED,
        code="4",
        words=r"\bdt:spm",
        source=_DOCUMENTED,
        note="keep the queue and come again after two minutes",
        example="451 DT:SPM 163 mx12,please try again",
    ),
    Row(
        lane=Lane.NETEASE,
        hosts=True,
        meaning=_CONTENT,
        words=r"\bdt:spm",
        source=_DOCUMENTED,
        example="554 DT:SPM 163 mx3,QMCowAD 1700000000 http://mail.163.com/help/help_spam_16.htm",
    ),
    Row(
        lane=Lane.NETEASE,
        hosts=True,
        meaning=_POLICY,
        words=r"\b(dt:(rbl|sum)|wm:bl[iu]|hl:(ihu|ipb|mep|hep|chk)|mi:(nhd|imf|spf|dma|spb|ipb)|rp:frl)",
        source=_DOCUMENTED,
        note="on a block list, an empty HELO, a forged or unproven sender",
        example="550 MI:NHD 163 mx5,HELO is empty",
    ),
    Row(
        lane=Lane.NETEASE,
        meaning=_POLICY,
        words=r"user in blacklist|ip (is|in) (rejected|blacklist)|null sender|no smtp mx only|local user "
        "only",
        source=_DOCUMENTED,
        note="the user of 'User in blacklist' is the sender",
        example="550 User in blacklist",
    ),
    Row(
        lane=Lane.NETEASE,
        meaning=_SOFT,
        words=r"user suspended",
        source=_DOCUMENTED,
        note="disabled or frozen; some come back",
        example="550 User suspended: reader@163.com",
    ),
    Row(
        lane=Lane.NETEASE,
        meaning=_HARD,
        code="550",
        words=r"invalid user|user not found",
        source=_DOCUMENTED,
        example="550 Invalid User: reader@163.com",
    ),
)

SINA: tuple[Row, ...] = (
    Row(
        lane=Lane.SINA,
        meaning=_HARD,
        code="550",
        words=r"mailbox unavailable",
        source=_DOCUMENTED,
        note="Sina's list says of it 'there is no such mailbox'; others mean many things by it",
        example="550 mailbox unavailable.",
    ),
    Row(
        lane=Lane.SINA,
        meaning=_SOFT,
        words=r"user is locked",
        source=_DOCUMENTED,
        example="550 user is locked.",
    ),
    Row(
        lane=Lane.SINA,
        meaning=_THROTTLED,
        words=r"too many same size mails|out of allow rcpt numbers",
        source=_DOCUMENTED,
        note="every copy of an edition has nearly the same size",
        example="552 too many same size mails.",
    ),
    Row(
        lane=Lane.SINA,
        meaning=_CONTENT,
        words=r"anti-spam engine|virus found|message is too long",
        source=_DOCUMENTED,
        example="552 message rejected by anti-spam engine.",
    ),
    Row(
        lane=Lane.SINA,
        meaning=_POLICY,
        words=r"black (ip|mail address)|rbl deny|openrelay check|host denies|mail from invalid|"
        r"sender is unvalidated|helohost error|remote ip check error|smtpport check error",
        source=_DOCUMENTED,
        example="556 remote ip check error.",
    ),
    Row(
        lane=Lane.SINA,
        meaning=_UNKNOWN,
        enhanced=r"5\.1\.0",
        words=r"address rejected",
        source=_REPORTED,
        note="also said to senders it does not like",
        example="550 #5.1.0 Address rejected.",
    ),
)

ALIYUN: tuple[Row, ...] = (
    Row(
        lane=Lane.ALIYUN,
        meaning=_THROTTLED,
        words=r"rcpt(s| attempts) is achieved the maximum",
        source=_DOCUMENTED,
        example="505 the total of RCPTs is achieved the maximum threshold",
    ),
    Row(
        lane=Lane.ALIYUN,
        meaning=_CONTENT,
        words=r"local spam engine|(data content|attach\w*) is achieved the maximum",
        source=_DOCUMENTED,
        example="554 spamed by local spam engine",
    ),
    Row(
        lane=Lane.ALIYUN,
        hosts=True,
        meaning=_POLICY,
        words=r"reject by behaviou?r spam|mailfrom account is a local account",
        source=_DOCUMENTED,
        example="554 Reject by behaviour spam at Mail From Stage",
    ),
    Row(
        lane=Lane.ALIYUN,
        meaning=_HARD,
        code="5",
        words=r"rcptto account isn.?t a local account",
        source=_DOCUMENTED,
        note="in our lane the domain is Aliyun's own, so it is the mailbox that is not there",
        example="503 Rcptto account isn't a local account",
    ),
)
