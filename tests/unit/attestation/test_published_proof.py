"""The document with which anybody proves a statement."""

import json

import pytest

from flareflow.attestation.models import SignedPolicy
from flareflow.attestation.request import NO_TIMESTAMP
from flareflow.statements.documents import attestation_path
from tests.fakes.attestation import REWARD_EPOCH
from tests.unit.attestation.test_advancing import FILLER, TARGET, Attesting, words_of


@pytest.fixture
def attesting() -> Attesting:
    return Attesting()


def test_the_published_proof_has_all_that_a_stranger_needs(attesting: Attesting) -> None:
    # Given a signing policy that is known, and a statement that is attested
    policy = SignedPolicy(REWARD_EPOCH, b"the policy", signatures=b"")
    attesting.policies.put(policy)
    attesting.request(7)
    attesting.finish_round()
    # When it is proven
    attesting.tick()
    # Then response, siblings, what was signed, signatures and policy are in its document
    finalization = attesting.of(7).finalization
    assert finalization is not None
    assert json.loads(attesting.documents.kept[attestation_path(7)].text) == {
        "voting_round": "1000",
        "response": f"0x{TARGET.response(7, words_of(7), 1_000, NO_TIMESTAMP).hex()}",
        "siblings": [f"0x{FILLER.hex()}"],
        "message": f"0x{finalization.message.hex()}",
        "signatures": f"0x{finalization.signatures.hex()}",
        "policy": f"0x{policy.policy.hex()}",
    }


def test_a_proof_is_published_without_a_policy_that_is_not_known(attesting: Attesting) -> None:
    attesting.request(7)
    attesting.finish_round()
    attesting.tick()
    assert json.loads(attesting.documents.kept[attestation_path(7)].text)["policy"] is None
