"""Our encodings of data recorded on Flare are equal to the recorded bytes."""

from typing import Any

import pytest
from eth_abi.abi import decode

from flareflow.attestation.request import (
    RequestBody,
    encode_request,
    encode_response,
    leaf_hash,
    message_integrity_code,
)
from flareflow.attestation.signing_policy import SigningPolicy, chain_bound_hash, legacy_hash
from flareflow.merkle import fold
from infra.local.flare.fdc.merkle import round_tree
from tests.unit.attestation.vectors import recorded, unhex

COSTON_ROUND_792357_ROOT = "dd4a35a73e76d1326be609b349fff9beccc6516ef60692425cdc14a78965c11c"
POLICIES = recorded("signing_policies")
WEB2JSON = recorded("web2json_docs")
RESPONSE_TYPE = "(bytes32,bytes32,uint64,uint64,(string,string,string,string,string,string,string),(bytes))"


def test_the_root_of_a_recorded_round_follows_from_each_of_its_14_proofs() -> None:
    # Given a whole recorded round
    attestations = recorded("fdc_testing_data")["Attestations"]
    assert len(attestations) == 14
    # When every response is folded with its own proof
    roots = {fold(leaf_hash(unhex(a["response"])), map(unhex, a["proof"])).hex() for a in attestations}
    # Then all lead to the root that was finalized
    assert roots == {COSTON_ROUND_792357_ROOT}


def test_our_tree_over_the_recorded_responses_has_the_recorded_root_and_proofs() -> None:
    # Given the same round
    attestations = recorded("fdc_testing_data")["Attestations"]
    # When we build the tree ourselves
    tree = round_tree(leaf_hash(unhex(a["response"])) for a in attestations)
    # Then root and proofs are those that Flare served
    assert tree.root.hex() == COSTON_ROUND_792357_ROOT
    for attestation in attestations:
        assert list(tree.proof(leaf_hash(unhex(attestation["response"])))) == [unhex(p) for p in attestation["proof"]]


@pytest.mark.parametrize("name", POLICIES)
def test_a_recorded_signing_policy_is_decoded_and_encoded_byte_for_byte(name: str) -> None:
    # Given a policy of Flare or Songbird with its fields as published
    published = POLICIES[name]
    encoded = unhex(published["signingPolicyBytes"])
    # When it is decoded
    policy = SigningPolicy.decode(encoded)
    # Then the fields are the published ones and the bytes come back
    assert policy.reward_epoch == published["rewardEpochId"]
    assert policy.start_voting_round == published["startVotingRoundId"]
    assert policy.threshold == published["threshold"]
    assert policy.seed == unhex(published["seed"])
    assert [voter.address for voter in policy.voters] == [unhex(address) for address in published["voters"]]
    assert [voter.weight for voter in policy.voters] == published["weights"]
    assert policy.encode() == encoded


def test_both_hashes_of_epoch_309_are_the_published_ones() -> None:
    # Given Flare's policy of reward epoch 309
    policy = unhex(POLICIES["flare-309"]["signingPolicyBytes"])
    hashes = recorded("signing_policy_309_hashes")
    # Then it hashes to what Flare publishes, in the old scheme and in the new one
    assert legacy_hash(policy) == unhex(hashes["legacy_hash"])
    assert chain_bound_hash(policy, 14) == unhex(hashes["chain_bound_hash_source_chain_id_14"])


@pytest.mark.parametrize("name", WEB2JSON)
def test_a_recorded_web2json_proof_is_what_we_would_have_built(name: str) -> None:
    # Given a recorded request and response
    request, response = unhex(WEB2JSON[name]["abiEncodedRequest"]), unhex(WEB2JSON[name]["response_hex"])
    source, voting_round, timestamp, body, (data,) = _decoded(response)
    # When both are encoded from their parts
    rebuilt = encode_response(source, body, data, voting_round, timestamp)
    code = message_integrity_code(rebuilt)
    # Then every byte is the recorded one, the integrity code included
    assert rebuilt == response
    assert encode_request(source, body, code) == request


def _decoded(response: bytes) -> tuple[str, int, int, RequestBody, Any]:
    (fields,) = decode([RESPONSE_TYPE], response)
    _, source, voting_round, timestamp, body, response_body = fields
    return source.rstrip(b"\0").decode(), voting_round, timestamp, RequestBody(*body), response_body
