"""The signer of a signature, compared with another implementation and with a signature recorded on Flare."""

import random

import pytest
from eth_keys.datatypes import PrivateKey
from eth_keys.main import KeyAPI

from flareflow.attestation.relay import signed_digest
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.keccak import keccak256
from flareflow_verify.secp256k1 import BASE, FIELD, ORDER, signer_of
from tests.unit.attestation.vectors import recorded, unhex

KEY = PrivateKey(keccak256(b"a voter"))
DIGEST = keccak256(b"what is signed")
SIGNATURE = KEY.sign_msg_hash(DIGEST)
V, R, S = 27 + SIGNATURE.v, SIGNATURE.r, SIGNATURE.s


def test_the_signer_is_the_one_that_another_implementation_finds() -> None:
    # Given signatures of random keys over random digests
    chance = random.Random(1)
    for _ in range(40):
        key, digest = PrivateKey(chance.randbytes(32)), chance.randbytes(32)
        signature = key.sign_msg_hash(digest)
        # Then each is found to be by its key
        found = signer_of(digest, 27 + signature.v, signature.r, signature.s)
        assert found == key.public_key.to_canonical_address()


def test_a_signature_with_a_high_s_is_by_the_same_signer() -> None:
    # As in Ethereum's ecrecover: (r, n - s) with the other parity is a signature too
    assert signer_of(DIGEST, 54 + 1 - V, R, ORDER - S) == KEY.public_key.to_canonical_address()


def test_a_signature_recorded_on_flare_is_by_the_recorded_voter() -> None:
    vector = recorded("signature_812662")
    policy = SigningPolicy.decode(unhex(recorded("signing_policies")[vector["policy"]]["signingPolicyBytes"]))
    digest = signed_digest(keccak256(unhex(vector["message"])))
    found = signer_of(digest, vector["v"], int(vector["r"], 16), int(vector["s"], 16))
    assert found == policy.voters[vector["voter"]].address


@pytest.mark.parametrize(
    ("v", "r", "s"),
    [
        pytest.param(26, R, S, id="a parity that there is not"),
        pytest.param(29, R, S, id="an r above the order"),
        pytest.param(V, 0, S, id="no r"),
        pytest.param(V, ORDER, S, id="an r that is the order"),
        pytest.param(V, R, 0, id="no s"),
        pytest.param(V, R, ORDER, id="an s that is the order"),
        pytest.param(V, 5, S, id="an r that is on no point"),
        pytest.param(V, FIELD + 1, S, id="an r above the field"),
    ],
)
def test_what_is_no_signature_has_no_signer(v: int, r: int, s: int) -> None:
    assert signer_of(DIGEST, v, r, s) is None


def test_a_signature_whose_key_would_be_infinity_has_no_signer() -> None:
    # Given r and s such that s R = z G: R is the base point itself, and s the digest
    digest = (12_345).to_bytes(32)
    assert signer_of(digest, 27 + BASE[1] % 2, BASE[0], 12_345) is None


def test_equal_points_are_added_as_well() -> None:
    # Given a signature whose point R is the base point, so that both products are of one point
    api = KeyAPI()
    for s in (1, 2, 12_346, ORDER - 1):
        signature = api.Signature(vrs=(BASE[1] % 2, BASE[0], s))
        wanted = signature.recover_public_key_from_msg_hash(DIGEST).to_canonical_address()
        assert signer_of(DIGEST, 27 + BASE[1] % 2, BASE[0], s) == wanted
