"""Deploys the contracts to one account of a Flow network, or updates them there; may be repeated at any time.

The caller provides the signer: a key in memory on a local network, a key in KMS elsewhere.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from flareflow.adapters.flow.cadence import CADENCE, contract_addresses, resolve_imports
from flareflow.adapters.flow.contracts import STATEMENT_TRIGGER
from flareflow.adapters.flow.json_cdc import Argument, address, array, string, ufix64, uint64, uint256
from flareflow.attestation.relay import FDC_PROTOCOL_ID
from flareflow.attestation.request import ABI_SIGNATURE, ATTESTED_FIELDS, POST_PROCESS_JQ, AttestationTarget
from flareflow.settlement.pricing import DEFAULT_TIERS, Tiers

DEFAULT_PLAN: Final = 0
STATEMENT_HANDLER: Final = "usageBasedSubscriptionsHandler"
SIMPLE_TRIGGER: Final = "simple-statement/1"
SIMPLE_HANDLER: Final = "simpleUsageSubscriptionsHandler"
PLAIN: Final = ("GraduatedPricing", "SettlementPages", "SubscriptionTerms", "SubscriptionAccounts", "ProviderRevenue")
"""Contracts without configuration, each after those that it imports."""
LIGHT_CLIENT: Final = ("FlareSignatures", "FlareOracleVerifier")
CONTRACTS: Final = (
    *LIGHT_CLIENT,
    "FlareFDCTriggers",
    "TriggerNotices",
    *PLAIN,
    "SubscriptionCustody",
    "SubscriptionOwnership",
    "DollarRates",
    "SubscriptionPlans",
    "UsageBasedSubscriptions",
    "SimpleUsageSubscriptions",
    "CodeUpdates",
)
"""All contracts in the order of their deployment, each after those that it imports."""
UNITS: Final = 10**8
FLAT_PRICE_UFIX64: Final = 1_500_000
"""FLOW for 1,000 rated tokens in `SimpleUsageSubscriptions`."""
HOUR_SECONDS: Final = 3_600
DAY_SECONDS: Final = 24 * HOUR_SECONDS


class Deployer(Protocol):
    """An account that contracts are deployed to, and that signs its own transactions."""

    @property
    def address(self) -> str:
        """With or without `0x`."""

    def run(self, path: str, *arguments: Argument) -> object:
        """Send a transaction of `infra/cadence/transactions` and wait until it is sealed; raises when it fails."""


@dataclass(frozen=True, slots=True)
class TrustedFlare:
    """The Flare network that a light client trusts, and the first signing policy that it knows.

    `first_round_start` is in seconds since 1970. `message_window` is in reward epochs. By default roots are kept for so
    many rounds that a statement can be proven for a week.
    """

    source_chain_id: int
    rounds_per_reward_epoch: int
    first_policy: bytes
    is_chain_bound: bool = False
    roots_kept: int = 6_720
    message_window: int = 10
    first_round_start: int = 1_658_430_000
    round_seconds: int = 90
    older_scheme_returns_after_seconds: int = 7 * DAY_SECONDS
    protocol_id: int = FDC_PROTOCOL_ID


@dataclass(frozen=True, slots=True)
class Notices:
    """How long before a change takes effect users are told of it, and how long an epoch is; fixed at deployment.

    All in seconds. Triggers and dearer plans must be announced for twice as long as an exit takes. `settlement` is how
    long a confirmed statement can still be settled before an owner leaves, `revenue` how long a charge is held back, so
    that it can be given back.
    """

    trigger: int = 7 * DAY_SECONDS
    plan: int = 7 * DAY_SECONDS
    update: int = 7 * DAY_SECONDS
    exit: int = DAY_SECONDS
    epoch: int = 300
    settlement: int = HOUR_SECONDS
    revenue: int = 7 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Money:
    """The token of the deposits and how its price in dollars is read; set at deployment for good.

    `contract` is the token's contract, with its address where `flow.json` does not have it. `epoch_limit_ufix64` is the
    most that one epoch may charge a subscription whose owner has set no other limit, in 1e-8 of the token.
    `rate_jump_ufix64` is by which part of it the price may change within an hour.
    """

    contract: str = "FlowToken"
    address: str | None = None
    is_dollar: bool = False
    epoch_limit_ufix64: int = 100 * UNITS
    symbol: str = "FLOW"
    rate_age: int = 2 * HOUR_SECONDS
    rate_jump_ufix64: int = UNITS // 4


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A version of a plan. Prices are in the token of the deposits unless they are in dollars.

    The deposit and the balance that counts as low are in 1e-8 of the token.
    """

    plan_id: int = DEFAULT_PLAN
    version: int = 1
    tiers: Tiers = DEFAULT_TIERS
    is_in_dollars: bool = False
    minimum_deposit_ufix64: int = UNITS
    low_balance_ufix64: int = UNITS


@dataclass(frozen=True, slots=True)
class Terms:
    """What the contracts are configured with, for good."""

    notices: Notices = field(default_factory=Notices)
    money: Money = field(default_factory=Money)


def deploy(
    deployer: Deployer,
    network: str,
    flare: TrustedFlare,
    statements: AttestationTarget,
    terms: Terms | None = None,
) -> None:
    """Deploy the contracts, announce the triggers for statements and add the default plan.

    `statements` are the statements that may be attested. A contract that is deployed already gets the new code and
    keeps its configuration.
    """
    deploy_contracts(deployer, network, flare, terms or Terms())
    announce_statements(deployer, statements)
    announce_statements(deployer, statements, SIMPLE_TRIGGER, SIMPLE_HANDLER)
    add_plan(deployer, PlanTerms())


def deploy_light_client(deployer: Deployer, network: str, flare: TrustedFlare) -> None:
    """Deploy the light client of Flare alone."""
    put = partial(_put, deployer, network)
    put("FlareSignatures", "signatures")
    put("FlareOracleVerifier", "verifier", *_light_client(flare))


def deploy_contracts(deployer: Deployer, network: str, flare: TrustedFlare, terms: Terms) -> None:
    """Deploy the contracts alone, each after those that it imports."""
    deploy_light_client(deployer, network, flare)
    put = partial(_put, deployer, network)
    put("FlareFDCTriggers", "triggers", _seconds(terms.notices.trigger), uint64(terms.notices.epoch))
    for name in ("TriggerNotices", *PLAIN):
        put(name)
    put("SubscriptionCustody", "custody", *_custody(network, terms))
    put("SubscriptionOwnership")
    put("DollarRates", "rates", *_rates(terms.money))
    put("SubscriptionPlans", "plans", _seconds(terms.notices.plan), uint64(terms.notices.epoch))
    put("UsageBasedSubscriptions", "subscriptions", uint64(terms.notices.epoch))
    simple = ufix64(FLAT_PRICE_UFIX64), _seconds(terms.notices.exit), uint64(terms.notices.epoch)
    put("SimpleUsageSubscriptions", "simple_subscriptions", *simple)
    put("CodeUpdates", "updates", _seconds(terms.notices.update))


def _put(deployer: Deployer, network: str, name: str, transaction: str = "contract", *arguments: Argument) -> None:
    code = contract_code(name, network, deployer.address)
    given = arguments if transaction != "contract" else (string(name),)
    deployer.run(f"deploy/deploy_{transaction}.cdc", code, *given)


def _light_client(flare: TrustedFlare) -> list[Argument]:
    return [
        uint64(flare.protocol_id),
        uint256(flare.source_chain_id),
        uint64(flare.first_round_start),
        uint64(flare.round_seconds),
        uint64(flare.rounds_per_reward_epoch),
        uint64(flare.message_window),
        string(flare.first_policy.hex()),
        Argument("Bool", flare.is_chain_bound),
        uint64(flare.older_scheme_returns_after_seconds),
        uint64(flare.roots_kept),
    ]


def _custody(network: str, terms: Terms) -> list[Argument]:
    money, notices = terms.money, terms.notices
    token_address = money.address or contract_addresses(network, "")[money.contract]
    return [
        address(token_address),
        string(money.contract),
        Argument("Bool", money.is_dollar),
        _seconds(notices.exit),
        _seconds(notices.settlement),
        _seconds(notices.revenue),
        ufix64(money.epoch_limit_ufix64),
    ]


def _rates(money: Money) -> list[Argument]:
    return [string(money.symbol), _seconds(money.rate_age), ufix64(money.rate_jump_ufix64)]


def _seconds(seconds: int) -> Argument:
    return ufix64(seconds * UNITS)


def announce_statements(
    deployer: Deployer,
    statements: AttestationTarget,
    trigger_id: str = STATEMENT_TRIGGER,
    handler: str = STATEMENT_HANDLER,
) -> None:
    """Announce a trigger: the response that may be attested, and the handler that it is delivered to."""
    deployer.run(
        "fdc/announce_statement_trigger.cdc",
        string(trigger_id),
        string(statements.source_id),
        string(statements.url_prefix),
        string(POST_PROCESS_JQ),
        string(ABI_SIGNATURE),
        Argument("Int", str(len(ATTESTED_FIELDS))),
        string(handler),
    )


def add_plan(deployer: Deployer, plan: PlanTerms) -> None:
    """Announce a version of a plan."""
    ends = [tier.end_tokens for tier in plan.tiers.tiers if tier.end_tokens is not None]
    deployer.run(
        "subscriptions/add_plan.cdc",
        uint64(plan.plan_id),
        uint64(plan.version),
        Argument("Bool", plan.is_in_dollars),
        array(uint64, ends),
        array(ufix64, [tier.price_ufix64 for tier in plan.tiers.tiers]),
        ufix64(plan.minimum_deposit_ufix64),
        ufix64(plan.low_balance_ufix64),
    )


def contract_code(name: str, network: str, address: str) -> Argument:
    """The code of a contract, with imports resolved for a network, as an argument."""
    code = next((CADENCE / "contracts").rglob(f"{name}.cdc")).read_text()
    return string(resolve_imports(code, contract_addresses(network, address)))
