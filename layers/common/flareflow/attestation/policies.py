"""Stores Flare's signing policies, each with its signatures by the voters of the previous policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.attestation.models import SignedPolicy
from flareflow.attestation.ports import Flare, Policies
from flareflow.attestation.relay import PolicySignature, decode_signatures
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.time import Deadline

STRETCHES_MAX: Final = 200
"""Ranges of blocks read in one tick; a longer gap takes several ticks."""


@dataclass(frozen=True, slots=True)
class RecordPolicies:
    """Reads Flare's blocks in order, each once, and stores every signing policy and its signatures."""

    flare: Flare
    policies: Policies
    start_block: int

    def run(self, deadline: Deadline) -> int:
        """Continue after the last block read; return the number of new policies and signatures."""
        new = 0
        after = self.policies.scanned_through()
        after = self.start_block if after is None else after
        for _ in range(STRETCHES_MAX):
            sighting = self.flare.policies(after)
            if sighting.through_block == after or deadline.is_near():
                return new
            for policy in sighting.policies:
                new += self._add_policy(policy)
            for reward_epoch, signatures in _by_epoch(sighting.signatures).items():
                new += self._add_signatures(reward_epoch, signatures)
            self.policies.scanned(sighting.through_block)
            after = sighting.through_block
        return new

    def _add_policy(self, encoded: bytes) -> int:
        reward_epoch = SigningPolicy.decode(encoded).reward_epoch
        if self.policies.get(reward_epoch) is not None:
            return 0
        self.policies.put(SignedPolicy(reward_epoch, encoded, signatures=b""))
        return 1

    def _add_signatures(self, reward_epoch: int, signatures: Sequence[tuple[bytes, bytes]]) -> int:
        """Add signatures by voters of the previous policy, one for each; ignore others. Return how many are new."""
        signed, before = self.policies.get(reward_epoch), self.policies.get(reward_epoch - 1)
        if signed is None or before is None:
            return 0
        indices = {voter.address: index for index, voter in enumerate(SigningPolicy.decode(before.policy).voters)}
        known = {one.index: one for one in decode_signatures(signed.signatures)}
        count_before = len(known)
        for address, vrs in signatures:
            if address in indices:
                index = indices[address]
                known.setdefault(index, PolicySignature.decode(vrs + index.to_bytes(2)))
        if len(known) == count_before:
            return 0
        encoded = b"".join(known[index].encode() for index in sorted(known))
        self.policies.put(SignedPolicy(reward_epoch, signed.policy, encoded))
        return len(known) - count_before


def _by_epoch(seen: Sequence[tuple[int, bytes, bytes]]) -> Mapping[int, list[tuple[bytes, bytes]]]:
    grouped: dict[int, list[tuple[bytes, bytes]]] = {}
    for reward_epoch, address, vrs in seen:
        grouped.setdefault(reward_epoch, []).append((address, vrs))
    return grouped
