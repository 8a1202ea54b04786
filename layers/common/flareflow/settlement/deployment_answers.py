"""The public description of a deployment: what a page, a wallet or a verifier has to know to use it."""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field

from flareflow.answers import Address, Answer, Number, shown

FLOW_EXPLORER: Final = "https://testnet.flowscan.io"
FLARE_EXPLORER: Final = "https://coston2-explorer.flare.network"

type FlowNetwork = Literal["emulator", "testnet", "mainnet"]


class FlareNetwork(StrEnum):
    """The Flare networks by name; `local` is the one of the local stack."""

    FLARE = "flare"
    COSTON2 = "coston2"
    LOCAL = "local"

    @property
    def chain_id(self) -> int:
        """The chain id of its EVM."""
        return {FlareNetwork.FLARE: 14, FlareNetwork.COSTON2: 114, FlareNetwork.LOCAL: 31_337}[self]


class FlowExplorerAnswer(Answer):
    """Addresses in an explorer of Flow; put the id of a transaction, an address or a contract's name in the braces."""

    transaction: Annotated[str, shown(FLOW_EXPLORER + "/tx/{transaction}")]
    account: Annotated[str, shown(FLOW_EXPLORER + "/account/{address}")]
    contract: Annotated[str, shown(FLOW_EXPLORER + "/contract/A.{address}.{name}")]

    @classmethod
    def at(cls, base: str) -> Self | None:
        """The addresses of Flowscan at `base`; None for an empty one."""
        if not base:
            return None
        return cls(
            transaction=f"{base}/tx/{{transaction}}",
            account=f"{base}/account/{{address}}",
            contract=f"{base}/contract/A.{{address}}.{{name}}",
        )


class FlareExplorerAnswer(Answer):
    """Addresses in an explorer of Flare; put the hash of a transaction or an address in the braces."""

    transaction: Annotated[str, shown(FLARE_EXPLORER + "/tx/{transaction}")]
    address: Annotated[str, shown(FLARE_EXPLORER + "/address/{address}")]

    @classmethod
    def at(cls, base: str) -> Self | None:
        """The addresses of Blockscout at `base`; None for an empty one."""
        if not base:
            return None
        return cls(transaction=f"{base}/tx/{{transaction}}", address=f"{base}/address/{{address}}")


class TokenAnswer(Answer):
    """The token of the deposits: its symbol, and the contract that defines it."""

    symbol: Annotated[str, shown("FLOW")]
    contract: Annotated[str, shown("FlowToken")]
    address: Address


class FlowAnswer(Answer):
    """Flow, where deposits are. `access_node`: its REST API. `wallet_discovery`: for FCL's `discovery.wallet`.

    `contracts` are this deployment's by name, `dependencies` those that they and the transactions import.
    """

    network: FlowNetwork
    access_node: Annotated[str, shown("https://rest-testnet.onflow.org")]
    wallet_discovery: Annotated[str, shown("https://fcl-discovery.onflow.org/testnet/authn")]
    contracts: Annotated[dict[str, Address], Field(examples=[{"SubscriptionCustody": "0x01cf0e2f2f715450"}])]
    dependencies: Annotated[dict[str, Address], Field(examples=[{"FungibleToken": "0x9a0766d93b6608b7"}])]
    token: TokenAnswer
    explorer: FlowExplorerAnswer | None


class FlareAnswer(Answer):
    """Flare, which attests statements. `registry` is FlareContractRegistry, which names the Relay that holds now."""

    network: FlareNetwork
    chain_id: Number
    rpc: Annotated[str, shown("https://coston2-api.flare.network/ext/C/rpc")]
    registry: Annotated[
        str,
        Field(pattern="^0x[0-9a-fA-F]{40}$", examples=["0xaD67FE66660Fb8dFE9d6b1b4240d8650e30F6019"]),
    ]
    explorer: FlareExplorerAnswer | None


class DeploymentAnswer(Answer):
    """What there is to know of a deployment; nothing of it is secret, and it changes only when it is deployed anew.

    `models_url`: the base URL for clients of OpenAI's API. `live_url`: the WebSocket. `statements_url`: what the URL
    that Flare attests is, up to the epoch in 10 digits. `counted_within_seconds`: a call is promised to be in a
    statement whose epoch it ends in or that ends so much later. `source_url`: where its source code is, null if that
    is not public.
    """

    flow: FlowAnswer
    flare: FlareAnswer
    models_url: Annotated[str, shown("https://models.flareflow.example/v1")]
    live_url: Annotated[str, shown("wss://live.flareflow.example/live")]
    statements_url: Annotated[str, shown("https://api.flareflow.example/v1/statements/")]
    epoch_seconds: Number
    counted_within_seconds: Number
    source_url: Annotated[str | None, shown("https://source.flareflow.example")]
