"""The URLs of receivers: their only form, which leaves nothing for two parsers to read differently."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flareflow.errors import InvalidRequestError

URL_CHARACTERS_MAX: Final = 500
HTTPS_PORT: Final = 443
DEFAULT_PORTS: Final = {"http": 80, "https": HTTPS_PORT}

_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
"""A DNS name of several labels, the last one of which begins with a letter: no address, in whatever notation."""
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253})(?::(?P<port>[1-9][0-9]{0,4}))?(?P<target>[/?][!-~]*)?"
)
"""Without user, fragment or backslash; a name in other letters is written in Punycode."""


class Reach(StrEnum):
    """Which receivers may be named."""

    PUBLIC = "public"
    """Those that everybody can reach: HTTPS on port 443, by name, at public addresses."""
    ANY = "any"
    """Also those of this machine and its network, by HTTP and on any port: for the local stack."""


@dataclass(frozen=True, slots=True)
class ReceiverUrl:
    """A URL in its parts; `target` is path and query."""

    scheme: str
    host: str
    port: int
    target: str


def parse_url(text: str, reach: Reach) -> ReceiverUrl:
    """Raises InvalidRequestError `invalid_webhook_url` for a URL of another form or beyond the reach."""
    found = _URL.fullmatch(text)
    if found is None or len(text) > URL_CHARACTERS_MAX or set(text) & {"#", "\\"}:
        raise _refused("Send https://, a name in lower case and a path, without user and fragment.")
    scheme, host = found["scheme"], found["host"]
    port = int(found["port"] or DEFAULT_PORTS[scheme])
    target = found["target"] or "/"
    url = ReceiverUrl(scheme, host, port, target if target.startswith("/") else f"/{target}")
    if reach is Reach.PUBLIC and (scheme, port) != ("https", HTTPS_PORT):
        raise _refused("A receiver is asked by HTTPS, on port 443.")
    if reach is Reach.PUBLIC and not _NAME.fullmatch(host):
        raise _refused("A receiver is named by a public DNS name, not by an address.")
    return url


def _refused(message: str) -> InvalidRequestError:
    return InvalidRequestError("invalid_webhook_url", message)
