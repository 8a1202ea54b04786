"""Secrets of webhooks and signatures by them, as the specification of Standard Webhooks has them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flareflow.webhooks.models import Webhook


@dataclass(frozen=True, slots=True)
class Signer:
    """Derives each secret from the deployment's own, which `root` reads, and signs by it."""

    root: Callable[[], str]

    def shown(self, webhook_id: str, number: int) -> str:
        """A secret as its owner is shown it, once."""
        return f"whsec_{b64encode(self._secret(webhook_id, number)).decode()}"

    def headers(self, webhook: Webhook, message_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
        """The headers of a message that is sent now: signed by two secrets for a while after a rotation."""
        seconds = int(now.timestamp())
        secrets = (self._secret(webhook.webhook_id, number) for number in webhook.secret_numbers(now))
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": " ".join(signature(secret, message_id, seconds, body) for secret in secrets),
        }

    def _secret(self, webhook_id: str, number: int) -> bytes:
        """32 bytes."""
        return hmac.digest(self.root().encode(), f"{webhook_id}\n{number}".encode(), hashlib.sha256)


def signature(secret: bytes, message_id: str, seconds: int, body: bytes) -> str:
    """The signature of a message that is sent at a moment, in Unix seconds."""
    signed = f"{message_id}.{seconds}.".encode() + body
    return f"v1,{b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()}"
