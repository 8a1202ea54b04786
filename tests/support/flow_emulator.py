"""Our contracts on a Flow emulator of the tests' own, rolled back after each test."""

import base64
import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

import httpx
import pytest

from flareflow.adapters.flow.cadence import cadence_code, resolve_imports
from flareflow.adapters.flow.contracts import STATEMENT_TRIGGER
from flareflow.adapters.flow.json_cdc import Argument, Value, array, string, ufix64, uint64, uint256
from flareflow.adapters.flow.rest import TransactionResult
from flareflow.attestation.relay import FDC_PROTOCOL_ID, PolicySignature, RootMessage
from flareflow.attestation.request import ATTESTED_FIELDS, NO_TIMESTAMP, AttestationTarget, leaf_hash
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.keccak import keccak256
from flareflow.merkle import ArrayTree
from flareflow.statements.merkle import OrderedTree
from flareflow.statements.models import SettlementPage
from infra.deploy.contracts import (
    LIGHT_CLIENT,
    Money,
    Notices,
    Terms,
    TrustedFlare,
    deploy,
    deploy_light_client,
)
from infra.deploy.sending import TransactionFailedError
from infra.local.flare.fdc.merkle import round_tree
from infra.local.flare.fdc.voters import policy_of, sign_by_all
from infra.local.flow.accounts import LocalAccount, LocalFlow, service_account
from infra.local.flow.contracts import MAINNET_FEES, LocalDeployer, deploy_stand_ins
from infra.local.flow.emulator import flow_emulator
from infra.local.ports import url
from tests.support.chain_clock import START_SECONDS, ClockedDeployer
from tests.support.eventually import WAIT_SECONDS_MAX
from tests.support.kept_deployments import KeptDeployments
from tests.support.servers import ports_apart, running

PORTS_APART: Final = 200
"""So far from the local stack's ports are those of this emulator."""
FLOW: Final = 10**8
CHAIN_ID: Final = 114
ROUNDS: Final = 240
REWARD_EPOCH: Final = 1_000
FIRST_ROUND: Final = REWARD_EPOCH * ROUNDS
TARGET: Final = AttestationTarget("PublicWeb2", "https://statements.flareflow.test/v1/statements/")
NO_WINDOW: Final = 1_000_000
"""Reward epochs: the rounds of the tests lie years back, and most tests do not mind."""
NOTICES: Final = Notices(trigger=0, plan=0, update=0, exit=0, settlement=0, revenue=0)
SHORT_NOTICES: Final = Notices(trigger=2, plan=2, update=2, exit=1, settlement=0, revenue=0)
LONG_NOTICES: Final = Notices(trigger=7_200, plan=7_200, exit=3_600, settlement=0, revenue=0)
"""Under these a test sees what may not happen before a notice ends, under short ones what may happen after it."""
FUNDS: Final = 1_000 * FLOW
MONEY: Final = Money(epoch_limit_ufix64=1_000 * FLOW)
EPOCH_SECONDS: Final = 300
CLOCK_REWARD_EPOCH: Final = 1
CLOCK_ROUNDS: Final = 10_000_000
CLOCK_ROUND_SECONDS: Final = 90
CLOCK_FIRST_ROUND_START: Final = START_SECONDS - (CLOCK_ROUNDS + 3_000) * CLOCK_ROUND_SECONDS
"""On a deployment with its own clock one reward epoch lasts for years; it has begun 3,000 rounds before."""

DELIVER: Final = "flare/deliver_statement.cdc"
SETTLE: Final = "subscriptions/settle_page.cdc"

type Events = Sequence[tuple[str, dict[str, Any]]]


def first_policy() -> SigningPolicy:
    """The signing policy that the tests' light client is deployed with."""
    return policy_of(REWARD_EPOCH, ROUNDS)


def flare_of_tests() -> TrustedFlare:
    return TrustedFlare(CHAIN_ID, ROUNDS, first_policy().encode(), message_window=NO_WINDOW)


def flare_of_the_clock() -> TrustedFlare:
    return TrustedFlare(
        CHAIN_ID,
        CLOCK_ROUNDS,
        policy_of(CLOCK_REWARD_EPOCH, CLOCK_ROUNDS).encode(),
        message_window=NO_WINDOW,
        first_round_start=CLOCK_FIRST_ROUND_START,
        round_seconds=CLOCK_ROUND_SECONDS,
    )


def hex_of(signatures: Sequence[PolicySignature]) -> Argument:
    return string(b"".join(signature.encode() for signature in signatures).hex())


def path_of(hashes: Sequence[bytes]) -> Argument:
    return array(string, [sibling.hex() for sibling in hashes])


@dataclass(frozen=True)
class Attested:
    """A statement's words as Flare would attest them, in a round with `others` other attestations."""

    epoch: int
    words: tuple[int, ...]
    round: int
    target: AttestationTarget = TARGET
    timestamp: int = NO_TIMESTAMP
    others: int = 6
    reward_epoch: int = REWARD_EPOCH

    @cached_property
    def response(self) -> bytes:
        return self.target.response(self.epoch, self.words, self.round, self.timestamp)

    @cached_property
    def tree(self) -> ArrayTree:
        others = [keccak256(f"another attestation {number}".encode()) for number in range(self.others)]
        return round_tree([leaf_hash(self.response), *others])

    @property
    def message(self) -> bytes:
        return RootMessage(FDC_PROTOCOL_ID, self.round, False, self.tree.root).encode()

    @property
    def proof(self) -> Sequence[bytes]:
        return self.tree.proof(leaf_hash(self.response))

    def confirming(self) -> list[Argument]:
        """The arguments of `confirm_root.cdc`, signed by all voters of the first policy."""
        signatures = sign_by_all(keccak256(self.message))
        return [uint64(self.reward_epoch), string(self.message.hex()), hex_of(signatures)]

    def verifying(self, response: bytes | None = None) -> list[Argument]:
        """The arguments of `verify_response.cdc`."""
        return [uint64(self.round), string((response or self.response).hex()), path_of(self.proof)]

    def delivering(self, words: Sequence[int] | None = None, trigger_id: str = STATEMENT_TRIGGER) -> list[Argument]:
        """The arguments of `deliver_statement.cdc` after those of `confirm_root.cdc`."""
        return [
            string(trigger_id),
            uint64(self.round),
            uint64(self.timestamp),
            uint64(self.epoch),
            array(uint256, words or self.words),
            path_of(self.proof),
        ]


def words_of(epoch: int, settlement_root: bytes, total: int = 2**200) -> tuple[int, ...]:
    """The attested words of an epoch; `total` is the sum that pages may claim, unused words are arbitrary."""
    words = [number + 1 for number in range(len(ATTESTED_FIELDS))]
    words[0], words[4], words[6] = epoch, int.from_bytes(settlement_root), total
    return tuple(words)


@dataclass(frozen=True)
class Chain:
    """The emulator with our contracts deployed to `provider`."""

    flow: LocalFlow
    provider: LocalAccount
    deployments: KeptDeployments
    clock: ClockedDeployer | None = None

    @property
    def contract(self) -> str:
        """The type id of the contract of subscriptions, as pages name it."""
        return f"A.{self.provider.address}.UsageBasedSubscriptions"

    def run(self, path: str, *arguments: Argument, signer: LocalAccount | None = None) -> TransactionResult:
        """Send a transaction of `infra/cadence/transactions`, by the service account if no signer is named."""
        return self.flow.run(signer or service_account(), path, *arguments)

    def refuses(self, message: str, path: str, *arguments: Argument, signer: LocalAccount | None = None) -> None:
        """Assert that the transaction fails with this message."""
        with pytest.raises(TransactionFailedError) as refused:
            self.run(path, *arguments, signer=signer)
        assert message in str(refused.value)

    def events(self, result: TransactionResult) -> Events:
        """The events of our contracts in a transaction: name and fields."""
        ours = f"A.{self.provider.address}."
        return [
            (event.type.rsplit(".", 1)[1], dict(event.fields()))  # type: ignore[arg-type]
            for event in result.events
            if event.type.startswith(ours)
        ]

    def computation(self, result: TransactionResult) -> float:
        """The computation units of a transaction, from the event of its fees."""
        (fees,) = [event.fields() for event in result.events if event.type.endswith("FlowFees.FeesDeducted")]
        assert isinstance(fees, dict) and isinstance(fees["executionEffort"], int)
        return float(fees["executionEffort"])

    def script(self, path: str, *arguments: Argument) -> Value:
        return self.flow.script(path, *arguments)

    def refuses_to_tell(self, message: str, path: str, *arguments: Argument) -> None:
        """Assert that the script fails with this message, which the adapter would shorten."""
        body = {
            "script": _base64(cadence_code(f"scripts/{path}", self.flow.addresses).encode()),
            "arguments": [_base64(argument.encode()) for argument in arguments],
        }
        answer = self.flow.rest.http.post("/v1/scripts?block_height=sealed", json=body)
        assert answer.is_error
        assert message in answer.json()["message"]

    def evaluate(self, code: str, *arguments: Argument) -> Value:
        """The result of a script that a test wrote."""
        return self.flow.rest.execute(resolve_imports(code, self.flow.addresses), arguments)

    def subscriber(self, deposit: int = 10 * FLOW, plan: int = 0) -> tuple[LocalAccount, int]:
        """A new account with an open subscription, and the subscription's id."""
        account = self.flow.create_account(FUNDS)
        return account, self.open(account, deposit, plan)

    def open(self, account: LocalAccount, deposit: int = 10 * FLOW, plan: int = 0) -> int:
        result = self.run(
            "subscriptions/open_subscription.cdc", uint64(plan), uint64(1), ufix64(deposit), signer=account
        )
        ((_, opened),) = self.events(result)
        return int(opened["subscriptionId"])

    def epoch_now(self) -> int:
        """The epoch that runs on this deployment; one that has not ended cannot be attested."""
        code = """
            import "UsageBasedSubscriptions"
            access(all) fun main(): UInt64 { return UsageBasedSubscriptions.currentEpoch() }
        """
        answer = self.evaluate(code)
        assert isinstance(answer, int)
        return answer

    def subscription(self, subscription_id: int) -> dict[str, Any]:
        answer = self.script("subscriptions/get_subscription.cdc", uint64(subscription_id))
        assert isinstance(answer, dict)
        return answer

    def pages(self, epoch: int, *pages: Sequence[tuple[int, int]]) -> OrderedTree:
        """A settlement tree over pages of (id, total)."""
        return OrderedTree.over(
            SettlementPage(self.contract, epoch, number, tuple(entries)).hash for number, entries in enumerate(pages)
        )

    def attested(self, epoch: int, root: bytes, total: int = 2**200) -> Attested:
        """What Flare attests of an epoch: in any round for small numbers, else in the one in which the epoch begins."""
        words = words_of(epoch, root, total)
        if self.clock is None:
            return Attested(epoch, words, FIRST_ROUND + epoch % ROUNDS)
        is_small = epoch < FIRST_ROUND
        begins = (epoch * EPOCH_SECONDS - CLOCK_FIRST_ROUND_START) // CLOCK_ROUND_SECONDS
        return Attested(epoch, words, CLOCK_ROUNDS + epoch if is_small else begins, reward_epoch=CLOCK_REWARD_EPOCH)

    def attest(self, epoch: int, root: bytes, total: int = 2**200) -> Attested:
        """Let Flare attest a settlement root, with the sum that its pages may claim, and deliver it."""
        attested = self.attested(epoch, root, total)
        self.run(DELIVER, *attested.confirming(), *attested.delivering())
        return attested

    def attested_page(self, epoch: int, *entries: tuple[int, int]) -> list[Argument]:
        """Attest one page of (id, total); the arguments of `settle_page.cdc`."""
        tree = self.pages(epoch, entries)
        self.attest(epoch, tree.root)
        return settling(epoch, 0, entries, tree.path(0))

    def settle(self, epoch: int, *entries: tuple[int, int]) -> TransactionResult:
        """Attest one page of (id, total) and settle it."""
        return self.run(SETTLE, *self.attested_page(epoch, *entries))

    def deployed_again(
        self, flare: TrustedFlare | None = None, notices: Notices = NOTICES, money: Money = MONEY
    ) -> "Chain":
        """The same contracts on another account, with another policy, other notices or another token."""
        return _deployed(self.deployments, LocalDeployer, flare or flare_of_tests(), notices, money)

    def with_own_clock(
        self, flare: TrustedFlare | None = None, notices: Notices = NOTICES, money: Money = MONEY
    ) -> "Chain":
        """The same contracts on another account, where time passes only by `wait`."""
        return _deployed(self.deployments, ClockedDeployer, flare or flare_of_the_clock(), notices, money)

    def light_client(self, flare: TrustedFlare) -> "Chain":
        """The light client of Flare alone on another account, with another policy."""
        return _light_client(self.deployments, LocalDeployer, flare)

    def light_client_with_own_clock(self, flare: TrustedFlare) -> "Chain":
        """The same, where time passes only by `wait`."""
        return _light_client(self.deployments, ClockedDeployer, flare)

    def wait(self, seconds: float) -> None:
        """Let so much time pass: at once on a deployment with its own clock, by sleeping on any other.

        A block has the time at which the one before it was made, so another block follows the sleep.
        """
        if self.clock is not None:
            self.clock.advance(seconds)
            return
        time.sleep(seconds)
        httpx.post(f"{self.admin_url}/emulator/newBlock", timeout=WAIT_SECONDS_MAX).raise_for_status()

    @contextmanager
    def rolled_back(self) -> Iterator["Chain"]:
        """Afterwards the chain is as it was before, but for deployments that are kept."""
        with self.deployments.rolled_back():
            yield self

    @property
    def admin_url(self) -> str:
        return url("flow_admin")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def settling(epoch: int, page: int, entries: Sequence[tuple[int, int]], path: Sequence[bytes]) -> list[Argument]:
    """The arguments of `subscriptions/settle_page.cdc`."""
    return [uint64(epoch), *page_of(page, entries, path)]


def page_of(page: int, entries: Sequence[tuple[int, int]], path: Sequence[bytes]) -> list[Argument]:
    """The arguments of `simple/settle_page.cdc`: a page without its epoch."""
    ids, totals = [entry[0] for entry in entries], [entry[1] for entry in entries]
    return [uint64(page), array(uint64, ids), array(uint64, totals), path_of(path)]


def _deployed(
    deployments: KeptDeployments,
    deployer_of: type[LocalDeployer],
    flare: TrustedFlare,
    notices: Notices = NOTICES,
    money: Money = MONEY,
) -> Chain:
    deploy_all = partial(_deploy, flare=flare, terms=Terms(notices, money))
    name = _name_of(deployer_of, flare, notices, money)
    return _chain(deployments, deployments.get(name, deployer_of, deploy_all))


def _deploy(deployer: LocalDeployer, flare: TrustedFlare, terms: Terms) -> None:
    _deploy_clock(deployer)
    deploy(deployer, "emulator", flare, TARGET, terms)


def _light_client(deployments: KeptDeployments, deployer_of: type[LocalDeployer], flare: TrustedFlare) -> Chain:
    def deploy_two(deployer: LocalDeployer) -> None:
        _deploy_clock(deployer)
        deploy_light_client(deployer, "emulator", flare)

    name = _name_of(deployer_of, flare, LIGHT_CLIENT)
    return _chain(deployments, deployments.get(name, deployer_of, deploy_two, LIGHT_CLIENT))


def _name_of(deployer_of: type[LocalDeployer], *terms: object) -> str:
    return hashlib.sha256(f"{deployer_of.__name__} {' '.join(map(str, terms))}".encode()).hexdigest()


def _deploy_clock(deployer: LocalDeployer) -> None:
    if isinstance(deployer, ClockedDeployer):
        deployer.deploy_clock()


def _chain(deployments: KeptDeployments, deployer: LocalDeployer) -> Chain:
    clock = deployer if isinstance(deployer, ClockedDeployer) else None
    return Chain(deployer.flow, deployer.account, deployments, clock)


@contextmanager
def emulator(*, coverage: bool = True) -> Iterator[None]:
    """An emulator that makes a block for each transaction runs inside, on ports of the tests' own."""
    with ports_apart(PORTS_APART), running(flow_emulator(block_time=None, coverage=coverage)):
        yield


@contextmanager
def running_chain(*, coverage: bool = True) -> Iterator[Chain]:
    """An emulator with mainnet's fees, an oracle and our contracts."""
    with emulator(coverage=coverage), LocalFlow.at() as flow:
        deployments = KeptDeployments.of(flow, FUNDS)
        if not deployments.kept:
            deployments.prepare(lambda: _prepare(flow))
        yield _deployed(deployments, LocalDeployer, flare_of_tests())


def _prepare(flow: LocalFlow) -> None:
    """Set mainnet's fees and deploy what other networks bring."""
    flow.run(service_account(), "admin/set_fees.cdc", *map(ufix64, MAINNET_FEES))
    deploy_stand_ins(LocalDeployer(flow, service_account()))
