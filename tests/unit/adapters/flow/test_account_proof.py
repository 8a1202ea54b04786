"""The bytes of an account proof, and signatures over them."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from flareflow.accounts.models import AccountKey, AccountProof, HashAlgorithm, ProofType, SignatureAlgorithm
from flareflow.adapters.flow.account_proof import TAG, EcdsaProofVerifier, proof_message
from tests.support.ecdsa import P256, SECP256K1, Curve

PRIVATE = 7


@dataclass(frozen=True)
class Kind:
    """A kind of account key, and a nonce for whose proof s has 31 bytes instead of 32."""

    curve: Curve
    signature_algorithm: SignatureAlgorithm
    hash_algorithm: HashAlgorithm
    digest: Callable[[bytes], "hashlib._Hash"]
    short_s_nonce: int

    @property
    def key(self) -> AccountKey:
        numbers = self.curve.key(PRIVATE).public_key().public_numbers()
        public_key = numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
        return AccountKey(0, public_key, self.signature_algorithm, self.hash_algorithm, 1_000, revoked=False)

    @property
    def proof(self) -> AccountProof:
        nonce = self.short_s_nonce.to_bytes(32)
        return AccountProof("0x01cf0e2f2f715450", "https://app.flareflow.example", nonce, [])

    def sign(self) -> tuple[int, int]:
        digest = self.digest(proof_message(self.proof)).digest()
        return self.curve.sign(PRIVATE, digest, self.curve.short_r_nonce)


KINDS = [
    Kind(P256, SignatureAlgorithm.P256, HashAlgorithm.SHA3_256, hashlib.sha3_256, 60),
    Kind(SECP256K1, SignatureAlgorithm.SECP256K1, HashAlgorithm.SHA2_256, hashlib.sha256, 281),
]


def test_the_message_is_that_of_fcls_own_test() -> None:
    # Given the app, address and nonce of FCL's `encode-account-proof.test.js`
    nonce = bytes.fromhex("3037366134636339643564623330316636626239323161663465346131393662")
    proof = AccountProof("0x0000abc123def456", "AWESOME-APP-ID", nonce, [])
    # Then the message is the tag, and the RLP that FCL expects
    rlp = (
        "f8398e415745534f4d452d4150502d4944880000abc123def456"
        "a03037366134636339643564623330316636626239323161663465346131393662"
    )
    assert proof_message(proof) == TAG + bytes.fromhex(rlp)
    assert b"FCL-ACCOUNT-PROOF-V0.0" + bytes(10) == TAG


def test_a_user_signature_is_over_a_text_that_says_what_it_is_for() -> None:
    # Given a proof by user signature
    proof = AccountProof("0x01cf0e2f2f715450", "https://app.example", b"\xab" * 32, [], ProofType.USER_SIGNATURE)
    # Then the wallet shows who asks for what, and signs it with the tag of user messages
    tag, text = proof_message(proof)[:32], proof_message(proof)[32:].decode()
    assert tag == b"FLOW-V0.0-user" + bytes(18)
    assert text == (
        "https://app.example asks you to sign in to FlareFlow.\n"
        "\n"
        "This proves that the account is yours. It sends no transaction and costs nothing.\n"
        "It works once, within five minutes.\n"
        "\n"
        "Account: 0x01cf0e2f2f715450\n"
        f"Nonce: {'ab' * 32}"
    )


def test_the_assertion_of_a_passkey_is_no_signature_over_the_message() -> None:
    # Given what a passkey signs (WebAuthn): data of its own, and a hash of client data that name the message's hash
    kind = Kind(P256, SignatureAlgorithm.P256, HashAlgorithm.SHA2_256, hashlib.sha256, 0)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(proof_message(kind.proof)).digest()).rstrip(b"=").decode()
    client_data = json.dumps({"type": "webauthn.get", "challenge": challenge, "origin": "https://wallet.example"})
    signed = bytes(37) + hashlib.sha256(client_data.encode()).digest()
    r, s = P256.sign(PRIVATE, hashlib.sha256(signed).digest(), P256.short_r_nonce)
    # Then it does not hold
    assert not EcdsaProofVerifier().holds(kind.key, kind.proof, r.to_bytes(32) + s.to_bytes(32))


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_with_a_short_r_and_a_short_s_is_of_the_proof(kind: Kind) -> None:
    # Given a signature whose numbers have 31 bytes each
    r, s = kind.sign()
    assert max(r, s) < 2**248
    # When both are padded to 32 bytes, as wallets give them
    holds = EcdsaProofVerifier().holds(kind.key, kind.proof, r.to_bytes(32) + s.to_bytes(32))
    # Then the signature holds
    assert holds


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_that_is_not_64_bytes_does_not_hold(kind: Kind) -> None:
    r, s = kind.sign()
    for r_bytes, s_bytes in ((31, 31), (31, 32), (32, 31), (32, 33), (33, 32)):
        malformed = r.to_bytes(r_bytes) + s.to_bytes(s_bytes)
        assert not EcdsaProofVerifier().holds(kind.key, kind.proof, malformed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_does_not_hold_for_the_other_kind_of_key(kind: Kind) -> None:
    (other,) = (one for one in KINDS if one != kind)
    r, s = kind.sign()
    assert not EcdsaProofVerifier().holds(other.key, kind.proof, r.to_bytes(32) + s.to_bytes(32))
