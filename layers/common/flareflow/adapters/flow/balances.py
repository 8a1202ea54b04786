"""The balances of subscriptions as the contract has them at the latest sealed block."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, Field, ValidationError
from pydantic.alias_generators import to_camel

from flareflow.adapters.flow.json_cdc import uint64
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.adapters.flow.subscriptions import SCRIPT
from flareflow.errors import FlowUnavailableError
from flareflow.settlement.comparing import Balances

type _Amount = Annotated[int, Field(ge=0)]


class _Answer(BaseModel, alias_generator=to_camel):
    """The amounts in the script's answer, in 1e-8."""

    balance: _Amount
    deposited: _Amount
    credited: _Amount
    charged: _Amount
    withdrawn: _Amount
    refunded: _Amount
    owed: _Amount
    settled_microtokens: _Amount


FIELDS: Final = tuple(_Answer.model_fields)


@dataclass(frozen=True, slots=True)
class FlowBalances:
    """`settlement.comparing.Contract` by a script."""

    scripts: FlowScripts

    def balances(self, subscription_id: int) -> Balances | None:
        answer = self.scripts.run(SCRIPT, [uint64(subscription_id)])
        if answer is None:
            return None
        try:
            found = _Answer.model_validate(answer)
        except ValidationError as error:
            raise FlowUnavailableError(f"Flow tells subscription {subscription_id} in an unknown form") from error
        return Balances(*(getattr(found, name) for name in FIELDS))
