"""PTR: where this machine's own server hands mail over, its address must have a name that leads back."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from newsletter.doctor.dns import NoAnswer
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, not_checked, ok, warn

CHECK = "ptr"
_HERE = ("localhost", "127.0.0.1", "::1")


def look(patient: Patient) -> Iterator[Result]:
    """Look at the addresses of our SMTP servers that are machines of ours."""
    if patient.is_offline or not patient.by_smtp:
        yield not_checked(
            CHECK, "", "mail leaves by a provider, or --offline", "由服务商发出，或使用了 --offline"
        )
        return
    hosts = {server.host for server in patient.app.settings.transport.smtp.servers}
    for host in sorted(hosts):
        name = socket.getfqdn() if host in _HERE else host
        if host not in _HERE and not any(host.endswith(domain) for domain in patient.domains):
            yield not_checked(
                CHECK, host, "it is a provider's: that is their affair", "是服务商的服务器，由对方负责"
            )
            continue
        try:
            yield from _addresses(patient, name)
        except NoAnswer as error:
            yield not_checked(CHECK, name, str(error), "DNS 没有应答")


def _addresses(patient: Patient, name: str) -> Iterator[Result]:
    addresses = patient.dns.addresses(name)
    if not addresses:
        yield not_checked(CHECK, name, "its name has no address in the DNS", "主机名在 DNS 里没有地址")
    for ip in addresses:
        names = patient.dns.names_of(ip)
        if any(ip in patient.dns.addresses(each) for each in names):
            yield ok(CHECK, ip, f"its name is {names[0]}", f"反向解析为 {names[0]}")
        else:
            yield warn(
                CHECK,
                ip,
                (
                    "its name does not lead back to it; Gmail refuses such servers",
                    "没有可用的反向解析，Gmail 会拒收",
                ),
                (
                    f"ask whoever gives you the address to set its PTR to {name}",
                    f"请让云服务商把反向解析设为 {name}",
                ),
            )
