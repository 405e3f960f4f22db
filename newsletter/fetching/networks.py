"""Which IP addresses belong to the public internet, and which we never connect to.

An own table, because Python's ``is_global`` has changed with its releases and follows other questions:
it calls multicast global, and the metadata service of a cloud may sit on a public address.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's registries of special-purpose addresses, read as "not a server on the internet".
_CLOSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host: Linux connects 0.0.0.0 to loopback
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' NAT; Alibaba Cloud's metadata is 100.100.100.200
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's host agent, on a public address
            "169.254.0.0/16",  # link-local; the metadata of most clouds is 169.254.169.254
            "172.16.0.0/12",
            "192.0.0.0/24",  # Oracle Cloud's metadata is 192.0.0.192
            "192.0.2.0/24",
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_OPEN_V6 = IPv6Network("2000::/3")  # all that is given out; fd00:ec2::254 (Amazon's metadata) is outside
_CLOSED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, ORCHID, benchmarking: an IPv4 address may hide inside
            "2001:db8::/32",
            "2002::/16",  # 6to4: an IPv4 address hides inside
            "3fff::/20",
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")  # a network without IPv4 reaches it through these


def judge(text: str) -> Address:
    """Return the address that a connection to ``text`` would really lead to.

    An IPv4 address mapped into IPv6, or reached through the well-known NAT64 prefix, is what it stands for.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def may_connect(text: str, allow: Iterable[Network] = ()) -> bool:
    """Say whether a connection to the address ``text`` is allowed: it is public, or in one of ``allow``."""
    address = judge(text)
    if any(address.version == network.version and address in network for network in allow):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    if address.scope_id is not None:
        return False
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
