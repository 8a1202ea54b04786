"""Signatures for Flow by a key in KMS, whatever the length of r and s."""

from hashlib import sha256
from typing import Any, cast

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from moto import mock_aws
from moto.kms.responses import KmsResponse

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flow.signer import KmsFlowSigner
from infra.local.aws import moto_server
from tests.support.ecdsa import P256
from tests.support.kms import FixedNonceKms

PRIVATE = 7


def verify(signature: bytes, public_key: bytes, message: bytes) -> None:
    """As Flow verifies: r and s of 32 bytes each. Raises InvalidSignature."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + public_key)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    public.verify(encode_dss_signature(r, s), sha256(message).digest(), ec.ECDSA(Prehashed(SHA256())))


@pytest.mark.parametrize("length", [1, 4_096, 100_000])
def test_kms_signs_the_sha2_256_of_a_message_of_any_length(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    # Given a key in KMS and a message, perhaps longer than KMS takes
    monkeypatch.setattr(KmsResponse, "sign", moto_server.sign)
    message = b"m" * length
    with mock_aws():
        kms = boto3.client("kms", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        signer = KmsFlowSigner(KmsKey(kms, made))
        # When it is signed
        signature = signer.sign(message)
        # Then r and s verify with the public key that goes onto the account
        verify(signature, signer.public_key, message)


@pytest.mark.parametrize(("message", "s_bytes"), [(b"message 0", 32), (b"message 579", 31)])
def test_a_short_r_and_a_short_s_are_padded_to_32_bytes_each(message: bytes, s_bytes: int) -> None:
    # Given a key service whose r has 31 bytes, and a message for which s is short as well
    r, s = P256.sign(PRIVATE, sha256(message).digest(), P256.short_r_nonce)
    assert (r.bit_length() + 7) // 8 == 31
    assert (s.bit_length() + 7) // 8 == s_bytes
    signer = KmsFlowSigner(KmsKey(cast("Any", FixedNonceKms(P256, PRIVATE)), "key-1"))
    # When the message is signed
    signature = signer.sign(message)
    # Then the signature has 64 bytes and verifies
    assert signature == r.to_bytes(32) + s.to_bytes(32)
    verify(signature, signer.public_key, message)
