"""Decoding and encoding of Relay calldata."""

import pytest

from flareflow.attestation.relay import (
    FDC_PROTOCOL_ID,
    PolicySignature,
    RelayedRoot,
    RootMessage,
    decode_signatures,
)
from tests.unit.attestation.vectors import recorded, unhex

POLICY = unhex(recorded("signing_policies")["flare-309"]["signingPolicyBytes"])
MESSAGE = RootMessage(FDC_PROTOCOL_ID, 1_038_300, is_secure_random=False, merkle_root=bytes(range(32)))
SIGNATURES = tuple(PolicySignature(27 + n % 2, bytes([n]) * 32, bytes([n + 1]) * 32, n) for n in range(22))


def test_calldata_is_decoded_and_encoded_byte_for_byte() -> None:
    # Given a call that relays a root, with the policy of epoch 309 and 22 signatures
    relayed = RelayedRoot(POLICY, MESSAGE.encode(), b"".join(one.encode() for one in SIGNATURES))
    # When it goes through its calldata
    decoded = RelayedRoot.decode(relayed.encode())
    # Then nothing is lost
    assert decoded == relayed
    assert RootMessage.decode(decoded.message) == MESSAGE
    assert decode_signatures(decoded.signatures) == SIGNATURES


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda data: b"\0" + data[1:], "not a call"),
        (lambda data: data[:-1], "22 signatures"),
        (lambda data: data[:100], "no protocol message"),
    ],
)
def test_calldata_that_does_not_hold_a_whole_relayed_root_is_refused(change: object, complaint: str) -> None:
    assert callable(change)
    data = RelayedRoot(POLICY, MESSAGE.encode(), b"".join(one.encode() for one in SIGNATURES)).encode()
    with pytest.raises(ValueError, match=complaint):
        RelayedRoot.decode(change(data))


def test_what_the_relay_does_not_read_is_left_out() -> None:
    # Given a call with more signatures than the policy has voters, and bytes after them
    voters = int.from_bytes(POLICY[:2])
    many = SIGNATURES[0].encode() * (voters + 1)
    # When it is decoded
    decoded = RelayedRoot.decode(RelayedRoot(POLICY, MESSAGE.encode(), many).encode() + b"\0")
    # Then as many signatures are kept as a quorum can have
    assert decoded == RelayedRoot(POLICY, MESSAGE.encode(), many[: 67 * voters])
