"""The push: LiteLLM tells of each call as it ends, so that usage shows at once. Nobody is billed by it."""

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
    """Add the pushed calls of known keys to the unconfirmed totals; calls known already change nothing.

    `push_secret` gives what LiteLLM has to present as bearer; `parse` reads the body of a push.
    """

    push_secret: Callable[[], str]
    parse: Callable[[bytes], PushedCalls]
    keys: KeyDirectory
    usage: UsageEvents
    price_book: PriceBook

    def run(self, authorization: str, body: bytes, now: datetime) -> PushReport:
        """Raises UnauthenticatedError, InvalidRequestError when nothing of the body can be read."""
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
        # compared in constant time, so that the time of the answer tells nothing of the secret
        if not hmac.compare_digest(authorization.encode(), wanted.encode()):
            raise UnauthenticatedError("push_secret_wrong", "only LiteLLM's callback may push usage")
