"""What a bounce says: as RFC 3464 and RFC 6533 have it, or in words, also in Chinese. Pure.

Nothing here decides about a reader: whose copy it was is known from a signed address alone. A failure
whose words are not understood is no proof that a mailbox is gone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from newsletter.feedback.letter import Letter, fields
from newsletter.lanes import lane_of
from newsletter.replies import Meaning, enhanced, read

STATUS = ("message/delivery-status", "message/global-delivery-status")


class Action(StrEnum):
    """What became of the mail, as the server says."""

    FAILED = "failed"
    DELAYED = "delayed"
    FINE = "fine"  # delivered, relayed or expanded


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What one bounce says, put together over its recipients."""

    action: Action
    meaning: Meaning
    words: str


def status_of(letter: Letter) -> Bounce | None:
    """Return what a delivery status says; None: there is none in it."""
    said: list[Bounce] = []
    for part in letter.parts:
        if part.kind in STATUS:
            blocks = re.split(r"\n[ \t]*\n", part.text.replace("\r\n", "\n"))
            said += [bounce for block in blocks if (bounce := _recipient(fields(block)))]
    failed = [bounce for bounce in said if bounce.action is Action.FAILED]
    if failed:
        # One copy went to one reader: whatever their server made of it, a doubt speaks for them.
        return next((bounce for bounce in failed if bounce.meaning is not Meaning.HARD), failed[0])
    return next((bounce for bounce in said if bounce.action is Action.DELAYED), said[0] if said else None)


def _recipient(told: dict[str, str]) -> Bounce | None:
    action = told.get("action", "").split("(")[0].strip().lower()
    if not action and not told.get("status"):
        return None
    status = re.search(r"[245]\.\d{1,3}\.\d{1,3}", told.get("status", ""))
    words = re.sub(r"^\s*(smtp|x-[\w-]+|utf-8)\s*;\s*", "", told.get("diagnostic-code", ""), flags=re.I)
    if status and not enhanced(words):
        words = f"{words} [{status[0]}]".strip()
    domain = told.get("final-recipient", told.get("original-recipient", "")).rpartition("@")[2].casefold()
    meaning = read(words, lane=lane_of(domain.strip(" >")))
    if action in ("delivered", "relayed", "expanded") or (not action and status and status[0][0] == "2"):
        return Bounce(action=Action.FINE, meaning=Meaning.UNKNOWN, words=words)
    if action == "delayed" or (not action and status and status[0][0] == "4"):
        return Bounce(action=Action.DELAYED, meaning=meaning, words=words)
    return Bounce(action=Action.FAILED, meaning=meaning, words=words)


# ---- in words ----

_DAEMON = re.compile(
    r"(?i)^(mailer-?daemon|post-?master|mail-?daemon|mdaemon|mmdf|bounces?|postmast|system|mail ?delivery"
    r"|microsoftexchange[0-9a-f]*|noreply-bounce)(?=@|$)"
)
_SUBJECT = re.compile(
    r"(?i)undeliver|"
    r"delivery (status|failure|failed|has failed|problem|report|notification|incomplete|delayed)|"
    r"(mail|message) (delivery|system)( failed| failure|:)|returned? mail|returned to sender|failure notice|"
    r"failed mail|could not be delivered|non.?delivery|delayed|warning: .*(not|could)|rejected:|"
    r"退信|退回|无法投递|無法投遞|投递失败|传递失败|無法傳遞|无法传递|未送达|未能送达|发送失败|不能送达|投递延迟|延迟"
)
_DELAY = re.compile(
    r"(?i)delay|will (keep|continue|be) (trying|retr)|still trying|not a fatal|warning message only|"
    r"继续尝试|稍后.{0,6}重试|延迟|無需重新|无需重新发送"
)
_GIVEN_UP = re.compile(
    r"(?i)permanent|given up|giving up|fatal error|has failed|failed permanently|停止|放弃|最终"
)
_HARD = re.compile(
    r"(?i)(no such (user|mailbox|person|recipient)|user (is )?unknown|unknown (user|recipient|mailbox)|"
    r"(mailbox|user|recipient|account|address)\b.{0,60}"
    r"(does(n't| not) exist|(wasn't|was not|couldn't be|could not be) found|not found)|"
    r"no mailbox here|invalid recipient|"
    r"mailbox (name )?(invalid|unavailable.{0,20}not exist)|"
    r"(用户|收件人|收件者|邮箱|信箱|帐号|账号|地址|帳號|郵箱).{0,12}(不存在|无效|未找到|找不到|不正确|有误|無效)|"
    r"(找不到|不存在|無此|无此|没有).{0,8}(用户|收件人|邮箱|帐号|账号|收件者|使用者))"
)
_SAYS_WHY = re.compile(
    r"(?i)^.{0,200}?(\b[45]\d\d[ -]|\b[45]\.\d{1,3}\.\d{1,3}\b|said:|退信原因|失败原因|错误信息|原因|reason|"
    r"diagnostic).*$"
)
_COPY_BEGINS = re.compile(
    r"(?im)^-{2,}.{0,40}(below|copy|original|原邮件|原始邮件).{0,60}$|^-{3,} ?(the )?(body|header|returned)"
    r"|^received: from |^return-path: "
)


def looks_returned(letter: Letter) -> bool:
    """Say whether a mail without a delivery status looks like a bounce all the same."""
    is_daemon = bool(_DAEMON.match(letter.sender)) or letter.header("Return-Path").strip() == "<>"
    return bool(_SUBJECT.search(letter.header("Subject"))) and (
        is_daemon or bool(letter.header("X-Failed-Recipients") or letter.header("Auto-Submitted"))
    )


def words_of(letter: Letter) -> Bounce:
    """Return what a bounce in plain words says."""
    text = letter.text
    begins = _COPY_BEGINS.search(text)
    own = text[: begins.start()] if begins else text
    own = own.strip() or text
    about_us = [line.strip() for line in own.splitlines() if line.strip()]
    domain = re.search(r"@([\w.-]+\.\w+)", letter.header("X-Failed-Recipients") or own)
    lane = lane_of(domain[1].casefold()) if domain else lane_of("")
    reasons = [line for line in about_us if _SAYS_WHY.match(line)]
    meaning, words = Meaning.UNKNOWN, " ".join(reasons[:3] or about_us[:6])[:500]
    for line in [*reasons, words]:
        found = read(_from_code(line), lane=lane)
        if found is not Meaning.UNKNOWN:
            meaning, words = found, line[:500]
            break
    if meaning is Meaning.UNKNOWN and _HARD.search(own) and not _speaks_of_us(own):
        meaning = Meaning.HARD
    is_delay = bool(_DELAY.search(f"{letter.header('Subject')}\n{own}")) and not _GIVEN_UP.search(own)
    if is_delay and meaning is not Meaning.HARD:
        return Bounce(action=Action.DELAYED, meaning=meaning, words=words)
    return Bounce(action=Action.FAILED, meaning=meaning, words=words)


def _from_code(line: str) -> str:
    """Return a line from its reply code on, so that it is read as the reply it quotes."""
    found = re.search(r"(?<![\d.])[45]\d\d(?=[ -])", line)
    return line[found.start() :] if found else line


def _speaks_of_us(text: str) -> bool:
    """Say whether the words are about who sends, which takes away the certainty."""
    return bool(
        re.search(r"(?i)spam|blocked|policy|frequen|reputation|black ?list|垃圾|频率|拒收|黑名单", text)
    )
