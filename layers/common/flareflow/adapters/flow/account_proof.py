"""Proofs of accounts: the bytes that a wallet signs, and the check of a signature over them.

Sources: FCL's `packages/fcl-core/src/wallet-utils/encode-account-proof.ts` for the message of an account proof, Flow's
documentation of user signatures for the tag of other messages, and of account keys for curves and hashes.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

import rlp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from flareflow.accounts.models import AccountKey, AccountProof, HashAlgorithm, ProofType, SignatureAlgorithm

TAG: Final = b"FCL-ACCOUNT-PROOF-V0.0".ljust(32, b"\0")
USER_TAG: Final = b"FLOW-V0.0-user".ljust(32, b"\0")
SIGN_IN_TEXT: Final = """\
{origin} asks you to sign in to FlareFlow.

This proves that the account is yours. It sends no transaction and costs nothing.
It works once, within five minutes.

Account: {address}
Nonce: {nonce}"""
"""What a wallet without account proof signs, in UTF-8. Pages write it too: a change of it is one of the API."""
INTEGER_BYTES: Final = 32
UNCOMPRESSED_POINT: Final = b"\x04"

_CURVES: Final[Mapping[SignatureAlgorithm, ec.EllipticCurve]] = {
    SignatureAlgorithm.P256: ec.SECP256R1(),
    SignatureAlgorithm.SECP256K1: ec.SECP256K1(),
}
_HASHES: Final[Mapping[HashAlgorithm, Callable[[bytes], "hashlib._Hash"]]] = {
    HashAlgorithm.SHA2_256: hashlib.sha256,
    HashAlgorithm.SHA3_256: hashlib.sha3_256,
}


def proof_message(proof: AccountProof) -> bytes:
    """The bytes that each key hashes and signs.

    Of an account proof: its tag, then RLP of origin, address (8 bytes) and nonce. Of a user signature: the tag of user
    messages, then a text for people with the same three.
    """
    if proof.type is ProofType.USER_SIGNATURE:
        text = SIGN_IN_TEXT.format(origin=proof.origin, address=proof.address, nonce=proof.nonce.hex())
        return USER_TAG + text.encode()
    address = bytes.fromhex(proof.address.removeprefix("0x"))
    encoded: bytes = rlp.encode([proof.origin.encode(), address, proof.nonce])
    return TAG + encoded


class EcdsaProofVerifier:
    """`ProofVerifier` for both curves and both hashes of Flow's account keys."""

    def holds(self, key: AccountKey, proof: AccountProof, signature: bytes) -> bool:
        if len(signature) != 2 * INTEGER_BYTES:
            return False
        r, s = (int.from_bytes(half) for half in (signature[:INTEGER_BYTES], signature[INTEGER_BYTES:]))
        digest = _HASHES[key.hash_algorithm](proof_message(proof)).digest()
        try:
            public = ec.EllipticCurvePublicKey.from_encoded_point(
                _CURVES[key.signature_algorithm], UNCOMPRESSED_POINT + key.public_key
            )
            # `Prehashed(SHA256())` only states the digest's length, 32 bytes: it holds for SHA3-256 as well.
            public.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))
        except (InvalidSignature, ValueError):
            return False
        return True
