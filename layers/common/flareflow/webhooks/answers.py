"""Answers of the HTTP API about webhooks."""

from typing import Annotated

from flareflow.answers import Answer, Moment, Number, shown
from flareflow.webhooks.models import DeliveryState, EventType, WebhookState

WebhookId = Annotated[str, shown("wh_7_4b1d0c9e8f7a6b5c4d3e2f10")]
Secret = Annotated[str, shown("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
SHOWN_BODY = '{"id":"evt_6925a1c04b1d0c9e8f7a6b5c4d3e2f10","type":"standing.changed"}'


class WebhookAnswer(Answer):
    """A webhook of the account. `state` says whether it is told of events, and why not.

    `failing_since`: when the first attempt after the last success has failed; null while it works. `old_secret_until`:
    until then the secret before the last rotation signs too.
    """

    webhook_id: WebhookId
    subscription_id: Number
    url: Annotated[str, shown("https://example.com/hooks")]
    events: list[EventType]
    state: WebhookState
    created_at: Moment
    failing_since: Moment | None
    old_secret_until: Moment | None


class CreatedWebhookAnswer(Answer):
    """A new webhook, and the secret that signs its messages, which is in no later answer."""

    webhook: WebhookAnswer
    secret: Secret


class AttemptAnswer(Answer):
    """One attempt of a delivery: `status` of the receiver's answer, and `error`, why it has failed, for people."""

    at: Moment
    milliseconds: Number
    status: Number | None
    error: Annotated[str | None, shown("The receiver answered 500.")]


class DeliveryAnswer(Answer):
    """One event sent to one webhook, with its newest attempts, oldest first. It is kept for 30 days.

    `body` is exactly what is sent. `next_attempt_at` is null once it is delivered or has failed.
    """

    delivery_id: Annotated[str, shown("evt_6925a1c04b1d0c9e8f7a6b5c4d3e2f10")]
    type: EventType
    at: Moment
    state: DeliveryState
    attempts: list[AttemptAnswer]
    next_attempt_at: Moment | None
    body: Annotated[str, shown(SHOWN_BODY)]
