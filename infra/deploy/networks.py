"""The public networks: the Flow networks that contracts are deployed to, and the Flare network that each follows."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from flareflow.attestation.relay import FDC_PROTOCOL_ID
from infra.deploy.account import DeployerKey
from infra.deploy.contracts import Terms, TrustedFlare

PUBLIC_SOURCE: Final = "PublicWeb2"
"""The FDC's source for any public https url; Flare's test networks have it."""

type FlowName = Literal["emulator", "testnet", "mainnet"]


@dataclass(frozen=True, slots=True)
class FlareNetwork:
    """The constants of a Flare network that the contracts and the local voters need.

    `source_id` is None where Flare attests listed hosts only; the deployment must then name its source.
    `message_window` is how many reward epochs a message may be late. `first_round_start` is in seconds since 1970.
    `is_chain_bound` tells if the Relay's hashes contain the chain id.
    """

    name: str
    chain_id: int
    source_id: str | None
    rounds_per_reward_epoch: int
    message_window: int
    round_seconds: int = 90
    first_round_start: int = 1_658_430_000
    protocol_id: int = FDC_PROTOCOL_ID
    is_chain_bound: bool = False

    def trusting(self, first_policy: bytes) -> TrustedFlare:
        """The arguments of a light client of this network; `first_policy` is encoded as in the Relay."""
        return TrustedFlare(
            source_chain_id=self.chain_id,
            rounds_per_reward_epoch=self.rounds_per_reward_epoch,
            first_policy=first_policy,
            is_chain_bound=self.is_chain_bound,
            message_window=self.message_window,
            first_round_start=self.first_round_start,
            round_seconds=self.round_seconds,
            protocol_id=self.protocol_id,
        )

    def start_of(self, voting_round: int) -> datetime:
        """The time at which a voting round begins."""
        return datetime.fromtimestamp(self.first_round_start + voting_round * self.round_seconds, UTC)

    def reward_epoch_of(self, voting_round: int) -> int:
        """The reward epoch of a voting round, if Flare keeps to its plan."""
        return voting_round // self.rounds_per_reward_epoch

    def reward_epoch_at(self, moment: datetime) -> int:
        """The reward epoch at a time, if Flare keeps to its plan."""
        return self.reward_epoch_of((int(moment.timestamp()) - self.first_round_start) // self.round_seconds)


FLARE: Final = FlareNetwork("flare", 14, source_id=None, rounds_per_reward_epoch=3_360, message_window=10)
COSTON2: Final = FlareNetwork("coston2", 114, source_id=PUBLIC_SOURCE, rounds_per_reward_epoch=240, message_window=30)


@dataclass(frozen=True, slots=True)
class StandIns:
    """What a network on this machine brings, so that nobody has to name it.

    `policy` is the signing policy of the local voters, encoded; `statement_url_prefix` ends where the epoch begins.
    """

    key: DeployerKey
    policy: bytes
    statement_url_prefix: str


@dataclass(frozen=True, slots=True)
class FlowNetwork:
    """A Flow network: REST base url, `host:port` of the gRPC Access API, and the Flare network followed there.

    With `needs_guardians`, contracts are deployed only together with guardians who get the rights over them.
    """

    name: FlowName
    rest_url: str
    access: str
    flare: FlareNetwork
    terms: Terms = field(default_factory=Terms)
    stand_ins: StandIns | None = None
    needs_guardians: bool = False


TESTNET: Final = FlowNetwork(
    "testnet", "https://rest-testnet.onflow.org", "access.devnet.nodes.onflow.org:9000", COSTON2
)
MAINNET: Final = FlowNetwork(
    "mainnet", "https://rest-mainnet.onflow.org", "access.mainnet.nodes.onflow.org:9000", FLARE, needs_guardians=True
)
