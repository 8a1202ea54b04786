"""Faults of attesting: only what Flare's voters signed is taken for a proof, and every request is paid once."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow/attestation"
ADVANCING: Final = f"{PACKAGE}/advancing.py"
MODELS: Final = f"{PACKAGE}/models.py"
POLICIES: Final = f"{PACKAGE}/policies.py"
RELAY: Final = f"{PACKAGE}/relay.py"
REQUEST: Final = f"{PACKAGE}/request.py"
SIGNING_POLICY: Final = f"{PACKAGE}/signing_policy.py"
SUBMISSIONS: Final = f"{PACKAGE}/submissions.py"

TEST_ADVANCING: Final = "tests/unit/attestation/test_advancing.py"
TEST_MODELS: Final = "tests/unit/attestation/test_models.py"
TEST_POLICIES: Final = "tests/unit/attestation/test_policies.py"
TEST_RECORDED: Final = "tests/unit/attestation/test_recorded_data.py"
TEST_RELAY: Final = "tests/unit/attestation/test_relay.py"
TEST_REQUEST: Final = "tests/unit/attestation/test_request.py"
TEST_SUBMISSIONS: Final = "tests/unit/attestation/test_submissions.py"
TEST_SUBMITTED: Final = "tests/unit/adapters/flare/test_submitted_signatures.py"
TEST_SIGNING_POLICY: Final = "tests/unit/attestation/test_signing_policy.py"

FAULTS: Final = (
    Fault(
        "attestation-indirect-relay-unsigned",
        "A round that was finalized through another contract is proven by what its voters submitted.",
        ADVANCING,
        "if isinstance(finalization, IndirectRelay):",
        'if finalization.message == b"":',
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-submission-of-another-root",
        "A submitted signature counts for the message that it names.",
        SUBMISSIONS,
        'for before in (b"\\x00" + message, b"\\x01"):',
        'for before in (b"\\x00" + message[:6] + payload[7:39], b"\\x01"):',
        [TEST_SUBMISSIONS],
    ),
    Fault(
        "attestation-submission-of-another-round",
        "A submitted signature counts for the round that its payload names.",
        SUBMISSIONS,
        "if head[:ROUND_BYTES] == message[:ROUND_BYTES]:",
        "if head[:1] == message[:1]:",
        [TEST_SUBMISSIONS],
    ),
    Fault(
        "attestation-quorum-at-the-threshold",
        "A quorum has more than the threshold.",
        SUBMISSIONS,
        "weight_of(self.signatures) > self.policy.threshold",
        "weight_of(self.signatures) >= self.policy.threshold",
        [TEST_SUBMITTED],
    ),
    Fault(
        "attestation-quorum-out-of-order",
        "Signatures stand in the order of the voters.",
        SUBMISSIONS,
        "for index in sorted(self.signatures)",
        "for index in self.signatures",
        [TEST_SUBMITTED],
    ),
    Fault(
        "attestation-of-nothing",
        "A statement that settles nothing is not attested.",
        ADVANCING,
        "if newest is not None and newest.settles_something:",
        "if newest is not None:",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-one-failure-stops-all",
        "An attestation that fails holds up no other.",
        ADVANCING,
        "failures.append(error)",
        "raise",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-failures-hidden",
        "A tick in which an outside system failed ends with that error.",
        ADVANCING,
        "            raise failures[0]\n",
        "            return AdvanceReport(states)\n",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-deadline-ignored",
        "No attestation is advanced when the deadline is near.",
        ADVANCING,
        "if deadline.is_near():",
        "if not states and failures:",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-older-statement-requested",
        "A statement that a newer one covers is skipped, not requested.",
        ADVANCING,
        "attestation.epoch < newest.epoch:",
        "attestation.epoch > newest.epoch:",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-given-up-a-round-early",
        "A request is given up only after ten rounds without proof.",
        ADVANCING,
        "self.flare.current_round() > voting_round + ROUNDS_TO_PROVE_MAX",
        "self.flare.current_round() >= voting_round + ROUNDS_TO_PROVE_MAX",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-waits-for-ever",
        "A request that has no proof after ten rounds starts over, also while an outside system fails.",
        ADVANCING,
        "            if not self._is_overdue(attestation):\n                raise\n",
        "            raise\n",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-any-response-is-a-proof",
        "A served response is a proof only if it is that of our statement.",
        ADVANCING,
        "if served.response != expected:",
        "if len(served.response) != len(expected):",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-any-siblings-are-a-proof",
        "A proof leads to the root that the voters signed.",
        ADVANCING,
        "fold(leaf_hash(served.response), served.siblings) != root:",
        "not fold(leaf_hash(served.response), served.siblings):",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-proof-without-limit",
        "A proof has at most 32 siblings, as many as the contract takes.",
        ADVANCING,
        "len(served.siblings) > PROOF_SIBLINGS_MAX or ",
        "",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-missed-round-waited-for",
        "A round that was finalized without the request makes a new request.",
        ADVANCING,
        'return attestation.start_over(f"round {voting_round} was finalized without our request")',
        "return attestation",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-reverted-request-kept",
        "A request that reverted is made again.",
        ADVANCING,
        'return attestation.start_over(f"the request reverted: {error}")',
        "return attestation.because(str(error))",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-overtaken-request-kept",
        "A request whose nonce another transaction used is made again.",
        ADVANCING,
        "if self.flare.is_overtaken(submission):",
        "if not submission.transaction:",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-request-not-sent-again",
        "A request that was not mined yet is sent again.",
        ADVANCING,
        "        self.flare.send(submission)\n",
        "",
        [TEST_ADVANCING],
    ),
    Fault(
        "attestation-old-request-kept",
        "What starts over makes a new request.",
        MODELS,
        "            submission=None,\n",
        "",
        [TEST_MODELS],
    ),
    Fault(
        "attestation-old-round-kept",
        "What starts over waits for the round of its new request.",
        MODELS,
        "            voting_round=None,\n",
        "",
        [TEST_MODELS],
    ),
    Fault(
        "attestation-reasons-without-limit",
        "The newest ten reasons are kept.",
        MODELS,
        "reasons=(*kept, reason)[-REASONS_MAX:]",
        "reasons=(*kept, reason)",
        [TEST_MODELS],
    ),
    Fault(
        "attestation-oldest-reasons-kept",
        "Of more than ten reasons the oldest are forgotten.",
        MODELS,
        "reasons=(*kept, reason)[-REASONS_MAX:]",
        "reasons=(*kept, reason)[:REASONS_MAX]",
        [TEST_MODELS],
    ),
    Fault(
        "attestation-blocks-noted-before-policies",
        "Blocks are noted as read only after their policies and signatures are stored.",
        POLICIES,
        "            for policy in sighting.policies:\n",
        "            self.policies.scanned(sighting.through_block)\n            for policy in sighting.policies:\n",
        [TEST_POLICIES],
    ),
    Fault(
        "attestation-policy-stored-over-its-signatures",
        "A policy that is seen again keeps its signatures.",
        POLICIES,
        "if self.policies.get(reward_epoch) is not None:",
        "if reward_epoch < 0:",
        [TEST_POLICIES],
    ),
    Fault(
        "attestation-start-block-always",
        "Reading goes on from the last stored block.",
        POLICIES,
        "after = self.start_block if after is None else after",
        "after = self.start_block",
        [TEST_POLICIES],
    ),
    Fault(
        "attestation-signatures-in-the-order-seen",
        "Signatures are kept by rising index, as the Relay wants them.",
        POLICIES,
        "for index in sorted(known))",
        "for index in known)",
        [TEST_POLICIES],
    ),
    Fault(
        "attestation-integrity-code-of-the-round",
        "The integrity code is over the response with voting round 0.",
        REQUEST,
        "response[WORD_BYTES:round_at] + bytes(WORD_BYTES) + response[round_at + WORD_BYTES :]",
        "response[WORD_BYTES:]",
        [TEST_RECORDED],
    ),
    Fault(
        "attestation-url-with-port",
        "A url that Flare would fetch in another way is refused.",
        REQUEST,
        ' or ":" in self.url_prefix.removeprefix("https://")',
        "",
        [TEST_REQUEST],
    ),
    Fault(
        "attestation-signature-count-not-checked",
        "The calldata of a finalization has all signatures that it counts.",
        RELAY,
        "if len(signatures) < count * SIGNATURE_BYTES:",
        "if len(signatures) < count:",
        [TEST_RELAY],
    ),
    Fault(
        "attestation-padded-finalization-kept",
        "Of a finalization no more signatures are kept than the policy has voters.",
        RELAY,
        "min(count, voters)",
        "count",
        [TEST_RELAY],
    ),
    Fault(
        "attestation-policy-with-trailing-bytes",
        "A signing policy has exactly the bytes of its voters.",
        SIGNING_POLICY,
        "len(encoded) != HEAD_BYTES + size * VOTER_BYTES:",
        "len(encoded) < HEAD_BYTES + size * VOTER_BYTES:",
        [TEST_SIGNING_POLICY],
    ),
    Fault(
        "attestation-weights-of-65536",
        "The weights of a policy sum to less than 65,536.",
        SIGNING_POLICY,
        "if self.weight >= WEIGHT_SUM_LIMIT:",
        "if self.weight > WEIGHT_SUM_LIMIT:",
        [TEST_SIGNING_POLICY],
    ),
    Fault(
        "attestation-threshold-below-half",
        "The threshold of a policy is at least half of its weight.",
        SIGNING_POLICY,
        "THRESHOLD_PERCENT_MIN: Final = 50",
        "THRESHOLD_PERCENT_MIN: Final = 49",
        [TEST_SIGNING_POLICY],
    ),
    Fault(
        "attestation-given-up-after-a-hundred-rounds",
        "A request is given up in the eleventh round after its own.",
        ADVANCING,
        "ROUNDS_TO_PROVE_MAX: Final = 10",
        "ROUNDS_TO_PROVE_MAX: Final = 100",
        [TEST_ADVANCING],
    ),
)
