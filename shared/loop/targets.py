"""Where requests of ours may go: to public addresses only, unless a setting says otherwise.

A campaign's address is written by whoever may put campaigns. What lies in our own network trusts
who is inside, so a webhook must not be a way in. The address is looked at when the connection is
made, after the name was resolved: a name may stand for another one by then.
"""

import ipaddress
import socket
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an address of IPv4."""
_LOCAL = tuple(
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24",  # of protocols (RFC 6890); one cloud serves metadata in it
        "192.88.99.0/24",  # relays between IPv4 and IPv6 that were given up (RFC 7526)
        "168.63.129.16/32",  # of Azure: whoever calls it from there reaches the host
        "64:ff9b:1::/48",  # a site's own translation (RFC 8215)
        "3fff::/20",  # for examples (RFC 9637)
        "fec0::/10",  # a site's own addresses (RFC 3879)
    )
)
"""Which Python calls global, some or all of its releases."""


class NotPublic(OSError):
    """The address is of a private, a local or a reserved network."""

    def __init__(self) -> None:
        super().__init__("the address is not public")


def is_public(address: Address) -> bool:
    """Also of an address that only carries another one."""
    inner = _inner_address(address) if isinstance(address, ipaddress.IPv6Address) else None
    if inner is not None:
        return is_public(inner)
    is_local = any(address in network for network in _LOCAL)
    return address.is_global and not (is_local or address.is_multicast or address.is_reserved)


def _inner_address(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    if address.teredo:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def public_socket(info: tuple[Any, ...]) -> socket.socket:
    """A socket for a resolved address, as the client makes it; raises `NotPublic`."""
    family, kind, protocol, _, (host, *_) = info
    if not is_public(ipaddress.ip_address(host.partition("%")[0])):
        raise NotPublic
    return socket.socket(family, kind, protocol)
