"""Signing in by wallet, with real keys of every kind that Flow accounts have."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from flareflow.accounts.models import (
    AccountKey,
    AccountProof,
    HashAlgorithm,
    KeySignature,
    ProofType,
    SignatureAlgorithm,
)
from flareflow.accounts.proof import ProveAccount
from flareflow.accounts.sessions import FindSession, OpenSession, SignedIn
from flareflow.accounts.sign_in import NONCE_LIFETIME, GiveNonce, SignIn
from flareflow.adapters.flow.account_proof import EcdsaProofVerifier, proof_message
from flareflow.errors import ForbiddenError, RequestError, UnauthenticatedError
from flareflow.inputs import Client
from tests.fakes.accounts import (
    ALICE,
    BOB,
    FakeAccountKeys,
    FakeClock,
    FakeNonces,
    FakeSessions,
    FakeTokens,
)

ORIGIN = "https://app.flareflow.example"
CLIENT = Client("192.0.2.1", "a browser")
CURVES = {SignatureAlgorithm.P256: ec.SECP256R1(), SignatureAlgorithm.SECP256K1: ec.SECP256K1()}
HASHES = {HashAlgorithm.SHA2_256: hashlib.sha256, HashAlgorithm.SHA3_256: hashlib.sha3_256}


@dataclass
class Wallet:
    """A Flow account's private keys, as a wallet holds them."""

    address: str
    on_chain: list[AccountKey] = field(default_factory=list)
    private: list[ec.EllipticCurvePrivateKey] = field(default_factory=list)

    def add_key(
        self,
        weight: int = 1000,
        curve: SignatureAlgorithm = SignatureAlgorithm.P256,
        hashing: HashAlgorithm = HashAlgorithm.SHA3_256,
    ) -> None:
        private = ec.generate_private_key(CURVES[curve])
        numbers = private.public_key().public_numbers()
        public = numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
        self.on_chain.append(AccountKey(len(self.private), public, curve, hashing, weight, revoked=False))
        self.private.append(private)

    def sign(self, index: int, message: bytes) -> KeySignature:
        digest = HASHES[self.on_chain[index].hash_algorithm](message).digest()
        r, s = decode_dss_signature(self.private[index].sign(digest, ec.ECDSA(Prehashed(SHA256()))))
        return KeySignature(index, r.to_bytes(32) + s.to_bytes(32))

    def prove(
        self,
        nonce: str,
        indices: Sequence[int] = (0,),
        origin: str = ORIGIN,
        proof_type: ProofType = ProofType.ACCOUNT_PROOF,
    ) -> AccountProof:
        unsigned = AccountProof(self.address, origin, bytes.fromhex(nonce), [], proof_type)
        return replace(unsigned, signatures=[self.sign(index, proof_message(unsigned)) for index in indices])


@dataclass
class Door:
    """The two calls of signing in, over fakes."""

    clock: FakeClock = field(default_factory=FakeClock)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    nonces: FakeNonces = field(default_factory=FakeNonces)
    sessions: FakeSessions = field(default_factory=FakeSessions)
    accounts: FakeAccountKeys = field(default_factory=FakeAccountKeys)

    def nonce(self) -> str:
        return GiveNonce(self.nonces, self.tokens, self.clock).run().nonce

    def sign_in(self, proof: AccountProof) -> SignedIn:
        prove = ProveAccount(self.accounts, EcdsaProofVerifier())
        origins = frozenset({ORIGIN})
        open_session = OpenSession(self.sessions, self.tokens, self.clock)
        return SignIn(self.nonces, prove, origins, open_session, self.clock).run(proof, CLIENT)

    def who(self, token: str) -> str | None:
        session = FindSession(self.sessions, self.clock).run(token)
        return session.address if session else None

    def wallet(self, address: str = ALICE, weights: Sequence[int] = (1000,)) -> Wallet:
        wallet = Wallet(address)
        for weight in weights:
            wallet.add_key(weight)
        self.accounts.keys[address] = wallet.on_chain
        return wallet


@pytest.fixture
def door() -> Door:
    return Door()


def refusal(door: Door, proof: AccountProof) -> str:
    with pytest.raises(RequestError) as refused:
        door.sign_in(proof)
    return refused.value.code


@pytest.mark.parametrize("curve", list(SignatureAlgorithm))
@pytest.mark.parametrize("hashing", list(HashAlgorithm))
@pytest.mark.parametrize("proof_type", list(ProofType))
def test_a_full_weight_key_of_any_kind_signs_in(
    door: Door, curve: SignatureAlgorithm, hashing: HashAlgorithm, proof_type: ProofType
) -> None:
    # Given an account with one key
    wallet = door.wallet(weights=[])
    wallet.add_key(1000, curve, hashing)
    # When it proves itself
    signed_in = door.sign_in(wallet.prove(door.nonce(), proof_type=proof_type))
    # Then the token is a session of that account
    assert (signed_in.address, door.who(signed_in.access_token)) == (ALICE, ALICE)


def test_keys_of_less_weight_sign_in_together_but_not_alone(door: Door) -> None:
    # Given an account with two keys of 500
    wallet = door.wallet(weights=[500, 500])
    # Then one is not enough, both are
    assert refusal(door, wallet.prove(door.nonce(), [0])) == "invalid_proof"
    assert door.sign_in(wallet.prove(door.nonce(), [0, 1])).address == ALICE


@pytest.mark.parametrize("weights", [[999, 1], [999], [500, 499, 1]])
def test_keys_of_999_sign_in_beside_the_key_of_a_custodial_wallet(door: Door, weights: list[int]) -> None:
    # Given an account whose wallet holds a key of weight 1
    wallet = door.wallet(weights=weights)
    own = [index for index, weight in enumerate(weights) if weight > 1]
    # Then the keys of its user are enough
    assert door.sign_in(wallet.prove(door.nonce(), own)).address == ALICE


@pytest.mark.parametrize("weights", [[998, 2], [1, 999], [998]])
def test_a_key_of_less_than_999_is_refused_alone(door: Door, weights: list[int]) -> None:
    assert refusal(door, door.wallet(weights=weights).prove(door.nonce())) == "invalid_proof"


def test_keys_of_four_kinds_sign_together(door: Door) -> None:
    # Given an account with a key of each curve and hash, of which all are needed
    wallet = door.wallet(weights=[])
    for curve in SignatureAlgorithm:
        for hashing in HashAlgorithm:
            wallet.add_key(250, curve, hashing)
    # Then they sign in together, in any order, and three of them do not
    assert door.sign_in(wallet.prove(door.nonce(), [2, 0, 3, 1])).address == ALICE
    assert refusal(door, wallet.prove(door.nonce(), [0, 1, 2])) == "invalid_proof"


def test_a_signature_is_of_one_type_of_proof_only(door: Door) -> None:
    # Given a proof of each type, sent as one of the other
    wallet = door.wallet()
    for made, sent in (tuple(ProofType), tuple(reversed(ProofType))):
        proof = replace(wallet.prove(door.nonce(), proof_type=made), type=sent)
        # Then it does not hold
        assert refusal(door, proof) == "invalid_proof"


def test_one_key_counts_once_however_often_it_signs(door: Door) -> None:
    assert refusal(door, door.wallet(weights=[500]).prove(door.nonce(), [0, 0])) == "invalid_proof"


def test_a_revoked_key_is_refused(door: Door) -> None:
    # Given an account whose key was revoked
    wallet = door.wallet()
    door.accounts.keys[ALICE] = [replace(wallet.on_chain[0], revoked=True)]
    # Then its proof does not hold
    assert refusal(door, wallet.prove(door.nonce())) == "invalid_proof"


def test_a_key_that_the_account_does_not_have_is_refused(door: Door) -> None:
    wallet = door.wallet()
    door.accounts.keys[ALICE] = []
    assert refusal(door, wallet.prove(door.nonce())) == "invalid_proof"


def test_nobody_signs_in_as_another_account(door: Door) -> None:
    # Given two accounts
    alice, bob = door.wallet(ALICE), door.wallet(BOB)
    # When Bob signs a proof of Alice's address
    unsigned = replace(alice.prove(door.nonce()), signatures=[])
    forged = replace(unsigned, signatures=[bob.sign(0, proof_message(unsigned))])
    # Then it is refused
    assert refusal(door, forged) == "invalid_proof"


@pytest.mark.parametrize(
    "change", [{"nonce": bytes(31) + b"\x09"}, {"address": BOB}, {"origin": "https://evil.example"}]
)
@pytest.mark.parametrize("proof_type", list(ProofType))
def test_a_proof_holds_for_exactly_what_was_signed(
    door: Door, change: dict[str, object], proof_type: ProofType
) -> None:
    # Given a good proof and somebody who changes one part of it
    wallet = door.wallet(ALICE)
    door.wallet(BOB)
    nonce = door.nonce()
    changed = replace(wallet.prove(nonce, proof_type=proof_type), **change)  # type: ignore[arg-type]
    # Then it is refused, by whichever check comes first
    assert refusal(door, changed) in {"invalid_proof", "unknown_nonce", "foreign_origin"}


@pytest.mark.parametrize("signature", [b"", bytes(64), b"\xff" * 64, bytes(63), bytes(65)])
def test_a_malformed_signature_is_refused(door: Door, signature: bytes) -> None:
    proof = door.wallet().prove(door.nonce())
    malformed = replace(proof, signatures=[KeySignature(0, signature)])
    assert refusal(door, malformed) == "invalid_proof"


def test_a_proof_made_for_another_site_is_refused(door: Door) -> None:
    # Given a proof whose app identifier is not ours, signed correctly
    proof = door.wallet().prove(door.nonce(), origin="https://phishing.example")
    # Then it is refused
    with pytest.raises(ForbiddenError, match="another site"):
        door.sign_in(proof)


def test_a_nonce_signs_in_once(door: Door) -> None:
    # Given a proof that was used
    proof = door.wallet().prove(door.nonce())
    door.sign_in(proof)
    # Then it is worth nothing
    assert refusal(door, proof) == "unknown_nonce"


def test_a_nonce_is_used_up_by_a_proof_that_does_not_hold(door: Door) -> None:
    # Given a nonce that was tried with a wrong signature
    proof = door.wallet().prove(door.nonce())
    refusal(door, replace(proof, signatures=[KeySignature(0, bytes(64))]))
    # Then the right one comes too late
    assert refusal(door, proof) == "unknown_nonce"


def test_a_nonce_of_five_minutes_ago_is_refused(door: Door) -> None:
    proof = door.wallet().prove(door.nonce())
    door.clock.advance(NONCE_LIFETIME)
    assert refusal(door, proof) == "unknown_nonce"


def test_an_unknown_nonce_is_refused(door: Door) -> None:
    assert refusal(door, door.wallet().prove("ab" * 32)) == "unknown_nonce"


def test_an_unknown_account_is_refused(door: Door) -> None:
    wallet = Wallet(ALICE)
    wallet.add_key()
    with pytest.raises(UnauthenticatedError):
        door.sign_in(wallet.prove(door.nonce()))


@pytest.mark.parametrize(
    "origin",
    [f"{ORIGIN}.evil.com", f"{ORIGIN}:8443", f"{ORIGIN}/", ORIGIN.upper(), ORIGIN[:-1], "https://evil.example", ""],
)
def test_an_origin_that_only_resembles_ours_does_not_sign_in(door: Door, origin: str) -> None:
    proof = door.wallet().prove(door.nonce(), origin=origin)
    assert refusal(door, proof) == "foreign_origin"


@pytest.mark.parametrize(("seconds", "works"), [(299, True), (300, False)])
def test_a_nonce_works_for_less_than_300_seconds(door: Door, seconds: int, works: bool) -> None:
    proof = door.wallet().prove(door.nonce())
    door.clock.advance(timedelta(seconds=seconds))
    if works:
        assert door.sign_in(proof).address == ALICE
    else:
        assert refusal(door, proof) == "unknown_nonce"
