"""The limits of the API: everything that stores something or costs something, by who asks for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from flareflow.limits import LimitRequests


class Sender(Enum):
    """Who is counted: the account that is signed in, or else the address that the connection comes from."""

    ACCOUNT = auto()
    SOURCE_IP = auto()


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` requests in a minute from each sender."""

    most: int
    sender: Sender


WATCH: Final = "watch"
"""The route of the WebSocket API that may be answered by a snapshot, which is a dozen reads."""
CONNECT: Final = "$connect"
"""The route of the WebSocket API; how many connections an account has is limited where they are opened."""
LIMITS: Final[Mapping[str, Limit]] = {
    "POST /v1/auth/nonces": Limit(30, Sender.SOURCE_IP),
    "POST /v1/auth/sessions": Limit(30, Sender.SOURCE_IP),
    "POST /v1/auth/tokens": Limit(60, Sender.SOURCE_IP),
    "POST /v1/keys": Limit(30, Sender.ACCOUNT),
    "POST /v1/first-keys": Limit(30, Sender.ACCOUNT),
    "POST /v1/keys/{key_hash}/rotations": Limit(30, Sender.ACCOUNT),
    "PATCH /v1/keys/{key_hash}": Limit(30, Sender.ACCOUNT),
    "DELETE /v1/keys/{key_hash}": Limit(30, Sender.ACCOUNT),
    "POST /v1/websocket-tickets": Limit(30, Sender.ACCOUNT),
    "POST /v1/webhooks": Limit(30, Sender.ACCOUNT),
    "PATCH /v1/webhooks/{webhook_id}": Limit(30, Sender.ACCOUNT),
    "DELETE /v1/webhooks/{webhook_id}": Limit(30, Sender.ACCOUNT),
    "POST /v1/webhooks/{webhook_id}/secrets": Limit(10, Sender.ACCOUNT),
    "POST /v1/webhooks/{webhook_id}/tests": Limit(10, Sender.ACCOUNT),
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replays": Limit(60, Sender.ACCOUNT),
    CONNECT: Limit(300, Sender.SOURCE_IP),
    WATCH: Limit(600, Sender.SOURCE_IP),
    "POST /v1/operator/case-decisions": Limit(120, Sender.ACCOUNT),
    "POST /v1/operator/price-books": Limit(10, Sender.ACCOUNT),
    "POST /v1/operator/redrives": Limit(30, Sender.ACCOUNT),
    "POST /v1/console/case-decisions": Limit(120, Sender.ACCOUNT),
    "POST /v1/console/redrives": Limit(30, Sender.ACCOUNT),
    "POST /v1/quotes": Limit(60, Sender.SOURCE_IP),
}
"""By route, as API Gateway names it."""


@dataclass(frozen=True, slots=True)
class LimitRoutes:
    """Count each request of a route with a limit. `limiter` is asked for when the first one comes."""

    limiter: Callable[[], LimitRequests]

    def run(self, route: str, source_ip: str, account: str = "") -> None:
        """Raises TooManyRequestsError, and StorageUnavailableError when nothing can be counted."""
        if limit := LIMITS.get(route):
            sender = account if limit.sender is Sender.ACCOUNT else source_ip
            self.limiter().run(f"{route}#{sender}", limit.most)
