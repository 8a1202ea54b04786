"""Subscriptions as the contract has them at the latest sealed block."""

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ValidationError

from flareflow.accounts.models import OnChainSubscription, flow_address
from flareflow.adapters.flow.json_cdc import uint64
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.errors import FlowUnavailableError

SCRIPT: Final = "subscriptions/get_subscription.cdc"
OPEN: Final = "active"


class _Subscription(BaseModel):
    owner: str
    status: str


@dataclass(frozen=True, slots=True)
class FlowSubscriptions:
    """`OnChainSubscriptions` by a script."""

    scripts: FlowScripts

    def find(self, subscription_id: int) -> OnChainSubscription | None:
        answer = self.scripts.run(SCRIPT, [uint64(subscription_id)])
        if answer is None:
            return None
        try:
            found = _Subscription.model_validate(answer)
        except ValidationError as error:
            raise FlowUnavailableError(
                f"Flow's script reports subscription {subscription_id} in an unknown form"
            ) from error
        return OnChainSubscription(subscription_id, flow_address(found.owner), found.status == OPEN)
