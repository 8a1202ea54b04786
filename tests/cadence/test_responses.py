"""Whole responses that the light client proves, and what could be taken for one."""

import pytest

from flareflow.adapters.flow.json_cdc import string, uint64
from flareflow.attestation.request import leaf_hash
from flareflow.keccak import keccak256
from flareflow.merkle import fold
from infra.local.flare.fdc.merkle import round_tree
from infra.local.flare.fdc.voters import sign_by_all
from tests.cadence.flare import CONFIRM, Electorate, confirming, message_of
from tests.support.flow_emulator import FIRST_ROUND, ROUNDS, Attested, Chain, path_of, words_of
from tests.unit.attestation.vectors import recorded, unhex

pytestmark = pytest.mark.stack

VERIFY = "flare/verify_response.cdc"


def attested(epoch: int = 7) -> Attested:
    return Attested(epoch, words_of(epoch, keccak256(b"a settlement root")), FIRST_ROUND + epoch)


def test_every_changed_byte_of_a_response_is_refused(chain: Chain) -> None:
    # Given a confirmed response
    told = attested()
    chain.run(CONFIRM, *told.confirming())
    chain.script(VERIFY, *told.verifying())
    # When a byte is changed, here and there over its whole length
    for at in range(32, len(told.response), 97):
        changed = bytearray(told.response)
        changed[at] ^= 1
        # Then it is proven no more
        refusal = f"FlareOracleVerifier.verify: the response does not belong to the root of round {told.round}"
        chain.refuses_to_tell(refusal, VERIFY, *told.verifying(bytes(changed)))


def test_an_inner_node_cannot_be_passed_as_a_response(chain: Chain) -> None:
    # Given a confirmed tree, and the two nodes below its root with their order
    told = attested()
    chain.run(CONFIRM, *told.confirming())
    (*lower, last) = told.proof
    node = fold(leaf_hash(told.response), lower)
    pair = min(node, last) + max(node, last)
    assert keccak256(pair) == told.tree.root
    # Then they are no response, though their hash is the root
    chain.refuses_to_tell(
        "FlareOracleVerifier.verify: a response begins with the word 0x20; what does not could be an inner node",
        VERIFY,
        uint64(told.round),
        string(pair.hex()),
        path_of([]),
    )


def test_an_attested_response_cannot_be_passed_as_an_inner_node(chain: Chain) -> None:
    # Given a response that Flare never saw, and one that it attested for an attacker, which ends with the hash of it
    forged = attested(8).response
    bait = b"\0" * 31 + b"\x20" + b"an attacker's own statement".ljust(64) + leaf_hash(forged)
    tree = round_tree([leaf_hash(bait), leaf_hash(attested().response)])
    message = message_of(FIRST_ROUND, tree.root)
    chain.run(CONFIRM, *confirming(message, sign_by_all(keccak256(message))))
    assert fold(leaf_hash(forged), [bait[:-32], *tree.proof(leaf_hash(bait))]) == tree.root
    # Then what stands before that hash is no sibling
    chain.refuses_to_tell(
        f"FlareOracleVerifier.foldPath: a node has 32 bytes, not {len(bait) - 32}",
        VERIFY,
        uint64(FIRST_ROUND),
        string(forged.hex()),
        path_of([bait[:-32], *tree.proof(leaf_hash(bait))]),
    )


def test_a_response_of_an_unconfirmed_round_is_refused(chain: Chain) -> None:
    told = attested()
    chain.refuses_to_tell(
        f"FlareOracleVerifier.verify: no root is confirmed for round {told.round}", VERIFY, *told.verifying()
    )


@pytest.mark.parametrize("number", range(14))
def test_every_attestation_of_a_recorded_round_is_proven(coston: Chain, number: int) -> None:
    # Given a round of Coston with its recorded root
    attestation = recorded("fdc_testing_data")["Attestations"][number]
    # Then each response belongs to it by its recorded proof
    proof = path_of([unhex(sibling) for sibling in attestation["proof"]])
    coston.script(VERIFY, uint64(792_357), string(attestation["response"].removeprefix("0x")), proof)


@pytest.fixture
def coston(chain: Chain) -> Chain:
    """A light client that has confirmed round 792357 of Coston."""
    attestations = recorded("fdc_testing_data")["Attestations"]
    tree = round_tree([leaf_hash(unhex(attestation["response"])) for attestation in attestations])
    assert tree.root.hex() == "dd4a35a73e76d1326be609b349fff9beccc6516ef60692425cdc14a78965c11c"
    return confirmed(chain, 792_357, tree.root)


def confirmed(chain: Chain, voting_round: int, root: bytes) -> Chain:
    voters = Electorate.of([100] * 3, reward_epoch=voting_round // ROUNDS)
    client = chain.light_client(voters.trusted())
    message = message_of(voting_round, root)
    client.run(CONFIRM, *confirming(message, voters.sign(keccak256(message)), voting_round // ROUNDS))
    return client


@pytest.mark.parametrize("name", recorded("web2json_docs"))
def test_a_recorded_web2json_response_is_proven(chain: Chain, name: str) -> None:
    # Given a recorded response and the root that its proof leads to
    vector = recorded("web2json_docs")[name]
    response = unhex(vector["response_hex"])
    proof = [unhex(sibling) for sibling in vector["proof"]]
    voting_round = int.from_bytes(response[96:128])
    client = confirmed(chain, voting_round, fold(leaf_hash(response), proof))
    # Then the contract proves it
    client.script(VERIFY, uint64(voting_round), string(response.hex()), path_of(proof))
