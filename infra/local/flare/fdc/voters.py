"""The local voters: their keys, weights and signatures."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from eth_keys.datatypes import PrivateKey

from flareflow.attestation.relay import PolicySignature, signed_digest
from flareflow.attestation.signing_policy import SigningPolicy, Voter
from flareflow.keccak import keccak256

WEIGHTS: Final = (9_000, 12_500, 8_035, 15_000, 11_000, 9_500)
"""Six voters; no two together have half of the weight."""


@dataclass(frozen=True, slots=True)
class LocalVoter:
    """A voter whose key is derived from its number; anyone can derive it, so it must protect nothing."""

    number: int

    @property
    def key(self) -> PrivateKey:
        return PrivateKey(keccak256(f"flareflow local voter {self.number}".encode()))

    @property
    def address(self) -> bytes:
        return self.key.public_key.to_canonical_address()

    def sign(self, content_hash: bytes, index: int) -> PolicySignature:
        """Sign a message's or a policy's hash as the voter at `index` of the policy."""
        signature = self.key.sign_msg_hash(signed_digest(content_hash))
        return PolicySignature(27 + signature.v, signature.r.to_bytes(32), signature.s.to_bytes(32), index)


VOTERS: Final = tuple(LocalVoter(number) for number in range(len(WEIGHTS)))


def policy_of(reward_epoch: int, rounds_per_reward_epoch: int) -> SigningPolicy:
    """The policy of a reward epoch; the voters stay, their weights move by one place with each epoch."""
    weights = [WEIGHTS[(number + reward_epoch) % len(WEIGHTS)] for number in range(len(WEIGHTS))]
    return SigningPolicy(
        reward_epoch=reward_epoch,
        start_voting_round=reward_epoch * rounds_per_reward_epoch,
        threshold=-(-sum(weights) // 2),
        seed=keccak256(reward_epoch.to_bytes(32)),
        voters=tuple(Voter(voter.address, weight) for voter, weight in zip(VOTERS, weights, strict=True)),
    )


def sign_by_all(content_hash: bytes, voters: Iterable[LocalVoter] = VOTERS) -> tuple[PolicySignature, ...]:
    """The signatures of these voters, in the order of their indexes."""
    return tuple(voter.sign(content_hash, voter.number) for voter in voters)
