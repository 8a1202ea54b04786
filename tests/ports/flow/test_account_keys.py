"""Proofs of accounts, checked against the keys of accounts on the Flow emulator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pytest
from flow_py_sdk import HashAlgo, InMemorySigner, SignAlgo

from flareflow.accounts.models import AccountProof, KeySignature, ProofType
from flareflow.accounts.proof import ProveAccount
from flareflow.adapters.flow.account_proof import EcdsaProofVerifier, proof_message
from flareflow.adapters.flow.accounts import FlowAccountKeys
from flareflow.adapters.flow.json_cdc import Argument
from flareflow.errors import UnauthenticatedError
from infra.local.flow.accounts import LocalFlow, service_account
from infra.local.flow.emulator import flow_emulator
from tests.support.servers import running

pytestmark = pytest.mark.stack

CREATE_ACCOUNT: Final = """
transaction(keys: [String], curves: [UInt8], hashes: [UInt8], weights: [UFix64], revoked: [Int]) {
    prepare(payer: auth(BorrowValue) &Account) {
        let account = Account(payer: payer)
        for index, key in keys {
            account.keys.add(
                publicKey: PublicKey(
                    publicKey: key.decodeHex(),
                    signatureAlgorithm: SignatureAlgorithm(rawValue: curves[index])!
                ),
                hashAlgorithm: HashAlgorithm(rawValue: hashes[index])!,
                weight: weights[index]
            )
        }
        for index in revoked {
            account.keys.revoke(keyIndex: index)
        }
    }
}
"""
CURVES: Final = {SignAlgo.ECDSA_P256: 1, SignAlgo.ECDSA_secp256k1: 2}
HASHES: Final = {HashAlgo.SHA2_256: 1, HashAlgo.SHA3_256: 3}
"""By the raw values of Cadence's enumerations."""


@dataclass(frozen=True)
class Key:
    """A key of an account, with its private part."""

    number: int
    weight: int = 1000
    curve: SignAlgo = SignAlgo.ECDSA_P256
    hashing: HashAlgo = HashAlgo.SHA3_256

    @property
    def signer(self) -> InMemorySigner:
        return InMemorySigner(hash_algo=self.hashing, sign_algo=self.curve, private_key_hex=f"{self.number:064x}")

    @property
    def public_key(self) -> str:
        return str(self.signer.key.verifying_key.to_string().hex())


@dataclass(frozen=True)
class Account:
    """An account on chain, and who holds its keys."""

    address: str
    keys: Sequence[Key]

    def prove(self, *indices: int, proof_type: ProofType = ProofType.ACCOUNT_PROOF) -> AccountProof:
        """A proof signed by some of the keys, as a wallet would."""
        unsigned = AccountProof(self.address, "https://app.flareflow.example", bytes(32), [], proof_type)
        message = proof_message(unsigned)
        return replace(
            unsigned,
            signatures=[KeySignature(index, self.keys[index].signer.sign(message)) for index in indices],
        )


@pytest.fixture(scope="module")
def flow() -> Iterator[LocalFlow]:
    with running(flow_emulator()), LocalFlow.at() as local:
        yield local


@pytest.fixture
def prove(flow: LocalFlow) -> ProveAccount:
    return ProveAccount(FlowAccountKeys(flow.rest), EcdsaProofVerifier())


def account(flow: LocalFlow, *keys: Key, revoked: Sequence[int] = ()) -> Account:
    """A new account with these keys."""

    def array(kind: str, values: Sequence[object]) -> Argument:
        return Argument("Array", [{"type": kind, "value": str(value)} for value in values])

    result = flow.run_code(
        service_account(),
        CREATE_ACCOUNT,
        Argument("Array", [{"type": "String", "value": key.public_key} for key in keys]),
        array("UInt8", [CURVES[key.curve] for key in keys]),
        array("UInt8", [HASHES[key.hashing] for key in keys]),
        array("UFix64", [f"{key.weight}.00000000" for key in keys]),
        array("Int", revoked),
    )
    [created] = [event for event in result.events if event.type == "flow.AccountCreated"]
    fields = created.fields()
    assert isinstance(fields, dict)
    return Account(str(fields["address"]), keys)


def is_refused(prove: ProveAccount, proof: AccountProof) -> bool:
    try:
        prove.run(proof)
    except UnauthenticatedError:
        return True
    return False


@pytest.mark.parametrize("proof_type", list(ProofType))
def test_keys_of_every_kind_prove_an_account_together(
    flow: LocalFlow, prove: ProveAccount, proof_type: ProofType
) -> None:
    # Given an account with a key of each curve and hash, which weigh 1000 together
    kinds = [(curve, hashing) for curve in CURVES for hashing in HASHES]
    four = account(flow, *(Key(7 + number, 250, *kind) for number, kind in enumerate(kinds)))
    # Then all four prove it by each type of proof, and three do not
    prove.run(four.prove(0, 1, 2, 3, proof_type=proof_type))
    assert is_refused(prove, four.prove(0, 1, 2, proof_type=proof_type))


def test_a_user_signs_in_beside_a_custodial_wallet(flow: LocalFlow, prove: ProveAccount) -> None:
    # Given an account whose user holds 999 and whose wallet holds 1
    custodial = account(flow, Key(11, 999), Key(12, 1))
    # Then the user proves it alone, the wallet does not
    prove.run(custodial.prove(0))
    assert is_refused(prove, custodial.prove(1))


def test_a_revoked_key_proves_nothing(flow: LocalFlow, prove: ProveAccount) -> None:
    # Given an account whose first key was revoked
    moved = account(flow, Key(21), Key(22), revoked=[0])
    assert is_refused(prove, moved.prove(0))
    prove.run(moved.prove(1))


def test_a_parent_signs_in_as_a_child_account_that_has_its_key(flow: LocalFlow, prove: ProveAccount) -> None:
    # Given a child account, and its parent, of whose key the child has none
    parent, child = Key(31), account(flow, Key(32))
    assert is_refused(prove, replace(child, keys=[parent]).prove(0))
    # When the child has the parent's key beside its own, Then the parent proves it
    prove.run(account(flow, Key(32), parent).prove(1))


def test_a_proof_over_another_nonce_does_not_hold(flow: LocalFlow, prove: ProveAccount) -> None:
    assert is_refused(prove, replace(account(flow, Key(41)).prove(0), nonce=b"\x01" * 32))


def test_the_proof_of_an_account_that_is_not_on_chain_does_not_hold(flow: LocalFlow, prove: ProveAccount) -> None:
    assert is_refused(prove, replace(account(flow, Key(51)).prove(0), address="0x179b6b1cb6755e31"))
