"""From a statement to its checked proof, with Anvil and local voters that sometimes misbehave."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Final

import pytest
from eth_keys.datatypes import Signature
from hexbytes import HexBytes

from flareflow.attestation import advancing
from flareflow.attestation.advancing import AdvanceAttestations
from flareflow.attestation.models import Attestation, State
from flareflow.attestation.policies import RecordPolicies
from flareflow.attestation.relay import RootMessage, decode_signatures, signed_digest
from flareflow.attestation.request import ATTESTED_FIELDS, AttestationTarget
from flareflow.attestation.signing_policy import SigningPolicy, legacy_hash
from flareflow.statements.models import STATEMENT_VERSION, Statement
from flareflow.time import Deadline
from flareflow_verify.bundle import SignedPolicy
from flareflow_verify.quorum import NoQuorumError, require_policy_quorum
from flareflow_verify.sources.flare import FlareNode
from flareflow_verify.sources.flare_policies import PolicyHistory
from flareflow_verify.sources.http import Budget
from infra.local.flare.fdc.voters import policy_of
from infra.local.flare.network import LOCAL_FLARE
from infra.local.ports import url
from tests.fakes.attestation import FakeAttestations, FakePolicies
from tests.fakes.statements import FakeDocuments, FakeStatements
from tests.support.eventually import eventually
from tests.support.flare import ROUND_SECONDS, STATEMENT_HOST, LocalFlare, local_flare

pytestmark = pytest.mark.stack

PORT_BASE: Final = 23500
TARGET: Final = AttestationTarget("PublicWeb2", f"https://{STATEMENT_HOST}/v1/statements/")


@dataclass
class Attesting:
    """The use case, with the stand-in contracts and the local voters."""

    local: LocalFlare
    statements: FakeStatements = field(default_factory=FakeStatements)
    attestations: FakeAttestations = field(default_factory=FakeAttestations)
    policies: FakePolicies = field(default_factory=FakePolicies)
    documents: FakeDocuments = field(default_factory=FakeDocuments)

    def seal(self, epoch: int, *, served: dict[str, str] | None = None) -> None:
        """Seal a statement; the host serves it, with `served` in place of some of its fields."""
        values = {field: str(epoch * 1_000 + n) for n, (_, field, _) in enumerate(ATTESTED_FIELDS)}
        values |= {
            field: f"0x{epoch + n:064x}" for n, (_, field, kind) in enumerate(ATTESTED_FIELDS) if kind == "bytes32"
        }
        values = {"version": STATEMENT_VERSION, **values, "epoch": str(epoch)}
        self.local.host.texts[f"/v1/statements/{epoch:010d}"] = json.dumps(values | (served or {}))
        self.statements.put(Statement.parse(json.dumps(values, separators=(",", ":"))))

    def until(self, epoch: int, *states: State, reasons: int = 0) -> Attestation:
        """Tick until the attestation is in one of these states and has at least `reasons` reasons."""
        use_case = AdvanceAttestations(
            TARGET,
            self.local.flare,
            self.local.availability,
            self.statements,
            self.attestations,
            self.policies,
            self.documents,
        )

        def reached() -> Attestation | None:
            use_case.run(Deadline(datetime.now(UTC) + timedelta(minutes=1)))
            found = self.attestations.kept[epoch]
            return found if found.state in states and len(found.reasons) >= reasons else None

        return eventually(reached)


@pytest.fixture(scope="module")
def local() -> Iterator[LocalFlare]:
    with local_flare(PORT_BASE) as running:
        yield running


@pytest.fixture
def attesting(local: LocalFlare, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attesting]:
    """However slow the machine is, a round's proof is waited for."""
    monkeypatch.setattr(advancing, "ROUNDS_TO_PROVE_MAX", 100)
    yield Attesting(local)
    local.order("miss-rounds", count=0)
    local.order("disagree", voters=0, rounds=0)
    local.order("relay-indirectly", count=0)
    local.order("delay", seconds=0)


def weight_of(policy: SigningPolicy, content_hash: bytes, signatures: bytes) -> int:
    """The weight of the voters that signed a hash; each signature must be by the voter at its index, in order."""
    ones = decode_signatures(signatures)
    assert [one.index for one in ones] == sorted({one.index for one in ones})
    for one in ones:
        vrs = (one.v - 27, int.from_bytes(one.r), int.from_bytes(one.s))
        signer = Signature(vrs=vrs).recover_public_key_from_msg_hash(signed_digest(content_hash))
        assert signer.to_canonical_address() == policy.voters[one.index].address
    return sum(policy.voters[one.index].weight for one in ones)


def test_a_statement_is_proven_by_signatures_of_more_than_half_of_the_weight(attesting: Attesting) -> None:
    # Given a sealed statement that the host serves
    attesting.seal(41)
    # When the attestation is followed
    proven = attesting.until(41, State.PROVEN)
    # Then it is proven among others' attestations, in one go
    assert proven.reasons == ()
    assert proven.proof is not None
    assert len(proven.proof.siblings) >= 2
    # And the finalization holds enough valid signatures of the policy that it names
    assert proven.finalization is not None
    message = RootMessage.decode(proven.finalization.message)
    policy = policy_of(proven.finalization.reward_epoch, LOCAL_FLARE.rounds_per_reward_epoch)
    assert message.voting_round == proven.voting_round
    assert weight_of(policy, message.hash, proven.finalization.signatures) > policy.threshold


def test_a_round_that_was_finalized_through_another_contract_is_proven_by_what_voters_submitted(
    attesting: Attesting,
) -> None:
    # Given a round that another contract finalizes, and the signing policies of Flare
    attesting.local.order("relay-indirectly", count=1)
    reader = RecordPolicies(attesting.local.flare, attesting.policies, attesting.local.deployment.start_block)
    reader.run(Deadline(datetime.now(UTC) + timedelta(minutes=1)))
    attesting.seal(48)
    # When the attestation is followed
    proven = attesting.until(48, State.PROVEN)
    # Then the first request is proven
    assert proven.reasons == ()
    assert proven.finalization is not None
    # And by no call of the Relay, but by enough valid signatures all the same
    transaction = attesting.local.web3.eth.get_transaction(HexBytes(proven.finalization.transaction_hash))
    assert transaction.get("to") is None
    message = RootMessage.decode(proven.finalization.message)
    policy = policy_of(proven.finalization.reward_epoch, LOCAL_FLARE.rounds_per_reward_epoch)
    assert message.voting_round == proven.voting_round
    assert weight_of(policy, message.hash, proven.finalization.signatures) > policy.threshold


def test_every_voter_fetches_the_statement_itself(attesting: Attesting) -> None:
    # Given a statement
    attesting.seal(42)
    # When it was proven
    attesting.until(42, State.PROVEN)
    # Then the host was asked by at least five voters
    assert attesting.local.host.fetches.count("/v1/statements/0000000042") >= 5


def test_a_missed_request_is_made_anew_and_proven(attesting: Attesting) -> None:
    # Given voters that miss the next round
    attesting.local.order("miss-rounds", count=1)
    attesting.seal(43)
    # When the attestation is followed
    proven = attesting.until(43, State.PROVEN)
    # Then the second request was proven, and the first is remembered
    assert len(proven.reasons) == 1
    assert "was finalized without our request" in proven.reasons[0]


def test_a_minority_that_disagrees_is_harmless(attesting: Attesting) -> None:
    # Given two of six voters that sign another root
    attesting.local.order("disagree", voters=2, rounds=1)
    attesting.seal(44)
    # When the attestation is followed
    proven = attesting.until(44, State.PROVEN)
    # Then the others sufficed, at the first request
    assert proven.reasons == ()


def test_without_a_majority_there_is_no_root_and_the_request_is_made_anew(
    attesting: Attesting, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given four of six voters that sign another root, once
    attesting.local.order("disagree", voters=4, rounds=1)
    attesting.seal(45)
    # When the attestation is followed, and the first round is waited for no longer than it takes
    with monkeypatch.context() as impatient:
        impatient.setattr(advancing, "ROUNDS_TO_PROVE_MAX", 2)
        attesting.until(45, State.SEALED, State.REQUESTED, reasons=1)
    proven = attesting.until(45, State.PROVEN)
    # Then the first round had no root
    assert len(proven.reasons) == 1
    assert "gave no proof" in proven.reasons[0]


def test_a_host_that_serves_other_numbers_is_never_attested(attesting: Attesting) -> None:
    # Given a host that serves one micro-token more than the statement says
    attesting.seal(46, served={"total_rated_microtokens": "46007"})
    # When voters fetch it
    missed = attesting.until(46, State.SEALED, State.REQUESTED, reasons=1)
    # Then the integrity code does not match, and nothing is proven
    assert "was finalized without our request" in missed.reasons[0]


def test_a_late_finalization_is_waited_for(attesting: Attesting) -> None:
    # Given voters that finalize two rounds late
    attesting.local.order("delay", seconds=2 * ROUND_SECONDS)
    attesting.seal(47)
    # When the attestation is followed
    proven = attesting.until(47, State.PROVEN)
    # Then no second request was made
    assert proven.reasons == ()


def test_a_signing_policy_is_recorded_with_the_signatures_that_hand_it_on(local: LocalFlare) -> None:
    # Given a new signing policy
    policies = FakePolicies()
    reader = RecordPolicies(local.flare, policies, local.deployment.start_block)
    first = SigningPolicy.decode(bytes.fromhex(local.deployment.first_policy))
    local.order("roll-policy")
    # When Flare's blocks are read until it is signed

    def signed_by_enough() -> bool:
        reader.run(Deadline(datetime.now(UTC) + timedelta(minutes=1)))
        signed = policies.get(first.reward_epoch + 1)
        return signed is not None and weight_of(first, legacy_hash(signed.policy), signed.signatures) > first.threshold

    # Then the policy before hands it on
    assert eventually(signed_by_enough)
    assert SigningPolicy.decode(policies.kept[first.reward_epoch + 1].policy).reward_epoch == first.reward_epoch + 1


def test_the_command_rolls_to_the_newest_policy_from_any_older_one_that_is_trusted(local: LocalFlare) -> None:
    # Given a chain on which two policies followed on another one
    first = SigningPolicy.decode(bytes.fromhex(local.deployment.first_policy)).reward_epoch
    with Budget().client() as http:
        node = FlareNode(http, url("anvil"), local.deployment.registry)
        relay = node.contract("Relay")
        hashes = {one: node.view(relay, "toSigningPolicyHash(uint256)", one) for one in range(first, first + 10)}
        newest = max(one for one, known in hashes.items() if any(known)) + 2
        for wanted in (newest - 1, newest):
            local.order("roll-policy")
            eventually(partial(_hash_in_relay, node, relay, wanted))
        policy = policy_of(newest, LOCAL_FLARE.rounds_per_reward_epoch).encode()
        for trusted in (first, newest - 1, newest):
            # When a reader trusts one of them by its hash in the Relay
            trusted_hash = node.view(relay, "toSigningPolicyHash(uint256)", trusted)
            # Then each policy since is found with the signatures of a quorum of the one before
            found = eventually(partial(_rolled, node, policy, trusted_hash))
            assert [SigningPolicy.decode(one.policy).reward_epoch for one in found] == list(range(trusted, newest + 1))


def _hash_in_relay(node: FlareNode, relay: str, reward_epoch: int) -> bytes | None:
    found = node.view(relay, "toSigningPolicyHash(uint256)", reward_epoch)
    return found if any(found) else None


def _rolled(node: FlareNode, newest: bytes, trusted_hash: bytes) -> Sequence[SignedPolicy] | None:
    """The policies since the trusted one, once a quorum has signed each: signatures come one by one."""
    found = PolicyHistory(node).back_to(newest, lambda one: legacy_hash(one) == trusted_hash)
    try:
        for before, after in pairwise(found):
            require_policy_quorum(SigningPolicy.decode(before.policy), after.policy, after.signatures, 31_337)
    except NoQuorumError:
        return None
    return found
