"""DMARC: Gmail and Yahoo want a record of everybody who sends to many."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.doctor import records
from newsletter.doctor.dns import NoAnswer
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, both, not_checked, ok, warn

CHECK = "dmarc"


def look(patient: Patient) -> Iterator[Result]:
    """Look at the record of each domain, or of the one above."""
    if patient.is_offline or not patient.sends:
        yield not_checked(
            CHECK, "", "no mail leaves this machine, or --offline", "不对外发信，或使用了 --offline"
        )
        return
    for domain in patient.domains:
        try:
            yield _domain(patient, domain)
        except NoAnswer as error:
            yield not_checked(CHECK, domain, str(error), "DNS 没有应答")


def _domain(patient: Patient, domain: str) -> Result:
    for parent in records.parents(domain):
        found = records.dmarc_of(patient.dns.txt(f"_dmarc.{parent}"))
        if len(found) > 1:
            return bad(
                CHECK,
                parent,
                (
                    f"there are {len(found)} records, and then none counts",
                    f"有 {len(found)} 条记录，这样全部无效",
                ),
                ("leave one", "只保留一条"),
            )
        if found:
            policy = records.tags(found[0]).get("p", "")
            if policy not in ("none", "quarantine", "reject"):
                return bad(
                    CHECK,
                    parent,
                    ("the record has no policy", "记录里没有策略"),
                    both("v=DMARC1; p=none"),
                )
            if policy == "none":
                return warn(
                    CHECK,
                    parent,
                    ("p=none: it is there, and protects nobody", "p=none：有记录，但不起保护作用"),
                    (
                        "once reports show that all of your mail passes, make it p=quarantine",
                        "确认自己的邮件都能通过之后，改为 p=quarantine",
                    ),
                )
            return ok(CHECK, parent, f"p={policy}", f"p={policy}")
    return bad(
        CHECK,
        domain,
        ("there is no record; Gmail and Yahoo want one", "没有 DMARC 记录，Gmail 和 Yahoo 都要求有"),
        (
            f"add the TXT record of _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:…",
            f"为 _dmarc.{domain} 添加 TXT 记录：v=DMARC1; p=none; rua=mailto:…",
        ),
    )
