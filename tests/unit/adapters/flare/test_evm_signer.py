"""Signing for an EVM chain with a key in KMS."""

from typing import Any, cast

import pytest
import rlp
from eth_account import Account
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flare.evm_signer import SECP256K1_ORDER, FeeMarketTransaction, KmsEvmSigner
from flareflow.errors import SignerUnavailableError
from tests.support.ecdsa import SECP256K1
from tests.support.kms import FixedNonceKms, MemoryKms


def signer_over(kms: MemoryKms) -> KmsEvmSigner:
    return KmsEvmSigner(KmsKey(cast("Any", kms), "key-1"))


def transaction(nonce: int = 3) -> FeeMarketTransaction:
    return FeeMarketTransaction(
        chain_id=114,
        nonce=nonce,
        max_priority_fee_per_gas_wei=10**9,
        max_fee_per_gas_wei=51 * 10**9,
        gas=300_000,
        to=bytes(range(20)),
        value_wei=1_000,
        data=b"\x62\x38\xf3\x54",
    )


@pytest.mark.parametrize("wants_high_s", [False, True])
def test_a_signed_transaction_is_recovered_to_our_address(wants_high_s: bool) -> None:
    # Given a key service that gives either form of the signature
    signer = signer_over(MemoryKms(wants_high_s=wants_high_s))
    # When transactions are signed and read by an independent library
    recovered = {Account.recover_transaction(transaction(nonce).signed_by(signer)) for nonce in range(8)}
    # Then the sender is the address of the key
    assert {bytes.fromhex(address[2:]) for address in recovered} == {signer.address}


@pytest.mark.parametrize(("nonce", "s_bytes"), [(0, 32), (111, 31)])
def test_a_short_r_and_a_short_s_are_written_as_the_numbers_they_are(nonce: int, s_bytes: int) -> None:
    # Given a key service whose r has 31 bytes, and a transaction for which s is short as well
    signer = KmsEvmSigner(KmsKey(cast("Any", FixedNonceKms(SECP256K1, private=7)), "key-1"))
    # When it is signed
    signed = transaction(nonce).signed_by(signer)
    # Then RLP has both without leading zeros, as nodes demand, and an independent library finds the sender
    *_, r, s = rlp.decode(signed[1:])
    assert (len(r), len(s)) == (31, s_bytes)
    assert bytes.fromhex(Account.recover_transaction(signed)[2:]) == signer.address


@settings(max_examples=20)
@given(st.binary(min_size=32, max_size=32))
def test_the_signature_is_never_the_malleable_one(digest: bytes) -> None:
    # Given a key service that always gives the upper form
    parity, r, s = signer_over(MemoryKms(wants_high_s=True)).sign(digest)
    # Then s is in the lower half, as EIP-2 wants it
    assert 0 < s <= SECP256K1_ORDER // 2
    assert 0 < r < SECP256K1_ORDER
    assert parity in (0, 1)


def test_a_signature_by_another_key_is_refused() -> None:
    # Given a key service whose key changed after the public key was read
    kms = MemoryKms()
    signer = signer_over(kms)
    assert len(signer.address) == 20
    kms.key = SECP256K1.key(8)
    # Then nothing is signed
    with pytest.raises(SignerUnavailableError, match="not by the account's key"):
        signer.sign(keccak(b"request"))


@pytest.mark.parametrize("ask", [lambda signer: signer.address, lambda signer: signer.sign(bytes(32))])
def test_a_key_service_that_fails_is_unavailable(ask: Any) -> None:
    with pytest.raises(SignerUnavailableError):
        ask(signer_over(MemoryKms(is_down=True)))
