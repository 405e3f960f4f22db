"""The sender's DNS records, as the doctor found them: without them an edition ends as spam."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark


def sender_dns(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each fault that the doctor found."""
    found = evidence.sender_dns
    for fault in found.faults if found else ():
        yield Remark(
            line=None,
            message_zh=f"发件域名 {found.domain if found else ''} 的 DNS 记录有问题：{fault}",
            message_en=f"The DNS records of {found.domain if found else ''} are wrong: {fault}",
            remedy_zh="请按 newsletter doctor 的提示改好记录，再运行一次",
            remedy_en="Mend the records as `newsletter doctor` says, and run it again",
        )
