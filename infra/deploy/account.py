"""The account that contracts are deployed to: the key that signs for it, and what its transactions did."""

from collections.abc import Callable
from dataclasses import dataclass

from flareflow.adapters.flow.cadence import cadence_code
from flareflow.adapters.flow.json_cdc import Argument
from flareflow.adapters.flow.rest import FlowRest, TransactionResult
from flareflow.adapters.flow.transactions import FlowSigner
from infra.deploy.sending import AccountSender, TransactionFailedError


class DeploymentFailedError(Exception):
    """A transaction changed nothing, and those after it were not sent. Repeating the deployment goes on from there."""


@dataclass(frozen=True, slots=True)
class Step:
    """A sealed transaction of `infra/cadence/transactions`, and what it did."""

    path: str
    transaction_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class DeployerKey:
    """An account and what signs for it."""

    address: str
    signer: FlowSigner

    def index(self, rest: FlowRest) -> int:
        """The first key that signs alone; raises DeploymentFailedError where the account has none."""
        public_key, hash_algorithm = self.signer.public_key, self.signer.hash_algorithm
        for key in rest.account_keys(self.address):
            if key.signs_alone(public_key) and key.hashing_algorithm == hash_algorithm:
                return key.index
        raise DeploymentFailedError(
            f"{self.address} has no key of full weight with {hash_algorithm} "
            f"and the public key of the signer, {public_key.hex()}"
        )


@dataclass(frozen=True, slots=True)
class AccountDeployer:
    """`Deployer` by an account that authorizes its own transactions; `tell` gets each once it is sealed."""

    sender: AccountSender
    tell: Callable[[Step], None]

    @property
    def address(self) -> str:
        return self.sender.flow.operator

    def run(self, path: str, *arguments: Argument) -> object:
        """Raises DeploymentFailedError with the node's message, FlowUnavailableError when no node answers."""
        code = cadence_code(f"transactions/{path}", self.sender.flow.addresses)
        try:
            transaction_id, result = self.sender.run(code, *arguments)
        except TransactionFailedError as error:
            raise DeploymentFailedError(f"{path}, {error}") from error
        self.tell(Step(path, transaction_id, outcome_of(result, self.address)))
        return result


def outcome_of(result: TransactionResult, address: str) -> str:
    """What a transaction did to the contracts of an account, by its events."""
    kinds = [event.type for event in result.events]
    if "flow.AccountContractAdded" in kinds:
        return "deployed"
    if "flow.AccountContractUpdated" in kinds:
        return "code updated"
    ours = [kind.rpartition(".")[2] for kind in kinds if kind.startswith(f"A.{address.removeprefix('0x')}.")]
    return ", ".join(ours) or "there already"
