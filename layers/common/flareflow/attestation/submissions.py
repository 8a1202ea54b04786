"""What voters submit to Flare's Submission contract, and how it makes a quorum.

selector(4), then for each protocol: protocolId(1) votingRoundId(4) length(2) payload. A payload is
0x00 ‖ message(38) ‖ v(1) r(32) s(32), or 0x01 ‖ v(1) r(32) s(32); more bytes may follow it.
Source: flare-system-client, `payload_utils.go`.
"""

from dataclasses import dataclass, field
from typing import Final

from flareflow.attestation.relay import PolicySignature
from flareflow.attestation.signing_policy import SigningPolicy

SUBMIT_SIGNATURES_SELECTOR: Final = bytes.fromhex("57eed580")
HEAD_BYTES: Final = 7
ROUND_BYTES: Final = 5
VRS_BYTES: Final = 65


def submitted_signature(calldata: bytes, message: bytes) -> bytes | None:
    """The signature of a message in a call of `submitSignatures`, as v r s; None if there is none.

    A voter signs once in a call, so only the first payload for the message's round is read.
    """
    if not calldata.startswith(SUBMIT_SIGNATURES_SELECTOR):
        return None
    at = len(SUBMIT_SIGNATURES_SELECTOR)
    while at < len(calldata):
        head = calldata[at : at + HEAD_BYTES]
        end = at + HEAD_BYTES + int.from_bytes(head[ROUND_BYTES:])
        if head[:ROUND_BYTES] == message[:ROUND_BYTES]:
            return _signature_in(calldata[at + HEAD_BYTES : end], message)
        at = end
    return None


def _signature_in(payload: bytes, message: bytes) -> bytes | None:
    for before in (b"\x00" + message, b"\x01"):
        if payload.startswith(before):
            vrs = payload[len(before) : len(before) + VRS_BYTES]
            return vrs if len(vrs) == VRS_BYTES else None
    return None


@dataclass(slots=True)
class Quorum:
    """Signatures of a policy's voters over one digest, collected until their weight exceeds the threshold."""

    policy: SigningPolicy
    signatures: dict[int, PolicySignature] = field(default_factory=dict)

    def add(self, signer: bytes | None, vrs: bytes) -> bool:
        """Add the signature of a voter, who counts once; return whether the signer is a voter."""
        for index, voter in enumerate(self.policy.voters):
            if voter.address == signer:
                self.signatures[index] = PolicySignature.decode(vrs + index.to_bytes(2))
                return True
        return False

    @property
    def is_complete(self) -> bool:
        return self.policy.weight_of(self.signatures) > self.policy.threshold

    def encode(self) -> bytes:
        """The signatures by rising index, as the Relay takes them."""
        return b"".join(self.signatures[index].encode() for index in sorted(self.signatures))
