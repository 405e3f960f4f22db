"""A plain list: any CSV with a column of addresses, in English or Chinese.

It is believed where it says that somebody left, and refused where a column might say so in a way that
is not understood: an ignored column is how people who left come back.
"""

from __future__ import annotations

from collections.abc import Sequence

from subscribers.transfer.cells import ip_address, moment, tags, truth
from subscribers.transfer.formats.base import ATTRIBUTE, EMAIL, Columns, Format, Parse
from subscribers.transfer.rows import Row, Standing, UnreadableList, Unsaid

IGNORE = "ignore"  # `--map "Bounces=ignore"`

_STATUS = ("status", "state", "状态", "订阅状态")
_GONE = (  # says when, or yes
    "unsubscribed_at",
    "unsubscribed at",
    "unsubscribed",
    "unsubscribe_date",
    "left_at",
    "opted_out",
    "opt_out",
    "退订时间",
    "退订",
)
_WANTED = ("subscribed", "is_subscribed", "is_active", "active", "enabled", "opted_in", "opt_in", "是否订阅")
_CREATED = ("created_at", "created", "subscribed_at", "date", "订阅时间", "创建时间", "注册时间", "加入时间")
_CONFIRMED = ("confirmed_at", "optin_time", "opt_in_time", "confirm_time", "确认时间")
_WORDS = {
    Standing.ACTIVE: "active subscribed confirmed enabled 已订阅 订阅 订阅中 正常 有效 活跃 已确认",
    Standing.PENDING: "pending unconfirmed unactivated 待确认 未确认",
    Standing.LEFT: "left unsubscribed inactive disabled removed deleted opted_out 已退订 退订 取消订阅",
    Standing.BOUNCED: "bounced bounce cleaned undeliverable invalid hard_bounced 退信 无效 已退信",
    Standing.REFUSED: "refused 拒收",
    Standing.BLOCKED: "blocked blocklisted blacklisted suppressed 黑名单 屏蔽",
    Standing.COMPLAINED: "complained complaint spam abuse 投诉 已投诉",
}
STANDINGS = {word: standing for standing, words in _WORDS.items() for word in words.split()}
_SUSPICIOUS = (
    "unsub",
    "opt_out",
    "opt-out",
    "optout",
    "opted",
    "bounce",
    "complain",
    "spam",
    "suppress",
    "block",
    "black",
    "disabled",
    "deleted",
    "退订",
    "退信",
    "投诉",
    "黑名单",
    "屏蔽",
)


def _recognises(_file: str, header: frozenset[str]) -> bool:
    return bool(header.intersection(EMAIL))


def _reader(_file: str, columns: Columns) -> Parse:
    _check_nothing_is_overlooked(columns)
    email, status = columns.email(), columns.place(*_STATUS)
    gone, wanted = columns.at(*_GONE), columns.at(*_WANTED)
    created, confirmed = columns.place(*_CREATED), columns.place(*_CONFIRMED)
    labels, language = columns.place("tags", "labels", "标签"), columns.place("language", "语言")
    ip, attributes = columns.place("ip", "optin_ip", "ip_address"), columns.attributes()
    proof = columns.recorder(*_STATUS, *_GONE, *_WANTED, *_CREATED, *_CONFIRMED)
    has_status = columns.at(*_STATUS) is not None

    def parse(cells: Sequence[str]) -> Row:
        found = [Standing.ACTIVE]
        if has_status:
            word = cells[status].strip().casefold().replace(" ", "_")
            if word not in STANDINGS:
                raise Unsaid(f"status: {word[:20]!r} is not known; give it as one of {', '.join(Standing)}")
            found.append(STANDINGS[word])
        left_at = None
        if gone is not None and cells[gone].strip() and truth(cells[gone]) is not False:
            found.append(Standing.LEFT)
            left_at = moment(cells[gone])
        if wanted is not None and truth(cells[wanted]) is not True:
            if truth(cells[wanted]) is None:
                raise Unsaid(f"{columns.header[wanted]}: neither yes nor no")
            found.append(Standing.LEFT)
        confirmed_at = moment(cells[confirmed])
        return Row(
            email=cells[email],
            standing=max(found, key=lambda one: one.severity),
            language=cells[language].strip() or None,
            tags=tags(cells[labels]),
            attributes=attributes(cells),
            created_at=moment(cells[created]) or confirmed_at,
            confirmed_at=confirmed_at,
            left_at=left_at,
            suppressed_at=left_at,
            ip=ip_address(cells[ip]),
            recorded=proof(cells),
        )

    return parse


def _check_nothing_is_overlooked(columns: Columns) -> None:
    understood = {*_STATUS, *_GONE, *_WANTED}
    read = [columns.at(*names) for names in (_STATUS, _GONE, _WANTED)]
    for at, name in enumerate(columns.header):
        if at in read or name.startswith(ATTRIBUTE):
            continue
        # Of columns that mean the same one is read; a second one could say the opposite.
        if name in understood or any(word in name for word in _SUSPICIOUS):
            raise UnreadableList(
                f"the column {name!r} may say who must not be mailed; "
                f'if it does, say --map "{name}=status", and if it does not, --map "{name}={IGNORE}"'
            )


PLAIN = Format(
    name="plain",
    title="a plain list",
    recognises=_recognises,
    reader=_reader,
    advice="A plain list: everybody in it of whom it does not say otherwise is taken to have agreed, "
    "as --origin says.",
)
