"""Request bodies of the webhooks' routes; every field is bounded, unknown fields are refused."""

import hashlib
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from flareflow.inputs import UInt64
from flareflow.webhooks.models import EventType
from flareflow.webhooks.urls import URL_CHARACTERS_MAX

type Chosen = Literal[EventType.STANDING_CHANGED, EventType.BALANCE_LOW, EventType.EPOCH_SETTLED]

CHOICES: Final = 3


def _each_once(events: tuple[Chosen, ...]) -> tuple[Chosen, ...]:
    if len(set(events)) < len(events):
        raise ValueError("must name each type once")
    return events


type Url = Annotated[
    str, StringConstraints(min_length=1, max_length=URL_CHARACTERS_MAX), Field(examples=["https://example.com/hooks"])
]
type Events = Annotated[tuple[Chosen, ...], Field(min_length=1, max_length=CHOICES), AfterValidator(_each_once)]


class WebhookRequest(BaseModel):
    """`POST /v1/webhooks`: send these events of a subscription to a URL."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    subscription_id: UInt64
    url: Url
    events: Events

    def hash(self) -> str:
        """Equal for equal requests: tells a repetition from another request with the same idempotency key."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class WebhookChange(BaseModel):
    """`PATCH /v1/webhooks/{webhook_id}`: what is left out stays. `enabled` begins or ends that it is told of events."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = Field(default=None, strict=True)
