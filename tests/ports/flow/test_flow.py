"""The `Flow` port, with the fake and with an access node; and `FlowRest` on its own.

The transactions are stand-ins with the arguments of the real ones: a page of epoch 13 panics.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from flow_py_sdk import HashAlgo, InMemorySigner, SignAlgo

from flareflow.adapters.flow import cadence
from flareflow.adapters.flow.json_cdc import address, array, string, ufix64, uint64, uint256
from flareflow.adapters.flow.rest import FlowRest, FlowScripts, http_client
from flareflow.adapters.flow.transactions import AccessNode, FlowTransactions
from flareflow.errors import FlowRefusedError, FlowUnavailableError
from flareflow.settlement.chain_events import HEIGHTS_MAX
from flareflow.settlement.ports import Flow
from flareflow.settlement.transactions import Progress, SettlePage, SignedTransaction, Stage
from infra.local.flow.emulator import SERVICE_ADDRESS, SERVICE_PRIVATE_KEY, flow_emulator
from infra.local.ports import HOST, port, url
from tests.fakes.settlement import FakeFlow
from tests.support.eventually import eventually
from tests.support.servers import running

SETTLE: Final = """
    transaction(epoch: UInt64, page: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64], path: [String]) {
        execute {
            if epoch == 13 { panic("no such root") }
        }
    }
"""
SETTLED: Final = SettlePage(7, 0, (1, 2), (1_000, 2_000), (b"\x01" * 32,))
REFUSED: Final = SettlePage(13, 0, (1,), (1_000,), ())


class ServiceAccountSigner:
    """The emulator's service account, whose key is public."""

    hash_algorithm = "SHA3_256"

    def __init__(self) -> None:
        self._signer = InMemorySigner(
            hash_algo=HashAlgo.SHA3_256, sign_algo=SignAlgo.ECDSA_P256, private_key_hex=SERVICE_PRIVATE_KEY
        )

    @property
    def public_key(self) -> bytes:
        key: bytes = self._signer.key.get_verifying_key().to_string()
        return key

    def sign(self, message: bytes) -> bytes:
        signature: bytes = self._signer.sign(message)
        return signature


@pytest.fixture(scope="module")
def rest() -> Iterator[FlowRest]:
    with running(flow_emulator()), http_client(url("flow_rest")) as http:
        yield FlowRest(http)


@pytest.fixture
def emulator(rest: FlowRest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlowTransactions:
    folder = tmp_path / "transactions" / "subscriptions"
    folder.mkdir(parents=True)
    (folder / "settle_page.cdc").write_text(SETTLE)
    monkeypatch.setattr(cadence, "CADENCE", tmp_path)
    access = AccessNode(HOST, port("flow_grpc"))
    return FlowTransactions(rest, access, SERVICE_ADDRESS, ServiceAccountSigner(), {})


@dataclass
class Chain:
    """The port, and a way to have a block made; the emulator makes one each second."""

    flow: Flow
    mine: Callable[[], None]

    def ended(self, transaction: SignedTransaction) -> Progress:
        def look() -> Progress | None:
            self.mine()
            progress = self.flow.progress(transaction)
            return None if progress.stage in {Stage.UNKNOWN, Stage.PENDING} else progress

        return eventually(look)


@pytest.fixture(params=["fake", pytest.param("emulator", marks=pytest.mark.stack)])
def chain(request: pytest.FixtureRequest) -> Chain:
    if request.param == "fake":
        fake = FakeFlow(keys=(0,), failing={REFUSED.purpose: "no such root"})
        return Chain(fake, fake.mine)
    return Chain(request.getfixturevalue("emulator"), lambda: None)


def test_a_transaction_that_was_never_sent_is_unknown(chain: Chain) -> None:
    assert chain.flow.progress(chain.flow.sign(SETTLED, 0)).stage is Stage.UNKNOWN


def test_a_sent_transaction_succeeds(chain: Chain) -> None:
    transaction = chain.flow.sign(SETTLED, 0)
    assert chain.flow.send(transaction) is None
    assert chain.ended(transaction) == Progress(Stage.SUCCEEDED)


def test_the_same_bytes_can_be_sent_again_at_any_time(chain: Chain) -> None:
    transaction = chain.flow.sign(SETTLED, 0)
    assert [chain.flow.send(transaction), chain.flow.send(transaction)] == [None, None]
    chain.ended(transaction)
    assert chain.flow.send(transaction) is None
    assert chain.ended(transaction) == Progress(Stage.SUCCEEDED)


def test_a_transaction_that_panics_fails_with_its_message(chain: Chain) -> None:
    transaction = chain.flow.sign(REFUSED, 0)
    chain.flow.send(transaction)
    progress = chain.ended(transaction)
    assert progress.stage is Stage.FAILED
    assert "no such root" in progress.reason


def test_of_two_with_the_same_sequence_number_the_second_is_void(chain: Chain) -> None:
    first, second = chain.flow.sign(SETTLED, 0), chain.flow.sign(SETTLED, 0)
    if first.id == second.id:
        second = chain.flow.sign(SettlePage(7, 1, (1,), (1_000,), ()), 0)
    chain.flow.send(first)
    chain.flow.send(second)
    assert chain.ended(first) == Progress(Stage.SUCCEEDED)
    assert chain.ended(second).stage is Stage.VOID


def test_the_keys_that_can_propose_are_listed(chain: Chain) -> None:
    assert list(chain.flow.proposer_keys()) == [0]


@pytest.mark.stack
def test_a_node_that_cannot_be_reached_is_unavailable(emulator: FlowTransactions) -> None:
    nowhere = FlowTransactions(
        emulator.rest, AccessNode(HOST, port("flow_grpc") + 40), SERVICE_ADDRESS, emulator.signer, {}
    )
    with pytest.raises(FlowUnavailableError):
        nowhere.send(emulator.sign(SETTLED, 0))


@pytest.mark.stack
def test_every_kind_of_argument_arrives_in_a_script_as_it_was(rest: FlowRest) -> None:
    code = """
        access(all) fun main(a: UInt64, b: UInt256, c: UFix64, d: String, e: Address, f: [UInt64]): [AnyStruct?] {
            return [a, b, c, d, e, f, nil, {"k": true}]
        }
    """
    arguments = [uint64(2**64 - 1), uint256(2**256 - 1), ufix64(150_000_001), string('é"'), address(SERVICE_ADDRESS)]
    assert rest.execute(code, [*arguments, array(uint64, [1, 2])]) == [
        2**64 - 1,
        2**256 - 1,
        150_000_001,
        'é"',
        f"0x{SERVICE_ADDRESS}",
        [1, 2],
        None,
        {"k": True},
    ]


@pytest.mark.stack
def test_a_script_that_panics_is_refused_with_its_message(rest: FlowRest) -> None:
    with pytest.raises(FlowRefusedError, match="1101"):
        rest.execute('access(all) fun main() { panic("no") }')


@pytest.mark.stack
def test_a_script_is_found_by_its_path_and_imports_by_name(
    rest: FlowRest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a script with an import that no node understands
    (tmp_path / "scripts").mkdir()
    script = 'import "FlowToken"\naccess(all) fun main(): UFix64 { return FlowToken.totalSupply }'
    (tmp_path / "scripts" / "supply.cdc").write_text(script)
    monkeypatch.setattr(cadence, "CADENCE", tmp_path)
    # When it is run with the contract's address, then it is understood
    supply = FlowScripts(rest, {"FlowToken": "0x0ae53cb6e3f42a79"}).run("supply.cdc")
    assert isinstance(supply, int)
    assert supply > 0


@pytest.mark.stack
def test_account_keys_have_what_verifying_a_signature_needs(rest: FlowRest) -> None:
    (key,) = rest.account_keys(f"0x{SERVICE_ADDRESS}")
    assert key.public_key == "0x" + ServiceAccountSigner().public_key.hex()
    assert (key.signing_algorithm, key.hashing_algorithm) == ("ECDSA_P256", "SHA3_256")
    assert (key.weight, key.revoked) == (1_000, False)


@pytest.mark.stack
def test_an_account_has_a_balance(rest: FlowRest) -> None:
    assert rest.account_balance(f"0x{SERVICE_ADDRESS}") > 10**8


@pytest.mark.stack
def test_an_account_that_does_not_exist_has_no_keys(rest: FlowRest) -> None:
    assert rest.account_keys("0xffffffffffffffff") == []


@pytest.mark.stack
def test_events_of_the_first_blocks_are_found(rest: FlowRest) -> None:
    blocks = rest.events("A.0ae53cb6e3f42a79.FlowToken.TokensMinted", 0, 0)
    assert [block.block_height for block in blocks] == [0]


@pytest.mark.stack
def test_more_heights_than_a_node_answers_for_are_refused(rest: FlowRest) -> None:
    with pytest.raises(FlowRefusedError, match="250"):
        rest.events("A.0ae53cb6e3f42a79.FlowToken.TokensMinted", 0, HEIGHTS_MAX)
