"""Account proofs, checked against the keys of an account on the Flow emulator."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flow_py_sdk import HashAlgo, InMemorySigner, SignAlgo

from flareflow.accounts.models import AccountProof, KeySignature
from flareflow.accounts.proof import ProveAccount
from flareflow.adapters.flow.account_proof import EcdsaProofVerifier, proof_message
from flareflow.adapters.flow.accounts import FlowAccountKeys
from flareflow.adapters.flow.rest import FlowRest, http_client
from flareflow.errors import UnauthenticatedError
from infra.local.flow.emulator import SERVICE_ADDRESS, SERVICE_PRIVATE_KEY, flow_emulator
from infra.local.ports import url
from tests.support.servers import running

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def prove() -> Iterator[ProveAccount]:
    with running(flow_emulator()), http_client(url("flow_rest")) as http:
        yield ProveAccount(FlowAccountKeys(FlowRest(http)), EcdsaProofVerifier())


@pytest.fixture
def proof() -> AccountProof:
    """Signed with the service account's published key, as a wallet would."""
    signer = InMemorySigner(
        hash_algo=HashAlgo.SHA3_256, sign_algo=SignAlgo.ECDSA_P256, private_key_hex=SERVICE_PRIVATE_KEY
    )
    unsigned = AccountProof(f"0x{SERVICE_ADDRESS}", "https://app.flareflow.example", bytes(32), [])
    return replace(unsigned, signatures=[KeySignature(0, signer.sign(proof_message(unsigned)))])


def test_the_proof_of_an_account_on_chain_holds(prove: ProveAccount, proof: AccountProof) -> None:
    prove.run(proof)


def test_a_proof_over_another_nonce_does_not_hold(prove: ProveAccount, proof: AccountProof) -> None:
    with pytest.raises(UnauthenticatedError):
        prove.run(replace(proof, nonce=b"\x01" * 32))


def test_the_proof_of_an_account_that_is_not_on_chain_does_not_hold(prove: ProveAccount, proof: AccountProof) -> None:
    with pytest.raises(UnauthenticatedError):
        prove.run(replace(proof, address="0x179b6b1cb6755e31"))
