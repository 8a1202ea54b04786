"""`python -m flareflow_gate.receipt_key FILE`: print the public key of the key that signs receipts, as a JWK.

A file that does not exist is made first, with a new P-256 key that only its owner can read.
"""

import json
import sys
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from flareflow_gate.receipts import Signer

OWNER_ONLY: Final = 0o600


def make(file: Path) -> None:
    """Write a new private key. Raises FileExistsError rather than overwrite one."""
    key = generate_private_key(SECP256R1())
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.touch(OWNER_ONLY, exist_ok=False)
    file.write_bytes(content)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m flareflow_gate.receipt_key FILE\n")
        return 2
    file = Path(arguments[0])
    if not file.exists():
        make(file)
    sys.stdout.write(json.dumps(Signer.from_file(file).public_key) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
