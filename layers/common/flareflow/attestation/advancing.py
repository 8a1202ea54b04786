"""One tick of `attestation_submission`: each attestation under way takes the steps that it can take now."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from flareflow.attestation.models import Attestation, Finalization, IndirectRelay, Proof, State
from flareflow.attestation.ports import (
    Attestations,
    Awaited,
    DataAvailability,
    Flare,
    Policies,
    RequestRevertedError,
    ServedProof,
    Statements,
)
from flareflow.attestation.relay import RootMessage
from flareflow.attestation.request import AttestationTarget, leaf_hash
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.errors import UNREADABLE, BrokenRuleError, FlareUnavailableError, RaceLostError, UnavailableError
from flareflow.json_format import to_json
from flareflow.keccak import WORD_BYTES
from flareflow.merkle import fold
from flareflow.statements.documents import JSON, Document, attestation_path
from flareflow.statements.models import Statement
from flareflow.statements.ports import Documents
from flareflow.time import Deadline

ROUNDS_TO_PROVE_MAX: Final = 10
"""A request without a proof this many voting rounds after its own is given up and made again."""

STEPS_MAX: Final = 8
"""More than the steps from SEALED to PROVEN; reaching it means that the steps lead nowhere."""

PROOF_SIBLINGS_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class AdvanceReport:
    """The state of each attestation after the tick, by epoch; `unfinished` when the deadline ended the tick."""

    states: dict[int, str]
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class AdvanceAttestations:
    """Requests an attestation of the newest statement, and follows those under way until they are proven."""

    target: AttestationTarget
    flare: Flare
    availability: DataAvailability
    statements: Statements
    attestations: Attestations
    policies: Policies
    documents: Documents

    def run(self, deadline: Deadline) -> AdvanceReport:
        """One tick. An attestation that fails or cannot be read does not stop the others; the first error rises at the
        end.
        """
        newest = self.statements.newest()
        if newest is not None and newest.settles_something:
            self._begin(newest)
        states: dict[int, str] = {}
        failures: list[Exception] = []
        for epoch in self.attestations.epochs_under_way():
            if deadline.is_near():
                return AdvanceReport(states, unfinished=True)
            try:
                if attestation := self.attestations.get(epoch):
                    states[epoch] = self._advance(attestation, newest).state.value
            except RaceLostError:
                continue
            except (UnavailableError, *UNREADABLE) as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return AdvanceReport(states)

    def _begin(self, statement: Statement) -> None:
        """Begin an attestation, unless there is one; of one that cannot be read the tick tells later."""
        with suppress(RaceLostError, *UNREADABLE):
            if self.attestations.get(statement.epoch) is None:
                self.attestations.save(Attestation(statement.epoch, statement.words))

    def _advance(self, attestation: Attestation, newest: Statement | None) -> Attestation:
        for _ in range(STEPS_MAX):
            if attestation.state is State.SEALED and newest is not None and attestation.epoch < newest.epoch:
                step: Callable[[Attestation], Attestation] = self._skip
            elif attestation.state in self._steps:
                step = self._steps[attestation.state]
            else:
                return attestation
            after = self._taken(step, attestation)
            if after == attestation:
                return attestation
            moved = after.state is not attestation.state
            attestation = self.attestations.save(after)
            if not moved:
                return attestation
        raise BrokenRuleError(f"epoch {attestation.epoch} is {attestation.state} after {STEPS_MAX} steps in one tick")

    @property
    def _steps(self) -> dict[State, Callable[[Attestation], Attestation]]:
        return {
            State.SEALED: self._request,
            State.REQUESTED: self._follow_round,
            State.FINALIZED: self._fetch_proof,
        }

    def _taken(self, step: Callable[[Attestation], Attestation], attestation: Attestation) -> Attestation:
        """The attestation after the step; it starts over when its proof is overdue, even if the step failed."""
        try:
            after = step(attestation)
        except UnavailableError:
            if not self._is_overdue(attestation):
                raise
            after = attestation
        if after.state is attestation.state and self._is_overdue(attestation):
            return after.start_over(f"round {attestation.voting_round} gave no proof in {ROUNDS_TO_PROVE_MAX} rounds")
        return after

    def _is_overdue(self, attestation: Attestation) -> bool:
        voting_round = attestation.voting_round
        return voting_round is not None and self.flare.current_round() > voting_round + ROUNDS_TO_PROVE_MAX

    def _skip(self, attestation: Attestation) -> Attestation:
        return replace(attestation, state=State.SKIPPED).because("a newer statement carries the totals")

    def _request(self, attestation: Attestation) -> Attestation:
        """Only sign. The next step sends what is stored by then, so nothing is sent that is not stored."""
        request = self.target.request(attestation.epoch, attestation.words)
        return replace(attestation, state=State.REQUESTED, submission=self.flare.prepare(request))

    def _follow_round(self, attestation: Attestation) -> Attestation:
        if attestation.voting_round is None:
            return self._send(attestation)
        voting_round, mined_block = attestation.voting_round, attestation.mined_block
        assert mined_block is not None
        finalization = self.flare.finalization(voting_round, mined_block)
        if finalization is None:
            return attestation
        if isinstance(finalization, IndirectRelay):
            finalization = self._collected(finalization, mined_block)
        return replace(attestation, state=State.FINALIZED, finalization=finalization)

    def _collected(self, relayed: IndirectRelay, from_block: int) -> Finalization:
        """The finalization with the signatures that the voters submitted themselves."""
        signed = self.policies.get(relayed.reward_epoch)
        if signed is None:
            raise FlareUnavailableError(f"the signing policy of reward epoch {relayed.reward_epoch} is not stored yet")
        policy = SigningPolicy.decode(signed.policy)
        signatures = self.flare.submitted_signatures(relayed, policy, from_block)
        return Finalization(relayed.transaction_hash, relayed.reward_epoch, relayed.message, signatures)

    def _send(self, attestation: Attestation) -> Attestation:
        submission = attestation.submission
        assert submission is not None
        try:
            mined = self.flare.mined(submission)
        except RequestRevertedError as error:
            return attestation.start_over(f"the request reverted: {error}")
        if mined is not None:
            return replace(attestation, mined_block=mined.block, voting_round=mined.voting_round)
        if self.flare.is_overtaken(submission):
            return attestation.start_over(f"nonce {submission.nonce} was used by another transaction")
        self.flare.send(submission)
        return attestation

    def _fetch_proof(self, attestation: Attestation) -> Attestation:
        voting_round, submission = attestation.voting_round, attestation.submission
        assert voting_round is not None
        assert submission is not None
        served = self.availability.proof(voting_round, submission.request)
        match served:
            case Awaited.NEVER:
                return attestation.start_over(f"round {voting_round} was finalized without our request")
            case Awaited.NOT_YET:
                return attestation
            case ServedProof():
                return self._check(attestation, served, voting_round)

    def _check(self, attestation: Attestation, served: ServedProof, voting_round: int) -> Attestation:
        """Keep the proof only if the response is the statement's and leads to the finalized root."""
        assert attestation.finalization is not None
        root = RootMessage.decode(attestation.finalization.message).merkle_root
        timestamp = int.from_bytes(served.response[4 * WORD_BYTES : 5 * WORD_BYTES])
        expected = self.target.response(attestation.epoch, attestation.words, voting_round, timestamp % 2**64)
        if served.response != expected:
            return attestation.because(f"the response served for round {voting_round} is not our statement's")
        if len(served.siblings) > PROOF_SIBLINGS_MAX or fold(leaf_hash(served.response), served.siblings) != root:
            return attestation.because(f"the proof served for round {voting_round} does not lead to its root")
        self._publish(attestation.epoch, attestation.finalization, voting_round, served)
        return replace(attestation, state=State.PROVEN, proof=Proof(voting_round, timestamp, served.siblings))

    def _publish(self, epoch: int, finalization: Finalization, voting_round: int, served: ServedProof) -> None:
        """Write the document with which anyone can prove the statement. The first proof of an epoch stays in it."""
        signed = self.policies.get(finalization.reward_epoch)
        content = {
            "voting_round": voting_round,
            "response": served.response,
            "siblings": served.siblings,
            "message": finalization.message,
            "signatures": finalization.signatures,
            "policy": signed.policy if signed else None,
        }
        self.documents.put(Document(attestation_path(epoch), to_json(content), JSON))
