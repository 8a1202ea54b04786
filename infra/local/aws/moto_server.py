"""moto's server for S3, SQS, KMS, SSM and Secrets Manager, with one correction.

moto 5.2.5 ignores `MessageType=DIGEST` in KMS Sign and hashes the digest again, and no chain would accept that
signature. Here a digest is signed as AWS signs it.
"""

import base64
import json
import sys
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey
from moto.server import main

from infra.local.ports import HOST, port, url
from infra.local.server import Server, answers

SHA256_BYTES: Final = 32
_sign_message: Final[Callable[[KmsResponse], str]] = KmsResponse.sign


def sign(request: KmsResponse) -> str:
    """KMS Sign: sign a digest as it is, and leave any other message to moto."""
    if request._get_param("MessageType") != "DIGEST":
        return _sign_message(request)
    digest: bytes = request._get_param("Message")
    assert len(digest) == SHA256_BYTES, "both key specs of the template sign SHA-256 digests"
    key = request.kms_backend.describe_key(request._get_param("KeyId"))
    assert isinstance(key.private_key, ECDSAPrivateKey)
    signature = key.private_key.private_key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    return json.dumps(
        {
            "KeyId": key.arn,
            "Signature": base64.b64encode(signature).decode(),
            "SigningAlgorithm": request._get_param("SigningAlgorithm"),
        }
    )


def server() -> Server:
    return Server(
        name="moto",
        command=[sys.executable, "-m", "infra.local.aws.moto_server"],
        ports=["moto"],
        is_ready=answers(f"{url('moto')}/moto-api/"),
    )


if __name__ == "__main__":
    KmsResponse.sign = sign  # type: ignore[method-assign, assignment]
    main(["-H", HOST, "-p", str(port("moto"))])
