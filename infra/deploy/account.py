"""The account that gets the contracts: finds its key, sends its transactions, waits until each is sealed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.adapters.flow.json_cdc import Argument
from flareflow.adapters.flow.rest import FlowRest, TransactionResult, cadence_code
from flareflow.adapters.flow.transactions import FlowSigner, FlowTransactions
from flareflow.errors import FlowUnavailableError
from flareflow.settlement.transactions import Progress, SignedTransaction, Stage

TRIES: Final = 3
SEND_TRIES: Final = 20
SEAL_SECONDS_MAX: Final = 180.0
POLL_SECONDS: Final = 0.3


class DeploymentFailedError(Exception):
    """A transaction changed nothing, and those after it were not sent. Repeating the deployment goes on from there."""


@dataclass(frozen=True, slots=True)
class Step:
    """A sealed transaction of `infra/cadence/transactions`, and what it did."""

    path: str
    transaction_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class AccountKey:
    """An account and who signs for it; `hash_algorithm` is what the account's key must be registered with."""

    address: str
    signer: FlowSigner
    hash_algorithm: str

    def index(self, rest: FlowRest) -> int:
        """The first key that signs alone; raises DeploymentFailedError where the account has none."""
        public_key = self.signer.public_key
        for key in rest.account_keys(self.address):
            if key.signs_alone(public_key) and key.hashing_algorithm == self.hash_algorithm:
                return key.index
        raise DeploymentFailedError(
            f"{self.address} has no key of full weight with {self.hash_algorithm} "
            f"and the public key of the signer, {public_key.hex()}"
        )


@dataclass(frozen=True, slots=True)
class AccountDeployer:
    """`Deployer` by an account that authorizes its own transactions; each is told of when it is sealed."""

    flow: FlowTransactions
    key_index: int
    tell: Callable[[Step], None]

    @property
    def address(self) -> str:
        return self.flow.operator

    def run(self, path: str, *arguments: Argument) -> object:
        """Raises DeploymentFailedError with the node's message, FlowUnavailableError when there is no node."""
        code = cadence_code(f"transactions/{path}", self.flow.addresses)
        sent, progress = self._ended(code, arguments)
        result = self.flow.rest.transaction_result(sent.id)
        if progress.stage is not Stage.SUCCEEDED:
            raise DeploymentFailedError(f"{path}, transaction {sent.id}: {result.error_message or progress.reason}")
        self.tell(Step(path, sent.id, outcome_of(result, self.address)))
        return result

    def _ended(self, code: str, arguments: Sequence[Argument]) -> tuple[SignedTransaction, Progress]:
        """Send until a transaction took effect or failed; a void one did nothing, and is signed anew."""
        for _ in range(TRIES):
            sent = self.flow.sign_code(code, arguments, self.key_index, is_authorizer=True)
            self._send(sent)
            progress = self._followed(sent)
            if progress.stage is not Stage.VOID:
                break
        return sent, progress

    def _send(self, sent: SignedTransaction) -> None:
        """The same bytes may be sent again: a node that was busy with a block is asked once more."""
        for attempt in range(1, SEND_TRIES + 1):
            try:
                refused = self.flow.send(sent)
            except FlowUnavailableError:
                if attempt == SEND_TRIES:
                    raise
                time.sleep(POLL_SECONDS)
            else:
                break
        if refused:
            raise DeploymentFailedError(f"the access node refused transaction {sent.id}: {refused}")

    def _followed(self, sent: SignedTransaction) -> Progress:
        give_up = time.monotonic() + SEAL_SECONDS_MAX
        while time.monotonic() < give_up:
            progress = self.flow.progress(sent)
            if progress.stage not in {Stage.UNKNOWN, Stage.PENDING}:
                return progress
            time.sleep(POLL_SECONDS)
        raise DeploymentFailedError(f"transaction {sent.id} was not sealed in {SEAL_SECONDS_MAX:.0f} s")


def outcome_of(result: TransactionResult, address: str) -> str:
    """What a transaction did to the contracts of an account, by its events."""
    kinds = [event.type for event in result.events]
    if "flow.AccountContractAdded" in kinds:
        return "deployed"
    if "flow.AccountContractUpdated" in kinds:
        return "code updated"
    ours = [kind.rpartition(".")[2] for kind in kinds if kind.startswith(f"A.{address.removeprefix('0x')}.")]
    return ", ".join(ours) or "there already"
