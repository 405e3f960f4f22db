"""SPF: one record, that does not ask too much, and lets our way out send."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.doctor import records
from newsletter.doctor.dns import NoAnswer
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, not_checked, ok, warn

CHECK = "spf"
SENDGRID = "sendgrid.net"


def look(patient: Patient) -> Iterator[Result]:
    """Look at the record of every sender's domain."""
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
    found = records.spf_of(patient.dns.txt(domain))
    advice = "v=spf1 include:sendgrid.net ~all" if patient.by_sendgrid else "v=spf1 a mx ~all"
    if not found:
        if patient.by_sendgrid:  # its own return path carries SPF for it (authenticated domain)
            return warn(
                CHECK,
                domain,
                ("there is no SPF record", "没有 SPF 记录"),
                (f"add the TXT record: {advice}", f"添加 TXT 记录：{advice}"),
            )
        return bad(
            CHECK,
            domain,
            ("there is no SPF record", "没有 SPF 记录"),
            (f"add a TXT record such as: {advice}", f"添加 TXT 记录，例如：{advice}"),
        )
    if len(found) > 1:
        return bad(
            CHECK,
            domain,
            (
                f"there are {len(found)} SPF records, and then none counts",
                f"有 {len(found)} 条 SPF 记录，这样全部无效",
            ),
            ("put them together into one", "请合并成一条"),
        )
    questions = _questions(patient, found[0], set())
    if questions > records.MOST_LOOKUPS:
        return bad(
            CHECK,
            domain,
            (
                f"it leads to {questions} questions, and 10 are allowed",
                f"需要 {questions} 次 DNS 查询，上限是 10 次",
            ),
            ("take includes out", "请减少 include"),
        )
    if records.ends_with(found[0]) == "+all":
        return bad(
            CHECK,
            domain,
            ("it ends with +all: anybody may send as you", "以 +all 结尾：任何人都能冒充你发信"),
            ("end it with ~all or -all", "改为 ~all 或 -all"),
        )
    return ok(CHECK, domain, f"one record, {questions} questions", f"一条记录，{questions} 次查询")


def _questions(patient: Patient, record: str, seen: set[str]) -> int:
    count = records.asks(record)
    for domain in records.includes(record):
        if domain in seen or len(seen) > 2 * records.MOST_LOOKUPS:
            continue
        seen.add(domain)
        for further in records.spf_of(patient.dns.txt(domain))[:1]:
            count += _questions(patient, further, seen)
    return count
