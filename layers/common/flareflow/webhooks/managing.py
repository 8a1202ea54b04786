"""Setting webhooks: creating, listing, changing, deleting, and rotating their secrets."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from flareflow.accounts.models import CursorPage
from flareflow.accounts.ownership import require_owner
from flareflow.credentials import TokenFactory
from flareflow.errors import ConflictError, NotFoundError
from flareflow.time import Clock
from flareflow.webhooks.models import Webhook, WebhookState
from flareflow.webhooks.ports import Claim, Claims, Ledger, Webhooks
from flareflow.webhooks.requests import WebhookChange, WebhookRequest
from flareflow.webhooks.signing import Signer
from flareflow.webhooks.urls import Reach, parse_url

WEBHOOKS_MAX: Final = 5
"""Of one account for one subscription."""
ROTATION: Final = timedelta(days=1)
"""For so long the secret before the last rotation signs too."""
_ID_DIGITS: Final = 24


@dataclass(frozen=True, slots=True)
class CreatedWebhook:
    """A webhook, and the secret that no later answer contains."""

    webhook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CreateWebhook:
    """Create a webhook of a subscription. A request that is repeated creates one, and shows its secret once."""

    ledger: Ledger
    webhooks: Webhooks
    claims: Claims
    signer: Signer
    reach: Reach
    token: TokenFactory
    clock: Clock

    def run(self, caller: str, idempotency_key: str, request: WebhookRequest) -> CreatedWebhook:
        """Raises InvalidRequestError `invalid_webhook_url`; NotFoundError `subscription_not_found`; ConflictError
        `too_many_webhooks`, `webhook_secret_shown` or `idempotency_key_reused`.
        """
        parse_url(request.url, self.reach)
        subscription_id = request.subscription_id
        require_owner(self.ledger.subscription(subscription_id), caller, subscription_id)
        webhook_id = f"wh_{subscription_id}_{self.token()[-_ID_DIGITS:]}"
        made = claimed(self.claims, Claim(caller, idempotency_key, request.hash(), webhook_id), self.clock())
        if self.webhooks.find(caller, made) is not None:
            raise _secret_shown(made)
        webhook = Webhook(made, caller, subscription_id, request.url, request.events, self.clock())
        self.webhooks.add(webhook)
        self._check_limit(webhook)
        return CreatedWebhook(webhook, self.signer.shown(made, webhook.secret_number))

    def _check_limit(self, webhook: Webhook) -> None:
        """Count after adding, so that concurrent requests never leave more."""
        if len(self.webhooks.of_subscription(webhook.owner, webhook.subscription_id)) > WEBHOOKS_MAX:
            self.webhooks.remove(webhook)
            raise ConflictError("too_many_webhooks", f"A subscription has at most {WEBHOOKS_MAX} webhooks.")


@dataclass(frozen=True, slots=True)
class ReadWebhooks:
    """Read an account's own webhooks."""

    webhooks: Webhooks

    def all(self, caller: str, cursor: str | None) -> CursorPage[Webhook]:
        return self.webhooks.of_account(caller, cursor)

    def one(self, caller: str, webhook_id: str) -> Webhook:
        """Raises NotFoundError `webhook_not_found`, also for a webhook of somebody else."""
        return own_webhook(self.webhooks, caller, webhook_id)


@dataclass(frozen=True, slots=True)
class ChangeWebhook:
    """Change where a webhook is sent, what it is told, and whether it is enabled."""

    webhooks: Webhooks
    reach: Reach

    def run(self, caller: str, webhook_id: str, change: WebhookChange) -> Webhook:
        """Raises NotFoundError `webhook_not_found`, InvalidRequestError `invalid_webhook_url`."""
        before = own_webhook(self.webhooks, caller, webhook_id)
        if change.url is not None:
            parse_url(change.url, self.reach)
        changes = dict(_changes(change))
        after = replace(before, **changes)  # type: ignore[arg-type]
        if changes and not self.webhooks.change(after, *changes):
            raise _not_found()
        return after


@dataclass(frozen=True, slots=True)
class RotateSecret:
    """Give a webhook another secret; for a day the one before it signs too."""

    webhooks: Webhooks
    claims: Claims
    signer: Signer
    clock: Clock

    def run(self, caller: str, idempotency_key: str, webhook_id: str) -> CreatedWebhook:
        """Raises NotFoundError `webhook_not_found`; ConflictError `webhook_secret_shown`, `idempotency_key_reused`."""
        webhook = own_webhook(self.webhooks, caller, webhook_id)
        claim = Claim(caller, idempotency_key, f"rotate {webhook_id}", str(webhook.secret_number + 1))
        number = int(claimed(self.claims, claim, self.clock()))
        if webhook.secret_number >= number:
            raise _secret_shown(webhook_id)
        after = replace(webhook, secret_number=number, old_secret_until=self.clock() + ROTATION)
        if not self.webhooks.change(after, "secret_number", "old_secret_until"):
            raise _not_found()
        return CreatedWebhook(after, self.signer.shown(webhook_id, number))


@dataclass(frozen=True, slots=True)
class DeleteWebhook:
    """Delete a webhook; what is on its way to it is not sent any more. A repetition changes nothing."""

    webhooks: Webhooks

    def run(self, caller: str, webhook_id: str) -> None:
        """Raises NotFoundError `webhook_not_found`."""
        self.webhooks.remove(own_webhook(self.webhooks, caller, webhook_id))


def own_webhook(webhooks: Webhooks, caller: str, webhook_id: str) -> Webhook:
    """Raises NotFoundError `webhook_not_found` for a webhook that does not exist or is somebody else's."""
    webhook = webhooks.find(caller, webhook_id)
    if webhook is None:
        raise _not_found()
    return webhook


def claimed(claims: Claims, claim: Claim, now: datetime) -> str:
    """What the request makes, or has made. Raises ConflictError `idempotency_key_reused` for another request."""
    kept = claims.claim(claim, now)
    if kept.request_hash != claim.request_hash:
        raise ConflictError("idempotency_key_reused", "This Idempotency-Key was used for another request.")
    return kept.made


def _changes(change: WebhookChange) -> Iterator[tuple[str, object]]:
    """The fields that a change sets. With another URL, or once it is enabled, what failed before no longer counts."""
    if change.url is not None:
        yield "url", change.url
    if change.events is not None:
        yield "events", change.events
    if change.enabled is not None:
        yield "state", WebhookState.ENABLED if change.enabled else WebhookState.DISABLED
    if change.enabled or change.url is not None:
        yield "failing_since", None


def _not_found() -> NotFoundError:
    return NotFoundError("webhook_not_found", "You have no such webhook.")


def _secret_shown(webhook_id: str) -> ConflictError:
    return ConflictError("webhook_secret_shown", f"This request was carried out for webhook {webhook_id}.")
