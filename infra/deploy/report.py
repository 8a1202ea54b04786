"""The tables that a deployment prints: what will be trusted, and afterwards what the contracts tell."""

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from rich.table import Table

from flareflow.adapters.flow.json_cdc import UNITS_PER_TOKEN, uint64
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.errors import FlowUnavailableError
from infra.deploy.contracts import DEFAULT_PLAN
from infra.deploy.inputs import Deployment


class _LightClient(BaseModel):
    reward_epoch: int = Field(alias="latestRewardEpoch")
    start_voting_round: int = Field(alias="startVotingRound")
    threshold: int
    voters: int
    is_chain_bound: bool = Field(alias="isChainBound")


class _Tier(BaseModel):
    end_tokens: int | None = Field(alias="endTokens")
    price_ufix64: int = Field(alias="price")


_TIERS = TypeAdapter(list[_Tier])


def intention(deployment: Deployment) -> Table:
    """The networks, and the policy that a new light client will trust, to be compared with Flare's own."""
    network, policy = deployment.network, deployment.policy
    flare, decoded = network.flare, policy.decoded
    begins = flare.start_of(decoded.start_voting_round)
    table = _table("To be deployed")
    table.add_row("Flow", f"{network.name}, account {deployment.key.address}")
    table.add_row("Flare", f"{flare.name}, chain {flare.chain_id}, protocol {flare.protocol_id}")
    table.add_row("statements", f"{deployment.statements.url_prefix}… by {deployment.statements.source_id}")
    table.add_section()
    table.add_row("first policy", f"reward epoch {decoded.reward_epoch}; trusted where the light client is new")
    table.add_row("begins", f"voting round {decoded.start_voting_round}, {begins:%Y-%m-%d %H:%M} UTC")
    table.add_row("voters", f"{len(decoded.voters)}; more than {decoded.threshold} of the weight {decoded.weight} sign")
    table.add_row("hash", policy.hash(is_chain_bound=False))
    table.add_row("chain-bound hash", policy.hash(is_chain_bound=True))
    return table


def on_chain(scripts: FlowScripts) -> Table:
    """The light client and the default plan on chain. Raises FlowUnavailableError if they cannot be read."""
    try:
        client = _LightClient.model_validate(scripts.run("flare/get_light_client.cdc"))
        tiers = _TIERS.validate_python(scripts.run("subscriptions/get_tiers.cdc", [uint64(DEFAULT_PLAN)]))
    except ValidationError as error:
        raise FlowUnavailableError("the contracts describe themselves in another form") from error
    scheme = "chain-bound" if client.is_chain_bound else "older"
    table = _table("On chain")
    table.add_row("newest policy", f"reward epoch {client.reward_epoch}, from round {client.start_voting_round}")
    table.add_row("voters", f"{client.voters}; threshold {client.threshold}, {scheme} hashes")
    table.add_section()
    for tier in tiers:
        end = f"to {tier.end_tokens:,} tokens" if tier.end_tokens is not None else "above"
        table.add_row(end, f"{tier.price_ufix64 / UNITS_PER_TOKEN:.8f} FLOW for 1,000")
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")  # a hash is compared by eye, so it is never shortened
    return table
