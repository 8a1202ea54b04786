"""Deploys the contracts to one account of a Flow network, or updates them there; may be repeated at any time.

The caller provides the signer: a key in memory on a local network, a key in KMS elsewhere.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from flareflow.adapters.flow.contracts import STATEMENT_TRIGGER
from flareflow.adapters.flow.json_cdc import Argument, array, string, ufix64, uint64, uint256
from flareflow.adapters.flow.rest import CADENCE, contract_addresses, resolve_imports
from flareflow.attestation.relay import FDC_PROTOCOL_ID
from flareflow.attestation.request import ABI_SIGNATURE, ATTESTED_FIELDS, POST_PROCESS_JQ, AttestationTarget
from flareflow.settlement.pricing import DEFAULT_TIERS, Tiers

DEFAULT_PLAN: Final = 0
STATEMENT_HANDLER: Final = "usageBasedSubscriptionsHandler"
SIMPLE_TRIGGER: Final = "simple-statement/1"
SIMPLE_HANDLER: Final = "simpleUsageSubscriptionsHandler"
UNITS: Final = 10**8
FLAT_PRICE_UFIX64: Final = 1_500_000
"""FLOW for 1,000 rated tokens in `SimpleUsageSubscriptions`."""
DAY_SECONDS: Final = 86_400


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

    All in seconds.
    """

    trigger: int = 7 * DAY_SECONDS
    plan: int = 7 * DAY_SECONDS
    exit: int = DAY_SECONDS
    epoch: int = 300


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """A version of a plan. The deposit and the balance that counts as low are in 1e-8 FLOW."""

    plan_id: int = DEFAULT_PLAN
    version: int = 1
    tiers: Tiers = DEFAULT_TIERS
    minimum_deposit_ufix64: int = UNITS
    low_balance_ufix64: int = UNITS


def deploy(
    deployer: Deployer,
    network: str,
    flare: TrustedFlare,
    statements: AttestationTarget,
    notices: Notices | None = None,
) -> None:
    """Deploy the contracts, announce the triggers for statements and add the default plan.

    `statements` are the statements that may be attested. A contract that is deployed already gets the new code and
    keeps its configuration.
    """
    deploy_contracts(deployer, network, flare, notices or Notices())
    announce_statements(deployer, statements)
    announce_statements(deployer, statements, SIMPLE_TRIGGER, SIMPLE_HANDLER)
    add_plan(deployer, PlanTerms())


def deploy_contracts(deployer: Deployer, network: str, flare: TrustedFlare, notices: Notices) -> None:
    """Deploy the contracts alone, each after those that it imports."""
    deployer.run("deploy/deploy_signatures.cdc", contract_code("FlareSignatures", network, deployer.address))
    deployer.run(
        "deploy/deploy_verifier.cdc",
        contract_code("FlareOracleVerifier", network, deployer.address),
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
    )
    deployer.run(
        "deploy/deploy_triggers.cdc",
        contract_code("FlareFDCTriggers", network, deployer.address),
        ufix64(notices.trigger * UNITS),
        uint64(notices.epoch),
    )
    deployer.run(
        "deploy/deploy_subscriptions.cdc",
        contract_code("UsageBasedSubscriptions", network, deployer.address),
        ufix64(notices.plan * UNITS),
        ufix64(notices.exit * UNITS),
    )
    deployer.run(
        "deploy/deploy_simple_subscriptions.cdc",
        contract_code("SimpleUsageSubscriptions", network, deployer.address),
        ufix64(FLAT_PRICE_UFIX64),
        ufix64(notices.exit * UNITS),
    )


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
        array(uint64, ends),
        array(ufix64, [tier.price_ufix64 for tier in plan.tiers.tiers]),
        ufix64(plan.minimum_deposit_ufix64),
        ufix64(plan.low_balance_ufix64),
    )


def contract_code(name: str, network: str, address: str) -> Argument:
    """The code of a contract, with imports resolved for a network, as an argument."""
    code = (CADENCE / "contracts" / f"{name}.cdc").read_text()
    return string(resolve_imports(code, contract_addresses(network, address)))
