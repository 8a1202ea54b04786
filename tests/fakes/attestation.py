"""Fakes of attestation's ports: a Flare whose blocks, rounds and failures the test controls, and tables in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from flareflow.attestation.models import Attestation, Finalization, IndirectRelay, SignedPolicy, State, Submission
from flareflow.attestation.ports import Awaited, Mined, PolicySighting, RequestRevertedError, ServedProof
from flareflow.attestation.relay import FDC_PROTOCOL_ID, RootMessage
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.errors import FlareUnavailableError, RaceLostError, StorageUnavailableError
from flareflow.keccak import keccak256

BLOCKS_PER_ROUND: Final = 10
STRETCH_BLOCKS: Final = 30
REWARD_EPOCH: Final = 7


@dataclass
class FakeFlare:
    """`Flare`. Only `mine` makes a block, and only `next_round` ends a round."""

    voting_round: int = 1_000
    nonce: int = 0
    sent: list[Submission] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)
    is_down: bool = False
    loses_the_answer: bool = False
    reverts: bool = False
    unreadable_rounds: set[int] = field(default_factory=set)
    indirect_rounds: set[int] = field(default_factory=set)
    submitted: bytes | None = None
    policy_blocks: dict[int, PolicySighting] = field(default_factory=dict)
    _prepared: int = 0
    _mined: dict[bytes, Mined | None] = field(default_factory=dict)

    @property
    def head(self) -> int:
        return self.voting_round * BLOCKS_PER_ROUND

    def mine(self) -> None:
        """Make a block with the transactions whose nonce is the next one."""
        for submission in self.sent:
            if submission.nonce == self.nonce:
                self._mined[submission.transaction_hash] = None if self.reverts else self._here()
                self.nonce += 1

    def next_round(self, count: int = 1) -> None:
        self.voting_round += count

    def use_nonce_elsewhere(self) -> None:
        """Another transaction of the account is mined."""
        self.nonce += 1

    def prepare(self, request: bytes) -> Submission:
        self._answer()
        self._prepared += 1
        transaction = b"transaction %d nonce %d " % (self._prepared, self.nonce) + request
        return Submission(request, transaction, keccak256(transaction), self.nonce)

    def send(self, submission: Submission) -> None:
        self._answer()
        if submission not in self.sent:
            self.sent.append(submission)
        if self.loses_the_answer:
            raise FlareUnavailableError("the connection was lost after sending")

    def mined(self, submission: Submission) -> Mined | None:
        self._answer()
        if submission.transaction_hash not in self._mined:
            return None
        mined = self._mined[submission.transaction_hash]
        if mined is None:
            raise RequestRevertedError("fee to low")
        return mined

    def is_overtaken(self, submission: Submission) -> bool:
        self._answer()
        return self.nonce > submission.nonce and submission.transaction_hash not in self._mined

    def current_round(self) -> int:
        self._answer()
        return self.voting_round

    def finalization(self, voting_round: int, from_block: int) -> Finalization | IndirectRelay | None:
        self._answer()
        if voting_round in self.unreadable_rounds:
            raise FlareUnavailableError(f"round {voting_round} was finalized in a way that nobody can read")
        if voting_round not in self.roots:
            return None
        message = RootMessage(
            FDC_PROTOCOL_ID, voting_round, is_secure_random=False, merkle_root=self.roots[voting_round]
        )
        if voting_round in self.indirect_rounds:
            return IndirectRelay(bytes(32), REWARD_EPOCH, message.encode())
        return Finalization(bytes(32), REWARD_EPOCH, message.encode(), signatures=bytes(67))

    def submitted_signatures(self, relayed: IndirectRelay, policy: SigningPolicy, from_block: int) -> bytes:
        self._answer()
        assert policy.reward_epoch == relayed.reward_epoch
        if self.submitted is None:
            raise FlareUnavailableError("the voters submitted too few signatures")
        return self.submitted

    def policies(self, after_block: int) -> PolicySighting:
        self._answer()
        through = min(after_block + STRETCH_BLOCKS, self.head)
        seen = [sighting for block, sighting in self.policy_blocks.items() if after_block < block <= through]
        return PolicySighting(
            max(through, after_block),
            tuple(policy for sighting in seen for policy in sighting.policies),
            tuple(signature for sighting in seen for signature in sighting.signatures),
        )

    def _here(self) -> Mined:
        return Mined(self.head, self.voting_round)

    def _answer(self) -> None:
        if self.is_down:
            raise FlareUnavailableError("the node does not answer")


@dataclass
class FakeDataAvailability:
    """`DataAvailability`: serves what it was given, for the rounds that it has indexed."""

    indexed_round: int = 0
    served: dict[tuple[int, bytes], ServedProof] = field(default_factory=dict)
    is_down: bool = False

    def proof(self, voting_round: int, request: bytes) -> ServedProof | Awaited:
        if self.is_down:
            raise FlareUnavailableError("the data availability API does not answer")
        if voting_round > self.indexed_round:
            return Awaited.NOT_YET
        return self.served.get((voting_round, request), Awaited.NEVER)


@dataclass
class FakeAttestations:
    """`Attestations` in memory; the records of the epochs in `unreadable` have an unknown form."""

    kept: dict[int, Attestation] = field(default_factory=dict)
    unreadable: set[int] = field(default_factory=set)

    def get(self, epoch: int) -> Attestation | None:
        if epoch in self.unreadable:
            raise ValueError(f"the record of epoch {epoch} has an unknown form")
        return self.kept.get(epoch)

    def epochs_under_way(self) -> Sequence[int]:
        return [epoch for epoch in sorted(self.kept) if not self.kept[epoch].state.is_final]

    def of(self, epochs: Collection[int]) -> Mapping[int, Attestation]:
        return {epoch: self.kept[epoch] for epoch in epochs if epoch in self.kept}

    def states(self) -> Sequence[tuple[int, State]]:
        return [(epoch, self.kept[epoch].state) for epoch in self.epochs_under_way()]

    def save(self, attestation: Attestation) -> Attestation:
        known = self.kept.get(attestation.epoch)
        if (known.version if known else 0) != attestation.version:
            raise RaceLostError(f"epoch {attestation.epoch} was changed meanwhile")
        self.kept[attestation.epoch] = replace(attestation, version=attestation.version + 1)
        return self.kept[attestation.epoch]


@dataclass
class FakePolicies:
    """`Policies` in memory; while it `is_down` it stores no policy."""

    kept: dict[int, SignedPolicy] = field(default_factory=dict)
    through_block: int | None = None
    is_down: bool = False

    def scanned_through(self) -> int | None:
        return self.through_block

    def get(self, reward_epoch: int) -> SignedPolicy | None:
        return self.kept.get(reward_epoch)

    def newest(self, limit: int) -> Sequence[SignedPolicy]:
        return [self.kept[reward_epoch] for reward_epoch in sorted(self.kept, reverse=True)[:limit]]

    def put(self, policy: SignedPolicy) -> None:
        if self.is_down:
            raise StorageUnavailableError("told to be down")
        self.kept[policy.reward_epoch] = policy

    def scanned(self, through_block: int) -> None:
        self.through_block = through_block
