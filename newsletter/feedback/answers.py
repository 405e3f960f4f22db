"""What people, and their programs, answer to a newsletter. Pure."""

from __future__ import annotations

import re

from newsletter.feedback.letter import Letter

_AUTOMATIC = re.compile(
    r"(?i)^\s*((auto(matic)?[- ]?(reply|response|antwort)|autoreply|automatisch)|out of (the )?office|"
    r"(i am |i'm )?(on|away on|on annual) (vacation|leave|holiday)|away from|abwesen|absence|"
    r"réponse automatique|"
    r"自动(回复|答复|回覆)|自動回[覆复]|(【|\[)?自动|休假|假期|外出|不在办公室)"
)
_FROM_A_PROGRAM = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Response-From",
    "X-Autoresponder",
    "X-AutoReply-From",
)
_WISH = re.compile(
    r"(?i)\W*(?:please\s+|pls\s+|请|請|我要|我想|帮我|麻烦|申请|要求)*\W*"
    r"(td|t|tt|unsubscribe(\s+me)?|un-?subscribe|remove(\s+me)?|opt[ -]?out|stop|cancel(\s+subscription)?|"
    r"退订|退訂|退定|退阅|取消订阅|取消訂閱|取消|不再订阅|不要再发(了)?|不要再發(了)?|别再发(了)?|不想收到|"
    r"(please\s+)?take me off( (your|the|this) list)?|remove me from (your|the|this) (mailing )?list|"
    r"unsubscribe me from (your|the|this) (mailing )?list)"
    r"(\s*(,|，)?\s*(please|thanks?|thank you|谢谢|多谢|吧|了|本邮件|邮件|此邮件|该邮件))*\W*"
)
_QUOTE = re.compile(
    r"(?m)^\s*(>|-{2,}\s*(original|forwarded|原始|原邮件|转发)|_{5,}|on .{5,120}wrote:|在.{4,80}写道|"
    r"发件人[:：]|from:\s|-{5,}|发自我的|sent from my |---\s*回复)",
    re.IGNORECASE,
)
_LONGEST_WISH = 80


def is_automatic(letter: Letter) -> bool:
    """Say whether a program wrote this: a holiday reply, a receipt, a mailing list (RFC 3834)."""
    submitted = letter.header("Auto-Submitted").strip().lower()
    if submitted and submitted != "no":
        return True
    if any(letter.header(name) for name in _FROM_A_PROGRAM) or letter.header("X-Auto-Response-Suppress"):
        return True
    if letter.header("Precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    if letter.header("List-Id") or letter.header("List-Unsubscribe"):
        return True
    if any(part.kind == "message/disposition-notification" for part in letter.parts):
        return True
    return bool(_AUTOMATIC.match(letter.header("Subject")))


def own_words(letter: Letter) -> str:
    """Return what somebody wrote themselves, without what they quote."""
    text = letter.text.replace("\r\n", "\n")
    quoted = _QUOTE.search(text)
    return (text[: quoted.start()] if quoted else text).strip()


def wants_to_leave(letter: Letter) -> bool:
    """Say whether an answer asks for nothing but to be left alone: 退订, TD, unsubscribe."""
    words = own_words(letter)
    if len(words) <= _LONGEST_WISH and _WISH.fullmatch(words):
        return True
    subject = re.sub(
        r"(?i)^\s*((re|fw|fwd|aw|回复|答复|转发|回覆)\s*[:：]\s*)+", "", letter.header("Subject")
    )
    # The subject of a mail of its own says what it wants; that of an answer is ours.
    is_own = subject == letter.header("Subject").strip()
    return (is_own or not words) and bool(_WISH.fullmatch(subject))
