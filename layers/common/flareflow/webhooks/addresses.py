"""Which IP addresses a receiver may have: those that everybody on the internet can reach."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_LEADING_ELSEWHERE: Final = (IPv6Network("2002::/16"), IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
"""6to4 and Teredo, whose addresses stand for IPv4 addresses; other protocols' own; documentation (RFC 9637)."""
_NOT_FOR_EVERYBODY: Final = (
    *(IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24")),
    IPv4Network("168.63.129.16/32"),
)
"""The routers of a network by their roles (RFC 7723, RFC 8155); the relays of 6to4; Azure's host, which is a public
address with the machine's own data.
"""


def is_public(address: str) -> bool:
    """Whether an address is one that everybody can reach. Raises ValueError for what is no address.

    Not public are: private, loopback, link-local and shared addresses (with those of clouds' metadata), multicast,
    reserved and documentation ones, and IPv6 addresses that stand for an IPv4 address (mapped, NAT64, 6to4, Teredo).
    """
    given = ip_address(address)
    if isinstance(given, IPv6Address):
        if given not in _GLOBAL_UNICAST or any(given in network for network in _LEADING_ELSEWHERE):
            return False
    elif any(given in network for network in _NOT_FOR_EVERYBODY):
        return False
    return given.is_global and not given.is_multicast and not given.is_reserved
