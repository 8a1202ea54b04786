"""Flare's signing policy: who may sign roots in a reward epoch, and with what weight.

Bytes, big-endian: size(2) rewardEpochId(3) startVotingRoundId(4) threshold(2) seed(32) size x [address(20) weight(2)].
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from flareflow.keccak import WORD_BYTES, keccak256

HEAD_BYTES: Final = 43
VOTER_BYTES: Final = 22
VOTERS_MAX: Final = 300
WEIGHT_SUM_LIMIT: Final = 65_536
THRESHOLD_PERCENT_MIN: Final = 50
THRESHOLD_PERCENT_MAX: Final = 66


@dataclass(frozen=True, slots=True)
class Voter:
    """A voter's signing address (20 bytes) and normalised weight. Real policies contain weights of 0."""

    address: bytes
    weight: int


@dataclass(frozen=True, slots=True)
class SigningPolicy:
    """The policy of one reward epoch."""

    reward_epoch: int
    start_voting_round: int
    threshold: int
    seed: bytes
    voters: tuple[Voter, ...]

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        """Raises `ValueError` unless the bytes are exactly one policy."""
        if len(encoded) < HEAD_BYTES:
            raise ValueError(f"a signing policy has {HEAD_BYTES} bytes and more, not {len(encoded)}")
        size = int.from_bytes(encoded[:2])
        if size > VOTERS_MAX or len(encoded) != HEAD_BYTES + size * VOTER_BYTES:
            raise ValueError(f"a signing policy of {size} voters does not have {len(encoded)} bytes")
        return cls(
            reward_epoch=int.from_bytes(encoded[2:5]),
            start_voting_round=int.from_bytes(encoded[5:9]),
            threshold=int.from_bytes(encoded[9:11]),
            seed=encoded[11:HEAD_BYTES],
            voters=tuple(
                Voter(encoded[at : at + 20], int.from_bytes(encoded[at + 20 : at + VOTER_BYTES]))
                for at in range(HEAD_BYTES, len(encoded), VOTER_BYTES)
            ),
        )

    def encode(self) -> bytes:
        head = (
            len(self.voters).to_bytes(2)
            + self.reward_epoch.to_bytes(3)
            + self.start_voting_round.to_bytes(4)
            + self.threshold.to_bytes(2)
            + self.seed
        )
        return head + b"".join(voter.address + voter.weight.to_bytes(2) for voter in self.voters)

    @property
    def weight(self) -> int:
        return sum(voter.weight for voter in self.voters)

    def weight_of(self, indices: Iterable[int]) -> int:
        """What the voters at these places weigh together."""
        return sum(self.voters[index].weight for index in indices)

    def require_sound(self) -> None:
        """Raises ValueError for a policy from which no light client should start."""
        if any(not any(voter.address) for voter in self.voters):
            raise ValueError("a signing policy has voters, each with an address other than 0")
        self.require_accepted()

    def require_accepted(self) -> None:
        """Raises ValueError for a policy that Flare's Relay refuses. The Relay allows voters with the address 0."""
        if not self.voters:
            raise ValueError("a signing policy has voters, each with an address other than 0")
        if self.weight >= WEIGHT_SUM_LIMIT:
            raise ValueError(f"the weights sum to {self.weight}, which is not below {WEIGHT_SUM_LIMIT}")
        if not THRESHOLD_PERCENT_MIN * self.weight <= 100 * self.threshold <= THRESHOLD_PERCENT_MAX * self.weight:
            raise ValueError(f"the threshold {self.threshold} is not 50 to 66 percent of the weight {self.weight}")


def legacy_hash(policy: bytes) -> bytes:
    """The deployed Relay's hash: each 32-byte word, the last padded with zeros, hashed with the hash so far."""
    padded = policy.ljust(-(-len(policy) // WORD_BYTES) * WORD_BYTES, b"\0")
    current = padded[:WORD_BYTES]
    for at in range(WORD_BYTES, len(padded), WORD_BYTES):
        current = keccak256(current + padded[at : at + WORD_BYTES])
    return current


def chain_bound_hash(policy: bytes, source_chain_id: int) -> bytes:
    """The next Relay's hash: one hash of the chain id as a 32-byte word and the policy."""
    return keccak256(source_chain_id.to_bytes(WORD_BYTES) + policy)
