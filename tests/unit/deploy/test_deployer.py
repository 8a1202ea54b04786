"""The account that deploys: the key that it signs with, and how it deals with transactions that do not succeed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from flareflow.adapters.flow.rest import Event, RestAccountKey, TransactionResult
from flareflow.errors import FlowUnavailableError
from flareflow.settlement.transactions import Progress, SignedTransaction, Stage
from infra.deploy import sending
from infra.deploy.account import AccountDeployer, DeployerKey, DeploymentFailedError, Step, outcome_of
from infra.deploy.sending import AccountSender
from infra.local.flow.accounts import service_account

ADDRESS = "0x0123456789abcdef"
PATH = "deploy/deploy_triggers.cdc"
SUCCEEDED = Progress(Stage.SUCCEEDED)
VOID = Progress(Stage.VOID, "[Error Code: 1007]")


@dataclass
class FakeNode:
    """The part of `FlowTransactions` that the sender uses; it gives the prepared answers in their order."""

    progresses: list[Progress]
    sendings: list[str | Exception | None] = field(default_factory=list)
    keys: list[RestAccountKey] = field(default_factory=list)
    error_message: str = ""
    sent: list[str] = field(default_factory=list)
    signed: int = 0
    operator: str = ADDRESS
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def rest(self) -> "FakeNode":
        return self

    def sign_code(self, code: str, arguments: Sequence[object], key_index: int, *, is_authorizer: bool) -> object:
        assert is_authorizer
        self.signed += 1
        return SignedTransaction(f"transaction-{self.signed}", b"", 0)

    def send(self, transaction: SignedTransaction) -> str | None:
        self.sent.append(transaction.id)
        answer = self.sendings.pop(0) if self.sendings else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def progress(self, _: SignedTransaction) -> Progress:
        return self.progresses.pop(0)

    def transaction_result(self, _: str) -> TransactionResult:
        return result(error_message=self.error_message)

    def account_keys(self, _: str) -> list[RestAccountKey]:
        return self.keys


def result(*events: str, error_message: str = "") -> TransactionResult:
    made = [Event(type=one, transaction_id="", transaction_index=0, event_index=0, payload=b"") for one in events]
    return TransactionResult(status="Sealed", status_code=0, error_message=error_message, block_id="", events=made)


def run(node: FakeNode) -> list[Step]:
    """Run one transaction; the steps that were told."""
    told: list[Step] = []
    AccountDeployer(AccountSender(cast("Any", node), 0, pause=lambda _: None), told.append).run(PATH)
    return told


def chain_key(index: int, **otherwise: object) -> RestAccountKey:
    usable: dict[str, Any] = {
        "index": index,
        "public_key": f"0x{service_account().public_key.hex()}",
        "signing_algorithm": "ECDSA_P256",
        "hashing_algorithm": "SHA3_256",
        "sequence_number": 0,
        "weight": 1_000,
        "revoked": False,
    }
    return RestAccountKey(**usable | otherwise)


def test_a_sealed_transaction_is_reported() -> None:
    node = FakeNode([Progress(Stage.UNKNOWN), Progress(Stage.PENDING), SUCCEEDED])
    assert run(node) == [Step(PATH, "transaction-1", "there already")]
    assert node.sent == ["transaction-1"]


def test_a_void_transaction_is_signed_and_sent_anew() -> None:
    node = FakeNode([VOID, SUCCEEDED])
    assert run(node) == [Step(PATH, "transaction-2", "there already")]


def test_three_void_transactions_end_the_deployment() -> None:
    node = FakeNode([VOID] * 3)
    with pytest.raises(DeploymentFailedError, match=r"deploy_triggers.cdc, transaction transaction-3: .*1007"):
        run(node)


def test_a_busy_node_is_sent_the_same_transaction_again() -> None:
    node = FakeNode([SUCCEEDED], sendings=[FlowUnavailableError("busy"), None])
    run(node)
    assert node.sent == ["transaction-1", "transaction-1"]


def test_a_node_that_never_answers_is_unavailable() -> None:
    with pytest.raises(FlowUnavailableError, match="away"):
        run(FakeNode([], sendings=[FlowUnavailableError("away")] * sending.SENDINGS_MAX))


def test_a_refused_transaction_ends_the_deployment() -> None:
    with pytest.raises(DeploymentFailedError, match="refused transaction transaction-1: invalid signature"):
        run(FakeNode([], sendings=["invalid signature"]))


def test_a_failed_transaction_ends_the_deployment_with_the_whole_message() -> None:
    message = "x" * 2_000
    with pytest.raises(DeploymentFailedError, match=message):
        run(FakeNode([Progress(Stage.FAILED, "shortened")], error_message=message))


def test_a_transaction_that_is_never_sealed_ends_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SEAL_SECONDS_MAX", 0.0)
    with pytest.raises(DeploymentFailedError, match="transaction-1 was not sealed in 0 s"):
        run(FakeNode([Progress(Stage.PENDING)]))


def test_the_first_key_that_can_sign_alone_is_taken() -> None:
    # Given keys that are another's, too light, revoked or of another hash, before two that fit
    unfit: list[dict[str, object]] = [
        {"public_key": "0x" + "00" * 64},
        {"weight": 999},
        {"revoked": True},
        {"hashing_algorithm": "SHA2_256"},
    ]
    keys = [chain_key(index, **one) for index, one in enumerate([*unfit, {}, {}])]
    # When the account's key is looked for, then it is the first of those two
    key = DeployerKey(ADDRESS, service_account())
    assert key.index(cast("Any", FakeNode([], keys=keys))) == 4
    # And without them there is none
    with pytest.raises(DeploymentFailedError, match=f"{ADDRESS} has no key of full weight with SHA3_256"):
        key.index(cast("Any", FakeNode([], keys=keys[:4])))


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        (["flow.AccountContractAdded", f"A.{ADDRESS[2:]}.FlareOracleVerifier.SigningPolicyConfirmed"], "deployed"),
        (["flow.AccountContractUpdated"], "code updated"),
        ([f"A.{ADDRESS[2:]}.FlareFDCTriggers.TriggerAnnounced"], "TriggerAnnounced"),
        (["A.f919ee77447b7497.FlowFees.FeesDeducted"], "there already"),
    ],
)
def test_the_outcome_of_a_transaction_follows_from_its_events(events: list[str], outcome: str) -> None:
    assert outcome_of(result(*events), ADDRESS) == outcome
