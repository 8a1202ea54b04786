"""An attestation's way from a sealed statement to a checked proof, with outages, reverts and forged answers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from flareflow.attestation.advancing import ROUNDS_TO_PROVE_MAX, AdvanceAttestations, AdvanceReport
from flareflow.attestation.models import Attestation, SignedPolicy, State, Submission
from flareflow.attestation.ports import ServedProof
from flareflow.attestation.request import NO_TIMESTAMP, AttestationTarget, leaf_hash
from flareflow.attestation.signing_policy import SigningPolicy, Voter
from flareflow.errors import FlareUnavailableError
from flareflow.keccak import keccak256
from flareflow.merkle import fold
from flareflow.statements.models import NO_HASH, Statement
from flareflow.time import Deadline
from infra.local.flare.fdc.merkle import round_tree
from tests.fakes.attestation import REWARD_EPOCH, FakeAttestations, FakeDataAvailability, FakeFlare, FakePolicies
from tests.fakes.statements import FakeDocuments, FakeStatements

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
TARGET: Final = AttestationTarget("PublicWeb2", "https://api.flareflow.example/v1/statements/")
FILLER: Final = keccak256(b"somebody else's attestation")


def statement_of(epoch: int, settles_something: bool = True) -> Statement:
    settlement_root = (12).to_bytes(32) if settles_something else NO_HASH
    roots = (11).to_bytes(32), settlement_root
    return Statement(epoch, 300, 600, *roots, 1, 2_000_000, *(number.to_bytes(32) for number in range(13, 17)))


def words_of(epoch: int) -> tuple[int, ...]:
    return (epoch, 300, 600, 11, 12, 1, 2_000_000, 13, 14, 15, 16)


@dataclass
class Attesting:
    """The use case on fakes, and what Flare's voters do at the end of a round."""

    flare: FakeFlare = field(default_factory=FakeFlare)
    availability: FakeDataAvailability = field(default_factory=FakeDataAvailability)
    statements: FakeStatements = field(default_factory=FakeStatements)
    attestations: FakeAttestations = field(default_factory=FakeAttestations)
    policies: FakePolicies = field(default_factory=FakePolicies)
    documents: FakeDocuments = field(default_factory=FakeDocuments)

    def seal(self, epoch: int, settles_something: bool = True) -> None:
        self.statements.put(statement_of(epoch, settles_something))

    def tick(self, left: timedelta = timedelta(minutes=4)) -> AdvanceReport:
        deadline = Deadline(NOW + left, clock=lambda: NOW)
        use_case = AdvanceAttestations(
            TARGET,
            self.flare,
            self.availability,
            self.statements,
            self.attestations,
            self.policies,
            self.documents,
        )
        return use_case.run(deadline)

    def request(self, epoch: int) -> int:
        """Seal the epoch and have its request mined; returns the voting round."""
        self.seal(epoch)
        self.tick()
        self.flare.mine()
        self.tick()
        voting_round = self.of(epoch).voting_round
        assert voting_round is not None
        return voting_round

    def finish_round(self, confirmed: bool = True, attested_words: tuple[int, ...] | None = None) -> None:
        """Voters confirm every request of the round, finalize it, and the API indexes it."""
        voting_round = self.flare.voting_round
        under_way = map(self.of, self.attestations.epochs_under_way())
        requests = [one for one in under_way if one.voting_round == voting_round]
        responses = {
            submission_of(one).request: TARGET.response(
                one.epoch, attested_words or one.words, voting_round, NO_TIMESTAMP
            )
            for one in requests
            if confirmed
        }
        tree = round_tree([FILLER, *map(leaf_hash, responses.values())])
        for request, response in responses.items():
            proof = ServedProof(response, tuple(tree.proof(leaf_hash(response))))
            self.availability.served[voting_round, request] = proof
        self.flare.roots[voting_round] = tree.root
        self.availability.indexed_round = voting_round
        self.flare.next_round()

    def of(self, epoch: int) -> Attestation:
        return self.attestations.kept[epoch]


def submission_of(attestation: Attestation) -> Submission:
    assert attestation.submission is not None
    return attestation.submission


@pytest.fixture
def attesting() -> Attesting:
    return Attesting()


def test_a_sealed_statement_is_requested_followed_and_proven(attesting: Attesting) -> None:
    # Given a sealed statement
    attesting.seal(7)
    # When ticks go by while Flare mines, votes and finalizes
    states = [attesting.tick().states[7]]
    attesting.flare.mine()
    states.append(attesting.tick().states[7])
    attesting.finish_round()
    states.append(attesting.tick().states[7])
    # Then its state follows, and the proof leads from the response to the signed root
    assert states == ["REQUESTED", "REQUESTED", "PROVEN"]
    proof = attesting.of(7).proof
    assert proof is not None
    assert (proof.voting_round, proof.lowest_used_timestamp, proof.siblings) == (1_000, NO_TIMESTAMP, (FILLER,))
    assert attesting.of(7).reasons == ()


def test_a_request_is_stored_before_it_is_sent() -> None:
    # Given a node that notes what is stored at the moment of sending
    class WatchingFlare(FakeFlare):
        def send(self, submission: Submission) -> None:
            stored.append(attesting.of(7).submission)
            super().send(submission)

    stored: list[Submission | None] = []
    attesting = Attesting(flare=WatchingFlare())
    # When a statement is requested
    attesting.seal(7)
    attesting.tick()
    # Then the store already had what was sent
    assert stored == attesting.flare.sent
    assert len(stored) == 1


def test_after_a_crash_between_storing_and_sending_the_same_bytes_are_sent(attesting: Attesting) -> None:
    # Given a request that was stored by an invocation that then ended
    attesting.seal(7)
    stored = attesting.flare.prepare(TARGET.request(7, words_of(7)))
    attesting.attestations.save(Attestation(7, words_of(7), State.REQUESTED, submission=stored))
    # When the next tick comes
    attesting.tick()
    # Then it sends that, and signs nothing new
    assert attesting.flare.sent == [stored]


def test_a_lost_answer_does_not_make_a_second_request(attesting: Attesting) -> None:
    # Given a node that takes the transaction while its answer is lost
    attesting.seal(7)
    attesting.flare.loses_the_answer = True
    with pytest.raises(FlareUnavailableError):
        attesting.tick()
    # When the connection is back
    attesting.flare.loses_the_answer = False
    attesting.tick()
    attesting.flare.mine()
    attesting.tick()
    # Then one request was made and mined
    assert len(attesting.flare.sent) == 1
    assert attesting.of(7).voting_round == 1_000


def test_a_statement_that_settles_nothing_is_not_attested(attesting: Attesting) -> None:
    attesting.seal(7, settles_something=False)
    assert attesting.tick().states == {}
    assert attesting.flare.sent == []


def test_a_reverted_request_is_made_again_and_its_reason_kept(attesting: Attesting) -> None:
    # Given a request that reverts
    attesting.seal(7)
    attesting.tick()
    attesting.flare.reverts = True
    attesting.flare.mine()
    attesting.flare.reverts = False
    # When ticks go on
    attesting.tick()
    # Then another request is under way
    assert len(attesting.flare.sent) == 2
    assert attesting.of(7).reasons == ("the request reverted: fee to low",)


def test_a_request_whose_nonce_another_transaction_used_is_made_again(attesting: Attesting) -> None:
    # Given a request whose nonce another transaction used
    attesting.seal(7)
    attesting.tick()
    attesting.flare.use_nonce_elsewhere()
    # When the next tick comes
    attesting.tick()
    # Then the request has the next nonce
    assert submission_of(attesting.of(7)).nonce == 1
    assert attesting.of(7).reasons == ("nonce 0 was used by another transaction",)


def test_a_request_is_made_again_when_its_round_gets_no_root_for_ten_rounds(attesting: Attesting) -> None:
    # Given a request in a round that is never finalized
    attesting.request(7)
    attesting.flare.next_round(ROUNDS_TO_PROVE_MAX)
    # When the last round in which it might be finalized passes
    waiting = attesting.tick().states[7], attesting.of(7).voting_round
    attesting.flare.next_round()
    attesting.tick()
    # Then it was waited for until then, and requested again after
    assert waiting == ("REQUESTED", 1_000)
    assert len(attesting.flare.sent) == 2
    assert attesting.of(7).reasons == (f"round 1000 gave no proof in {ROUNDS_TO_PROVE_MAX} rounds",)


def test_an_attestation_waits_for_a_proof_that_is_not_indexed_yet(attesting: Attesting) -> None:
    # Given a finalized round that the API has not indexed
    voting_round = attesting.request(7)
    attesting.finish_round()
    attesting.availability.indexed_round = voting_round - 1
    # When a tick asks before and another after it is indexed
    before = attesting.tick().states[7]
    attesting.availability.indexed_round = voting_round
    after = attesting.tick().states[7]
    # Then the same request is proven
    assert (before, after) == ("FINALIZED", "PROVEN")
    assert len(attesting.flare.sent) == 1


def test_a_request_that_its_round_does_not_contain_is_made_again(attesting: Attesting) -> None:
    # Given a round whose voters did not confirm the request
    attesting.request(7)
    attesting.finish_round(confirmed=False)
    # When it is requested again and that round goes well
    attesting.tick()
    attesting.flare.mine()
    attesting.tick()
    attesting.finish_round()
    attesting.tick()
    # Then it is proven, and the miss is known
    assert attesting.of(7).state is State.PROVEN
    assert attesting.of(7).reasons == ("round 1000 was finalized without our request",)


def test_a_missed_statement_is_skipped_when_a_newer_one_was_sealed(attesting: Attesting) -> None:
    # Given a missed request and a newer statement
    attesting.request(7)
    attesting.finish_round(confirmed=False)
    attesting.seal(8)
    # When a tick comes
    states = attesting.tick().states
    # Then only the newer is requested: its totals hold the older's
    assert states == {7: "SKIPPED", 8: "REQUESTED"}
    assert "a newer statement carries the totals" in attesting.of(7).reasons


def test_a_round_finalized_through_another_contract_is_proven_by_what_its_voters_submitted(
    attesting: Attesting,
) -> None:
    # Given a round that was finalized indirectly
    attesting.flare.indirect_rounds.add(attesting.request(7))
    attesting.finish_round()
    # When its policy is not stored, and then the voters have not submitted enough
    for missing in ("reward epoch 7 is not stored", "too few signatures"):
        with pytest.raises(FlareUnavailableError, match=missing):
            attesting.tick()
        policy = SigningPolicy(REWARD_EPOCH, 1, 1, bytes(32), (Voter(bytes(20), 2),)).encode()
        attesting.policies.put(SignedPolicy(REWARD_EPOCH, policy, b""))
    # Then it waits
    assert attesting.of(7).state is State.REQUESTED
    # Until they have: the same request is proven, with their signatures
    attesting.flare.submitted = b"by voters"
    assert attesting.tick().states[7] == "PROVEN"
    finalization = attesting.of(7).finalization
    assert finalization is not None
    assert (finalization.reward_epoch, finalization.signatures) == (REWARD_EPOCH, b"by voters")
    assert len(attesting.flare.sent) == 1


def test_a_response_that_is_not_our_statement_is_refused(attesting: Attesting) -> None:
    # Given an API that serves a well-proven response with another total
    attesting.request(7)
    attesting.finish_round(attested_words=(*words_of(7)[:6], 1, *words_of(7)[7:]))
    # When ticks ask for it
    attesting.tick()
    attesting.tick()
    # Then nothing is proven and the reason is kept once
    assert attesting.of(7).state is State.FINALIZED
    assert attesting.of(7).reasons == ("the response served for round 1000 is not our statement's",)


def test_siblings_that_lead_to_another_root_are_refused(attesting: Attesting) -> None:
    # Given an API that serves the right response with a wrong sibling
    voting_round = attesting.request(7)
    attesting.finish_round()
    key = voting_round, submission_of(attesting.of(7)).request
    served = attesting.availability.served[key]
    attesting.availability.served[key] = ServedProof(served.response, (bytes(32),))
    # When a tick asks for it
    attesting.tick()
    # Then it waits for a better answer, and takes it
    assert attesting.of(7).reasons == ("the proof served for round 1000 does not lead to its root",)
    attesting.availability.served[key] = served
    assert attesting.tick().states[7] == "PROVEN"


def test_a_request_is_made_again_when_the_api_serves_nothing_usable_for_ten_rounds(attesting: Attesting) -> None:
    # Given a finalized request and an API that stays silent
    attesting.request(7)
    attesting.finish_round()
    attesting.availability.is_down = True
    with pytest.raises(FlareUnavailableError):
        attesting.tick()
    # When that has gone on for long
    attesting.flare.next_round(ROUNDS_TO_PROVE_MAX)
    attesting.tick()
    # Then it is requested anew
    assert attesting.of(7).state is State.REQUESTED
    assert len(attesting.flare.sent) == 2


def test_an_attestation_that_fails_does_not_stop_a_newer_one(attesting: Attesting) -> None:
    # Given a round whose finalization cannot be read, and a newer statement
    voting_round = attesting.request(7)
    attesting.flare.unreadable_rounds.add(voting_round)
    attesting.seal(8)
    # When a tick comes
    with pytest.raises(FlareUnavailableError, match="nobody can read"):
        attesting.tick()
    # Then the newer one is requested, and the older skipped in time
    assert attesting.of(8).state is State.REQUESTED
    attesting.flare.next_round(ROUNDS_TO_PROVE_MAX + 1)
    assert attesting.tick().states[7] == "SKIPPED"


def test_an_attestation_that_another_invocation_changes_meanwhile_holds_up_no_newer_one(attesting: Attesting) -> None:
    # Given two attestations under way, of which another invocation changes the older one during the tick
    attesting.request(7)
    attesting.request(8)
    attesting.finish_round()
    stale = dict(attesting.attestations.kept)
    attesting.attestations.save(attesting.of(7).because("changed by another invocation"))
    attesting.attestations.get = lambda epoch: stale[epoch]  # type: ignore[method-assign]
    # When a tick goes by, Then the newer one is proven, and the older one is left to the other invocation
    assert attesting.tick().states == {8: "PROVEN"}
    assert attesting.of(7).state is State.REQUESTED


def test_further_ticks_do_not_change_a_proven_attestation(attesting: Attesting) -> None:
    # Given a proven attestation
    attesting.request(7)
    attesting.finish_round()
    attesting.tick()
    proven = attesting.of(7)
    # When ticks go on for long
    attesting.flare.next_round(100)
    attesting.tick()
    # Then nothing changed and nothing was sent
    assert attesting.of(7) == proven
    assert len(attesting.flare.sent) == 1


def test_a_tick_stops_before_its_deadline(attesting: Attesting) -> None:
    # Given little time
    attesting.seal(7)
    # When the tick runs
    report = attesting.tick(left=timedelta(seconds=1))
    # Then it says that it is unfinished and has paid for nothing
    assert report.unfinished
    assert attesting.flare.sent == []


@pytest.mark.parametrize(("siblings", "state"), [(32, "PROVEN"), (33, "FINALIZED")])
def test_a_proof_of_more_than_32_siblings_is_refused(attesting: Attesting, siblings: int, state: str) -> None:
    # Given a round whose root is so many levels above our leaf, as the voters signed it
    voting_round = attesting.request(7)
    attesting.finish_round()
    key = voting_round, submission_of(attesting.of(7)).request
    response = attesting.availability.served[key].response
    path = tuple(bytes([number]) * 32 for number in range(siblings))
    attesting.availability.served[key] = ServedProof(response, path)
    attesting.flare.roots[voting_round] = fold(leaf_hash(response), path)
    # When a tick asks for the proof, then it is taken only if the contract can check it
    assert attesting.tick().states[7] == state


def test_a_request_is_given_up_in_the_eleventh_round_after_its_own(attesting: Attesting) -> None:
    # Given a request of round 1000, which is never finalized
    attesting.request(7)
    # When round 1010 and then round 1011 come
    attesting.flare.voting_round = 1_010
    attesting.tick()
    waiting = len(attesting.flare.sent)
    attesting.flare.voting_round = 1_011
    attesting.tick()
    # Then another request is made in the latter
    assert (waiting, len(attesting.flare.sent)) == (1, 2)
