"""Pushes: LiteLLM reports each call when it ends, so that usage shows at once. Nobody is billed by a push."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flareflow.errors import UnauthenticatedError
from flareflow.metering.models import PushedCalls, PushReport, UsageEvent
from flareflow.metering.ports import KeyDirectory, UsageEvents
from flareflow.metering.price_book import PriceBook


@dataclass(frozen=True, slots=True)
class IngestPush:
    """Add pushed calls of known keys to the unconfirmed totals; a call that is known already changes nothing.

    `push_secret` returns the bearer token that LiteLLM must send; `parse` reads the body of a push.
    """

    push_secret: Callable[[], str]
    parse: Callable[[bytes], PushedCalls]
    keys: KeyDirectory
    usage: UsageEvents
    price_book: PriceBook

    def run(self, authorization: str, body: bytes, now: datetime) -> PushReport:
        """Raises UnauthenticatedError `push_secret_wrong`, InvalidRequestError when the body cannot be read at all."""
        self._authenticate(authorization)
        pushed = self.parse(body)
        known = self.keys.subscriptions({call.key_hash for call in pushed.calls})
        events = [
            UsageEvent.rated_by(self.price_book, call, known[call.key_hash])
            for call in pushed.calls
            if call.key_hash in known
        ]
        return PushReport(pushed.received, self.usage.add_unconfirmed(events, now), pushed.malformed)

    def _authenticate(self, authorization: str) -> None:
        wanted = f"Bearer {self.push_secret()}"
        # in constant time, so that the response time reveals nothing about the secret
        if not hmac.compare_digest(authorization.encode(), wanted.encode()):
            raise UnauthenticatedError("push_secret_wrong", "Only LiteLLM's callback can push usage.")
