"""The addresses of a name, by the machine's resolver."""

import socket
from collections.abc import Callable, Sequence

type Resolve = Callable[[str, int], Sequence[str]]


class NotResolvedError(Exception):
    """The name has no address; the message is for people."""


def addresses_of(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, those of IPv4 first, since a function has no IPv6. Raises NotResolvedError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise NotResolvedError("The name has no address.") from error
    by_family = sorted(found, key=lambda one: one[0] is not socket.AF_INET)
    return list(dict.fromkeys(str(one[4][0]) for one in by_family))
