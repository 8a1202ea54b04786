"""The HTTP API as `docs/openapi.json` describes it, as far as the command uses it. Made by `make openapi`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flareflow_verify.bundle import Count, Integer, Name
from flareflow_verify.sources.service import Items, Named, Parts, Service, segment


class Token(Parts):
    """The token of the deposits: its symbol, and the contract that defines it."""

    symbol: Name
    contract: Name
    address: Name


class FlowExplorer(Parts):
    """Addresses in an explorer of Flow; put the id of a transaction, an address or a contract's name in the braces."""

    transaction: Name
    account: Name
    contract: Name


class Flow(Parts):
    """Flow, where deposits are. `access_node`: its REST API. `wallet_discovery`: for FCL's `discovery.wallet`.

    `contracts` are this deployment's by name, `dependencies` those that they and the transactions import.
    """

    network: Name
    access_node: Name
    wallet_discovery: Name
    contracts: Named[Name]
    dependencies: Named[Name]
    token: Token
    explorer: FlowExplorer | None


class FlareExplorer(Parts):
    """Addresses in an explorer of Flare; put the hash of a transaction or an address in the braces."""

    transaction: Name
    address: Name


class Flare(Parts):
    """Flare, which attests statements. `registry` is FlareContractRegistry, which names the Relay that holds now."""

    network: Name
    chain_id: Count
    rpc: Name
    registry: Name
    explorer: FlareExplorer | None


class Deployment(Parts):
    """What there is to know of a deployment; nothing of it is secret, and it changes only when it is deployed anew.

    `models_url`: the base URL for clients of OpenAI's API. `live_url`: the WebSocket. `statements_url`: what the URL
    that Flare attests is, up to the epoch in 10 digits. `counted_within_seconds`: a call is promised to be in a
    statement whose epoch it ends in or that ends so much later. `source_url`: where its source code is, null if that
    is not public.
    """

    flow: Flow
    flare: Flare
    models_url: Name
    live_url: Name
    statements_url: Name
    epoch_seconds: Count
    counted_within_seconds: Count
    source_url: Name | None


class Tier(Parts):
    """A price in 1e-8 for 1,000 rated tokens, for the part of a total below `end_tokens`; null means no end."""

    end_tokens: Count | None
    price_ufix64: Count


class Tiers(Parts):
    """Tiers by rising end; only the last has no end."""

    tiers: Items[Tier]


class Tariff(Parts):
    """The prices of a plan. `needs_rate`: a bill in dollars becomes tokens at the rate of the moment of the charge."""

    tiers: Tiers
    currency: Name
    needs_rate: bool


class SpendCap(Parts):
    """The most that the owner lets be charged in a period of 30 days, in 1e-8 of the token."""

    limit_ufix64: Count
    period_ends_at: datetime
    charged_before_ufix64: Count


class NextPlan(Parts):
    """A plan that the owner has accepted; a settled page of `from_epoch` or later puts it in force."""

    plan_id: Count
    plan_version: Count
    tariff: Tariff
    from_epoch: Count


class Waiting(Parts):
    """The first event that could not be entered; it and all later ones are not in the balances."""

    position: tuple[Count, Count, Count]
    since: datetime


class Balances(Parts):
    """A subscription's balances as of the last event that was read. Amounts are in 1e-8 of the token; `owed_ufix64` in
    1e-8 of the plan's currency, `paid_dollars_ufix64` in 1e-8 dollars, `cost_offset` in 1e-17 of the plan's
    currency.
    """

    subscription_id: Count
    owner: Name
    plan_id: Count
    plan_version: Count
    position: tuple[Count, Count, Count]
    tariff: Tariff
    status: Name
    balance_ufix64: Count
    deposited_ufix64: Count
    credited_ufix64: Count
    charged_ufix64: Count
    withdrawn_ufix64: Count
    refunded_ufix64: Count
    owed_ufix64: Count
    settled_microtokens: Count
    settled_epoch: Count | None
    cost_offset: Integer
    paid_dollars_ufix64: Count
    spend_cap: SpendCap | None
    has_ended: bool
    next_plan: NextPlan | None
    waits_for: Waiting | None


class Usage(Parts):
    """An amount of usage. 1 token that is rated x1.0 weighs 1,000,000 rated micro-tokens; `cost_nanousd` is what the
    provider charges, in 1e-9 dollars, for information.
    """

    prompt_tokens: Count
    completion_tokens: Count
    requests: Count
    rated_microtokens: Count
    cost_nanousd: Count
    cache_read_tokens: Count
    cache_write_tokens: Count
    reasoning_tokens: Count
    audio_input_tokens: Count
    audio_output_tokens: Count


class LiveTotals(Parts):
    """Usage so far: `counted` is billed, `unconfirmed` is told by the gate and not billed yet."""

    counted: Usage
    unconfirmed: Usage


class Rate(Parts):
    """1e-8 dollars for one token, as the contract would have read it from the price oracle at `read_at`."""

    rate_ufix64: Count
    read_at: datetime


class Subscription(Parts):
    """One subscription now.

    `pending_microtokens`: metered and not settled. `estimated_bill_ufix64`: what is to be paid once it is settled,
    in 1e-8 of the plan's currency. `estimated_charge_ufix64`: the most that it may come to in 1e-8 of the token;
    null while a rate is needed and none is known. `standing` is null before it was decided for the first time.
    """

    subscription: Balances
    usage: LiveTotals
    pending_microtokens: Count
    estimated_bill_ufix64: Count
    estimated_charge_ufix64: Count | None
    rate: Rate | None
    standing: Name | None


class KeyLimits(Parts):
    """What LiteLLM allows a key. An empty list of models: all of them; null: no limit of the key's own."""

    models: Items[Name]
    expires_at: datetime | None
    requests_per_minute: Count | None
    tokens_per_minute: Count | None


class Key(Parts):
    """A key of a subscription. `changing`: LiteLLM was told to block, unblock or delete it and has not confirmed.

    `held`: an administrator has blocked it. `replaces`: the key that it was made for, by rotation.
    `cap_microtokens`: what it may use in all; null: as much as its subscription can pay for.
    """

    key_hash: Name
    subscription_id: Count
    alias: Name
    status: Name
    created_at: datetime
    owner: Name
    first_microtokens: Count
    budget_microusd: Count
    limits: KeyLimits
    replaces: Name | None
    cap_microtokens: Count | None


class Group(Parts):
    """What is summed together; what `by` does not name is null. `start` is that of the day or hour, in UTC."""

    key_hash: Name | None
    model: Name | None
    start: datetime | None


class GroupedUsage(Parts):
    """The usage of a group: in no statement yet, in one, and charged on Flow."""

    group: Group
    pending: Usage
    sealed: Usage
    settled: Usage


class KeyRequest(Parts):
    """`POST /v1/keys`: make a key of a subscription; `alias` is the owner's name for it.

    `models`: the only ones that it may call; none: all of them. `cap_rated_tokens`: what it may use in all.
    """

    subscription_id: Count
    alias: Name = ""
    models: Items[Name] = ()
    expires_at: datetime | None = None
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    cap_rated_tokens: Count | None = None


class CreatedKey(Parts):
    """A new key; `key` is its secret, which no later answer contains."""

    key: Name
    key_hash: Name
    subscription_id: Count
    alias: Name
    created_at: datetime


class RotationRequest(Parts):
    """`POST /v1/keys/{key_hash}/rotations`: make a key in place of another, which works until `old_key_until`.

    Without that, the old key works for a day.
    """

    old_key_until: datetime | None = None


class Ticket(Parts):
    """A ticket that opens one WebSocket connection before `expires_at`."""

    ticket: Name
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Api:
    """The operations. Each raises SourceError without a usable answer."""

    service: Service

    def get_deployment(self) -> Deployment:
        """Describe this deployment: networks, contracts, explorers, and where models and live messages are."""
        return self.service.get(Deployment, "/v1/deployment")

    def get_subscriptions(self) -> Iterator[Subscription]:
        """List the account's subscriptions, each with its balances and usage now."""
        return self.service.all(Subscription, "/v1/subscriptions")

    def get_subscriptions_subscription_id(self, subscription_id: int) -> Subscription:
        """Read one subscription with its balances and usage now."""
        return self.service.get(Subscription, f"/v1/subscriptions/{segment(subscription_id)}")

    def get_subscriptions_subscription_id_keys(self, subscription_id: int) -> Iterator[Key]:
        """List the keys of a subscription: first those that are not deleted, oldest first, then deleted ones."""
        return self.service.all(Key, f"/v1/subscriptions/{segment(subscription_id)}/keys")

    def get_subscriptions_subscription_id_usage(
        self,
        subscription_id: int,
        *,
        by: Items[Literal["key", "model", "day", "hour"]] | None = None,
        from_: str | None = None,
        to: str | None = None,
    ) -> Iterator[GroupedUsage]:
        """Sum the usage of a window of time by key, model, day or hour, newest first; pending, sealed and settled
        apart.
        """
        return self.service.all(
            GroupedUsage, f"/v1/subscriptions/{segment(subscription_id)}/usage", {"by": by, "from": from_, "to": to}
        )

    def post_keys(self, body: KeyRequest) -> CreatedKey:
        """Create a key of a subscription and show its secret, once."""
        return self.service.post(CreatedKey, "/v1/keys", body)

    def post_keys_key_hash_rotations(self, key_hash: str, body: RotationRequest) -> CreatedKey:
        """Make a key in place of another, which works until a given time, and show the new secret, once."""
        return self.service.post(CreatedKey, f"/v1/keys/{segment(key_hash)}/rotations", body)

    def delete_keys_key_hash(self, key_hash: str) -> None:
        """Delete a key. A repetition changes nothing."""
        self.service.delete(f"/v1/keys/{segment(key_hash)}")

    def post_websocket_tickets(self) -> Ticket:
        """Give a ticket that opens one WebSocket connection within half a minute."""
        return self.service.post(Ticket, "/v1/websocket-tickets")
