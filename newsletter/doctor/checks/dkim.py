"""DKIM: every key we sign with stands in the DNS, as it is."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.doctor import records
from newsletter.doctor.dns import NoAnswer
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, both, not_checked, ok, warn
from newsletter.errors import ConfigError
from newsletter.transports import dkim as keys

CHECK = "dkim"


def look(patient: Patient) -> Iterator[Result]:
    """Look at each selector."""
    if patient.is_offline or not patient.sends:
        yield not_checked(
            CHECK, "", "no mail leaves this machine, or --offline", "不对外发信，或使用了 --offline"
        )
        return
    if patient.by_sendgrid:
        yield from _sendgrid(patient)
        return
    signed = patient.app.settings.transport.smtp.dkim
    for domain in patient.domains:
        if not any(
            domain == one.domain.lower() or domain.endswith(f".{one.domain.lower()}") for one in signed
        ):
            yield warn(
                CHECK,
                domain,
                ("we do not sign its mail; does the server?", "我们没有给它签名；请确认发信服务器会签"),
                both(f"newsletter dkim new --domain {domain} --selector n{patient.now:%Y}"),
            )
    for one in signed:
        try:
            key = keys.load(one.key, domain=one.domain, selector=one.selector)
            yield _compared(patient, key)
        except ConfigError as error:
            yield bad(CHECK, one.selector, (str(error), "DKIM 私钥读不到"), both("newsletter dkim new"))
        except NoAnswer as error:
            yield not_checked(CHECK, one.selector, str(error), "DNS 没有应答")


def _compared(patient: Patient, key: keys.Key) -> Result:
    found = [tags for text in patient.dns.txt(key.name) if "p" in (tags := records.tags(text))]
    if not found:
        return bad(
            CHECK,
            key.name,
            ("the record is not there", "DNS 里没有这条记录"),
            (f"add the TXT record: {key.record}", f"添加 TXT 记录：{key.record}"),
        )
    if found[0]["p"] == key.public:
        return ok(CHECK, key.name, "it is our key", "与我们的密钥一致")
    return bad(
        CHECK,
        key.name,
        ("the record is another key's: every signature fails", "记录与我们的密钥不一致：签名全部无效"),
        (f"replace it with: {key.record}", f"改为：{key.record}"),
    )


def _sendgrid(patient: Patient) -> Iterator[Result]:
    """Look for the names that SendGrid's authenticated domains use (s1 and s2)."""
    for domain in patient.domains:
        try:
            names = [
                f"{selector}._domainkey.{parent}"
                for parent in records.parents(domain)
                for selector in ("s1", "s2")
            ]
            there = [name for name in names if any("p=" in text for text in patient.dns.txt(name))]
        except NoAnswer as error:
            yield not_checked(CHECK, domain, str(error), "DNS 没有应答")
            continue
        if there:
            yield ok(CHECK, there[0], "SendGrid's key is there", "SendGrid 的密钥记录存在")
        else:
            yield warn(
                CHECK,
                domain,
                ("neither s1 nor s2 of SendGrid is there", "没有找到 SendGrid 的 s1、s2 记录"),
                (
                    "authenticate the domain at SendGrid (Sender Authentication)",
                    "请在 SendGrid 完成域名验证（Sender Authentication）",
                ),
            )
