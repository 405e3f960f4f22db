"""Asking the DNS: the door to dnspython. It may be pointed at another name server, in tests above all."""

from __future__ import annotations

import dns.exception
import dns.resolver
import dns.reversename

from newsletter.errors import ConfigError, NewsletterError

SECONDS = 5.0  # for one question


class NoAnswer(NewsletterError):
    """The DNS could not be asked, so nothing is known. Try again, or ask another server."""


class Dns:
    """One resolver."""

    def __init__(self, server: str = "") -> None:
        """Ask ``server`` (``192.0.2.1`` or ``192.0.2.1:5353``), or the one of this machine."""
        host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
        try:
            self._resolver = dns.resolver.Resolver(configure=not server)
            if server:
                self._resolver.nameservers = [host]
                self._resolver.port = int(port or 53)
        except (dns.exception.DNSException, ValueError) as error:
            raise ConfigError(f"--dns: {server!r} is not the address of a name server ({error})") from None
        self._resolver.lifetime = SECONDS

    def txt(self, name: str) -> list[str]:
        """Return the TXT records of a name, each put together; none when there are none."""
        return [
            b"".join(record.strings).decode("utf-8", "replace")  # pyright: ignore[reportAttributeAccessIssue]
            for record in self._ask(name, "TXT")
        ]

    def mx(self, name: str) -> list[str]:
        """Return the hosts that take mail for a name, the first one first."""
        records = sorted(self._ask(name, "MX"), key=lambda record: record.preference)  # pyright: ignore[reportAttributeAccessIssue]
        return [str(record.exchange).rstrip(".") for record in records]  # pyright: ignore[reportAttributeAccessIssue]

    def addresses(self, name: str) -> list[str]:
        """Return the IP addresses of a name."""
        return [str(record) for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def names_of(self, ip: str) -> list[str]:
        """Return the names that an IP address gives itself (PTR)."""
        return [str(record).rstrip(".") for record in self._ask(str(dns.reversename.from_address(ip)), "PTR")]

    def _ask(self, name: str, kind: str) -> list[object]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise NoAnswer(f"the DNS does not answer about {name} ({type(error).__name__})") from error
