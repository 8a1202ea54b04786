"""Our contracts on Flow: the light client's newest signing policy, and the events of subscriptions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from flareflow.adapters.flow.json_cdc import Value, address
from flareflow.adapters.flow.rest import BlockEvents, Event, FlowRest, FlowScripts
from flareflow.errors import BlocksNotKeptError, FlowNotFoundError, FlowUnavailableError
from flareflow.settlement.events import (
    BlocksRead,
    ChainEvent,
    Closed,
    Credited,
    ExitCancelled,
    ExitRequested,
    Forgiven,
    LowBalance,
    OwnerChanged,
    PlanAdded,
    PlanChangeAccepted,
    PlanChanged,
    PlanRetired,
    RevenueWithdrawn,
    Settled,
    SettlementSkipped,
    SpendCapSet,
    SubscriptionOpened,
    Suspended,
    ToppedUp,
    Unreadable,
    Withdrawn,
)
from flareflow.settlement.positions import Position

_ACCOUNTS_CONTRACT: Final = "SubscriptionAccounts"
_CUSTODY_CONTRACT: Final = "SubscriptionCustody"
_PLANS_CONTRACT: Final = "SubscriptionPlans"
STATEMENT_TRIGGER: Final = "statement/1"
"""The id of the FDC trigger that delivers statements, in `FlareFDCTriggers`."""

_EVENTS: Final[tuple[type, ...]] = (
    SubscriptionOpened,
    ToppedUp,
    Settled,
    LowBalance,
    Suspended,
    SettlementSkipped,
    SpendCapSet,
    ExitRequested,
    ExitCancelled,
    PlanChangeAccepted,
    PlanChanged,
    OwnerChanged,
    Withdrawn,
    Closed,
    Credited,
    Forgiven,
    RevenueWithdrawn,
    PlanAdded,
    PlanRetired,
)
_NOT_OF_CUSTODY: Final = {
    **dict.fromkeys((Settled, SettlementSkipped, LowBalance, Suspended, PlanChanged, Forgiven), _ACCOUNTS_CONTRACT),
    **dict.fromkeys((PlanAdded, PlanRetired, PlanChangeAccepted), _PLANS_CONTRACT),
}
"""The contracts of events; all others are of `SubscriptionCustody`."""

_CONTRACT_OF: Final = {event.__name__: _NOT_OF_CUSTODY.get(event, _CUSTODY_CONTRACT) for event in _EVENTS}
_ADAPTERS: Final = {event.__name__: TypeAdapter[Any](event) for event in _EVENTS}
_OUR_NAMES: Final = {
    "subscriptionId": "subscription_id",
    "planId": "plan_id",
    "planVersion": "plan_version",
    "ratedMicrotokens": "rated_microtokens",
    "deposit": "deposit_ufix64",
    "amount": "amount_ufix64",
    "charged": "charged_ufix64",
    "owed": "owed_ufix64",
    "owedAfter": "owed_after_ufix64",
    "rate": "rate_ufix64",
    "refunded": "refunded_ufix64",
    "balanceAfter": "balance_after_ufix64",
    "fromEpoch": "from_epoch",
    "fromMicrotokens": "from_microtokens",
    "isInDollars": "is_in_dollars",
    "endTokens": "end_tokens",
    "price": "price_ufix64",
    "minimumDeposit": "minimum_deposit_ufix64",
    "lowBalance": "low_balance_ufix64",
    "limit": "limit_ufix64",
    "effectiveAt": "effective_at_ufix64",
    "from": "payer",
    "to": "receiver",
}
_OWN_NAMES: Final = {OwnerChanged.__name__: {"to": "owner"}}
"""Fields that mean something else in this event than in others."""


class _LightClientState(BaseModel):
    latestRewardEpoch: int  # noqa: N815  # the field's name in Cadence


@dataclass(frozen=True, slots=True)
class FlowLightClient:
    """`LightClient` by a script."""

    scripts: FlowScripts

    def latest_reward_epoch(self) -> int:
        answer = self.scripts.run("flare/get_light_client.cdc")
        try:
            return _LightClientState.model_validate(answer).latestRewardEpoch
        except ValidationError as error:
            raise FlowUnavailableError("the light client's state on Flow has an unknown form") from error


@dataclass(frozen=True, slots=True)
class FlowDollarRates:
    """`DollarRates` by a script; `payer` is the account whose FLOW would pay the oracle's fee."""

    scripts: FlowScripts
    payer: str

    def now(self) -> int:
        rate = self.scripts.run("subscriptions/get_dollar_rate.cdc", [address(self.payer)])
        if not isinstance(rate, int) or rate <= 0:
            raise FlowUnavailableError("the rate of dollars on Flow has an unknown form")
        return rate


@dataclass(frozen=True, slots=True)
class FlowDepositToken:
    """`DepositToken` by a script."""

    scripts: FlowScripts

    def is_dollar(self) -> bool:
        answer = self.scripts.run("subscriptions/is_token_dollar.cdc")
        if not isinstance(answer, bool):
            raise FlowUnavailableError("what the token of the deposits is has an unknown form")
        return answer


@dataclass(frozen=True, slots=True)
class FlowChainLog:
    """`ChainLog` over REST, with one request for each type of event.

    A network upgrade (spork) leaves the blocks before it on nodes of their own: `historic` has such nodes by the last
    block of each, from Flow's list of sporks (https://github.com/onflow/flow/blob/master/sporks.json).
    """

    rest: FlowRest
    contract_address: str
    historic: Mapping[int, FlowRest] = field(default_factory=dict)

    def latest_sealed_height(self) -> int:
        return self.rest.latest_sealed_block().height

    def events(self, first_height: int, last_height: int, names: Collection[str] | None = None) -> BlocksRead:
        """All blocks that every answer covers: nodes that are behind leave out the last ones without an error."""
        ends = [end for end in self.historic if end >= first_height]
        rest, last = (self.historic[min(ends)], min(*ends, last_height)) if ends else (self.rest, last_height)
        answers = {name: self._blocks(rest, name, first_height, last) for name in names or _ADAPTERS}
        read_to = min(max(block.block_height for block in blocks) for blocks in answers.values())
        found = [
            _parsed(name, block, event)
            for name, blocks in answers.items()
            for block in blocks
            for event in block.events
            if block.block_height <= read_to
        ]
        return BlocksRead(read_to, sorted(found, key=lambda event: event.position))

    def _blocks(self, rest: FlowRest, name: str, first_height: int, last_height: int) -> Sequence[BlockEvents]:
        try:
            blocks = rest.events(self._type_of(name), first_height, last_height)
        except FlowNotFoundError as error:
            raise BlocksNotKeptError(f"the node does not have block {first_height}: {error}") from error
        if not blocks:
            raise FlowUnavailableError(f"the node tells nothing about block {first_height}")
        return blocks

    def _type_of(self, name: str) -> str:
        return f"A.{self.contract_address.removeprefix('0x')}.{_CONTRACT_OF[name]}.{name}"


def _parsed(name: str, block: BlockEvents, event: Event) -> ChainEvent:
    position = Position(block.block_height, event.transaction_index, event.event_index)
    fields: Value = None
    happened: Any
    try:
        fields = event.fields()
        happened = _ADAPTERS[name].validate_python(_renamed(fields, _OUR_NAMES | _OWN_NAMES.get(name, {})))
    except ValueError as error:
        happened = Unreadable(name, _subscription_of(fields), f"unknown form: {error}")
    return ChainEvent(position, block.block_timestamp, event.transaction_id, happened)


def _subscription_of(fields: Value) -> int | None:
    known = fields.get("subscriptionId") if isinstance(fields, dict) else None
    return known if isinstance(known, int) else None


def _renamed(value: Value, names: Mapping[str, str]) -> Value:
    """The value with our names of fields, in structs within it too."""
    match value:
        case dict():
            return {names.get(field, field): _renamed(inner, names) for field, inner in value.items()}
        case list():
            return [_renamed(item, names) for item in value]
    return value
