"""The message that voters sign and the calldata of Flare's Relay contract, the same on all its networks.

selector(4) ‖ signing policy ‖ message(38) ‖ count(2) ‖ count x [v(1) r(32) s(32) index(2)]; for a new signing policy,
0x00 ‖ new policy takes the place of the message. Source: flare-smart-contracts-v2, `Relay.sol`.
"""

from dataclasses import dataclass
from typing import Final, Self

from flareflow.attestation.signing_policy import HEAD_BYTES, VOTER_BYTES
from flareflow.keccak import WORD_BYTES, keccak256

RELAY_SELECTOR: Final = bytes.fromhex("b59589d1")
FDC_PROTOCOL_ID: Final = 200
MESSAGE_BYTES: Final = 38
SIGNATURE_BYTES: Final = 67
EIP191_PREFIX: Final = b"\x19Ethereum Signed Message:\n32"


@dataclass(frozen=True, slots=True)
class RootMessage:
    """What voters sign in a round: protocolId(1) votingRoundId(4) isSecureRandom(1) merkleRoot(32)."""

    protocol_id: int
    voting_round: int
    is_secure_random: bool
    merkle_root: bytes

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        if len(encoded) != MESSAGE_BYTES:
            raise ValueError(f"a message has {MESSAGE_BYTES} bytes, not {len(encoded)}")
        return cls(encoded[0], int.from_bytes(encoded[1:5]), bool(encoded[5]), encoded[6:])

    @property
    def hash(self) -> bytes:
        """The hash that voters sign with the EIP-191 prefix."""
        return keccak256(self.encode())

    def encode(self) -> bytes:
        return (
            bytes([self.protocol_id])
            + self.voting_round.to_bytes(4)
            + bytes([self.is_secure_random])
            + self.merkle_root
        )


@dataclass(frozen=True, slots=True)
class PolicySignature:
    """A voter's signature and the voter's index in the policy; `v` is 27 or 28."""

    v: int
    r: bytes
    s: bytes
    index: int

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        return cls(encoded[0], encoded[1:33], encoded[33:65], int.from_bytes(encoded[65:SIGNATURE_BYTES]))

    def encode(self) -> bytes:
        return bytes([self.v]) + self.r + self.s + self.index.to_bytes(2)


def decode_signatures(encoded: bytes) -> tuple[PolicySignature, ...]:
    """The signatures of a list that has no count before it. Raises ValueError for any other length."""
    if len(encoded) % SIGNATURE_BYTES:
        raise ValueError(f"{len(encoded)} bytes are not a whole number of signatures of {SIGNATURE_BYTES} bytes")
    return tuple(
        PolicySignature.decode(encoded[at : at + SIGNATURE_BYTES]) for at in range(0, len(encoded), SIGNATURE_BYTES)
    )


@dataclass(frozen=True, slots=True)
class RelayedRoot:
    """The parts of the calldata that finalized a round; `signatures` are without their count."""

    policy: bytes
    message: bytes
    signatures: bytes

    @classmethod
    def decode(cls, calldata: bytes) -> Self:
        """The parts as the Relay reads them. Raises `ValueError` for anything but a complete call with a message.

        Anyone may make the call, and the Relay ignores bytes after the last signature and signatures after the quorum.
        A quorum has at most one signature of each voter, so no more than these are kept.
        """
        if calldata[:4] != RELAY_SELECTOR:
            raise ValueError("not a call of relay()")
        voters = int.from_bytes(calldata[4:6])
        policy_end = 4 + HEAD_BYTES + VOTER_BYTES * voters
        message = calldata[policy_end : policy_end + MESSAGE_BYTES]
        if len(message) != MESSAGE_BYTES or message[0] == 0:
            raise ValueError("the call relays no protocol message")
        count_at = policy_end + MESSAGE_BYTES
        count = int.from_bytes(calldata[count_at : count_at + 2])
        signatures = calldata[count_at + 2 :]
        if len(signatures) < count * SIGNATURE_BYTES:
            raise ValueError(f"{count} signatures have more than {len(signatures)} bytes")
        return cls(calldata[4:policy_end], message, signatures[: min(count, voters) * SIGNATURE_BYTES])

    def encode(self) -> bytes:
        count = len(self.signatures) // SIGNATURE_BYTES
        return RELAY_SELECTOR + self.policy + self.message + count.to_bytes(2) + self.signatures


def relay_policy_calldata(policy: bytes, new_policy: bytes, signatures: bytes) -> bytes:
    """The calldata that gives a Relay its next signing policy."""
    count = len(signatures) // SIGNATURE_BYTES
    return RELAY_SELECTOR + policy + b"\0" + new_policy + count.to_bytes(2) + signatures


def message_digests(message: bytes, chain_id: int) -> tuple[bytes, bytes]:
    """What voters sign of an encoded message: in the deployed Relay's hash scheme, and in the next one's."""
    chain_bound = keccak256(chain_id.to_bytes(WORD_BYTES) + message)
    return signed_digest(keccak256(message)), signed_digest(chain_bound)


def signed_digest(content_hash: bytes) -> bytes:
    """The digest that is signed: the EIP-191 hash of the hash of a message or of a policy."""
    return keccak256(EIP191_PREFIX + content_hash)
