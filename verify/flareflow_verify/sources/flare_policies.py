"""The signing policies of Flare from a trusted one to that of a round, with the signatures that lead along.

A policy is in an event of the Relay, its signatures are in calls of FlareSystemsManager, both some hours before the
policy starts. Public nodes search only few blocks at once, so these blocks are found by their time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.keccak import WORD_BYTES, keccak256
from flareflow_verify.bundle import POLICIES_MAX, SignedPolicy
from flareflow_verify.sources.flare import FlareNode, Log, RefusedError
from flareflow_verify.sources.http import NotThereError, SourceError

POLICY_TOPIC: Final = keccak256(
    b"SigningPolicyInitialized(uint24,uint32,uint16,uint256,address[],uint16[],bytes,uint64)"
)
SIGNED_TOPIC: Final = keccak256(b"SigningPolicySigned(uint24,address,address,uint64,bool)")
SIGN_SELECTOR: Final = keccak256(b"signNewSigningPolicy(uint24,bytes32,(uint8,bytes32,bytes32))")[:4]
BYTES_OFFSET_WORD: Final = 5
STRETCH_BLOCKS: Final = 30
"""What public nodes search at once."""
STRETCHES_MAX: Final = 800
BISECTIONS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Sighting:
    """A signing policy on Flare, and the signature (v r s) of each address that signed for it."""

    policy: bytes
    signatures: Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class PolicyHistory:
    """Raises SourceError when the node gives no usable answer."""

    node: FlareNode

    def back_to(self, newest: bytes, is_trusted: Callable[[bytes], bool]) -> Sequence[SignedPolicy]:
        """The policies from the trusted one to `newest`, oldest first; what was found when none is trusted."""
        if is_trusted(newest):
            return [SignedPolicy(policy=newest)]
        found, seen = list[SignedPolicy](), self._sighting(_decoded(newest).reward_epoch)
        while not is_trusted(seen.policy) and len(found) < POLICIES_MAX - 1:
            earliest = _decoded(seen.policy).reward_epoch
            try:
                before = self._sighting(earliest - 1)
            except NotThereError as error:
                raise SourceError(
                    f"no signing policy from reward epoch {earliest} on has the trusted hash, and {error}"
                ) from error
            signatures = _in_order(seen.signatures, _decoded(before.policy))
            found.insert(0, SignedPolicy(policy=seen.policy, signatures=signatures))
            seen = before
        return [SignedPolicy(policy=seen.policy), *found]

    def _sighting(self, reward_epoch: int) -> Sighting:
        policy, signatures = None, dict[bytes, bytes]()
        for log in self._logs(reward_epoch):
            if log.topics[0] == POLICY_TOPIC:
                policy = _bytes_at(log.data, BYTES_OFFSET_WORD)
            elif len(log.topics) > 2:
                call = self.node.calldata(log.transactionHash)
                if call[:4] == SIGN_SELECTOR and len(call) == 4 + 5 * WORD_BYTES:
                    signatures[log.topics[2][12:]] = call[4 + 3 * WORD_BYTES - 1 :]
        if policy is None:
            raise NotThereError(f"Flare's node has no signing policy of reward epoch {reward_epoch}")
        return Sighting(policy, signatures)

    def _logs(self, reward_epoch: int) -> Iterator[Log]:
        """The logs about a reward epoch's policy: of all blocks at once, or else back from the policy's start."""
        relay, manager = self.node.contract("Relay"), self.node.contract("FlareSystemsManager")
        contracts, events = [relay, manager], [POLICY_TOPIC, SIGNED_TOPIC]
        try:
            yield from self.node.logs(contracts, events, reward_epoch, 0, self.node.newest_block().number)
        except RefusedError:
            last = self._start_block(relay, manager, reward_epoch)
            for end in range(last, 0, -STRETCH_BLOCKS)[:STRETCHES_MAX]:
                first = max(end - STRETCH_BLOCKS + 1, 0)
                logs = self.node.logs(contracts, events, reward_epoch, first, end)
                yield from logs
                if any(log.topics[0] == POLICY_TOPIC for log in logs):
                    return

    def _start_block(self, relay: str, manager: str, reward_epoch: int) -> int:
        """The first block at or after the start of a reward epoch's policy; the newest if it has not started."""
        start_round = int.from_bytes(self.node.view(relay, "startingVotingRoundIds(uint256)", reward_epoch))
        first_start = int.from_bytes(self.node.view(manager, "firstVotingRoundStartTs()"))
        seconds = int.from_bytes(self.node.view(manager, "votingEpochDurationSeconds()"))
        low, high, moment = 0, self.node.newest_block().number, first_start + start_round * seconds
        for _ in range(BISECTIONS_MAX):
            if high - low <= 1:
                break
            middle = (low + high) // 2
            if self.node.block(middle).timestamp < moment:
                low = middle
            else:
                high = middle
        return high


def _decoded(policy: bytes) -> SigningPolicy:
    try:
        return SigningPolicy.decode(policy)
    except ValueError as error:
        raise SourceError(f"a signing policy is malformed: {error}") from error


def _in_order(signatures: Mapping[bytes, bytes], policy: SigningPolicy) -> bytes:
    """The signatures by voters of a policy as the Relay takes them, each once, by rising index."""
    left = dict(signatures)
    return b"".join(
        left.pop(voter.address) + index.to_bytes(2)
        for index, voter in enumerate(policy.voters)
        if voter.address in left
    )


def _bytes_at(data: bytes, word: int) -> bytes:
    """The `bytes` whose offset is in a word of ABI-encoded data."""
    offset = int.from_bytes(data[word * WORD_BYTES : (word + 1) * WORD_BYTES])
    length = int.from_bytes(data[offset : offset + WORD_BYTES])
    return data[offset + WORD_BYTES : offset + WORD_BYTES + length]
