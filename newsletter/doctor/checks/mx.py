"""MX: a sender that cannot get mail is not believed, and bounces have to come back somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.doctor.dns import NoAnswer
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, not_checked, ok

CHECK = "mx"


def look(patient: Patient) -> Iterator[Result]:
    """Look at the domains of senders and of the mailbox for bounces."""
    if patient.is_offline or not patient.sends:
        yield not_checked(
            CHECK, "", "no mail leaves this machine, or --offline", "不对外发信，或使用了 --offline"
        )
        return
    returns = patient.app.settings.mailbox.returns_to.rpartition("@")[2]
    domains = sorted({*patient.domains, returns} - {""})
    for domain in domains:
        try:
            hosts = patient.dns.mx(domain) or (["itself"] if patient.dns.addresses(domain) else [])
        except NoAnswer as error:
            yield not_checked(CHECK, domain, str(error), "DNS 没有应答")
            continue
        if hosts:
            yield ok(CHECK, domain, f"mail to it goes to {hosts[0]}", f"收信服务器：{hosts[0]}")
        else:
            yield bad(
                CHECK,
                domain,
                ("nothing takes mail for it", "没有服务器为它收信"),
                (
                    "add an MX record; answers and bounces come back there",
                    "添加 MX 记录，回信和退信要有地方收",
                ),
            )
