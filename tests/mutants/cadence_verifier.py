"""Faults of the light client and the signatures under it: what counts as signed by Flare, and when."""

from typing import Final

from tests.mutants.fault import Fault

CONTRACTS: Final = "infra/cadence/contracts"
SIGNATURES: Final = f"{CONTRACTS}/FlareSignatures.cdc"
VERIFIER: Final = f"{CONTRACTS}/FlareOracleVerifier.cdc"

ROOTS: Final = "tests/cadence/test_roots.py"
POLICIES: Final = "tests/cadence/test_policies.py"
SCHEMES: Final = "tests/cadence/test_hash_schemes.py"
SILENCE: Final = "tests/cadence/test_long_silence.py"

_SIGNATURES: Final = (
    Fault(
        name="cadence-quorum-at-threshold",
        rule="The weight of a quorum exceeds the threshold.",
        file=SIGNATURES,
        text="if weight > threshold {",
        replacement="if weight >= threshold {",
        tests=[f"{ROOTS}::test_weight_equal_to_the_threshold_is_not_enough"],
    ),
    Fault(
        name="cadence-voter-twice",
        rule="A voter signs once.",
        file=SIGNATURES,
        text="if index < lowestIndex {",
        replacement="if index < lowestIndex - 1 {",
        tests=[f"{ROOTS}::test_the_same_voter_twice_is_refused"],
    ),
    Fault(
        name="cadence-any-key",
        rule="A signature counts for the voter whose key made it.",
        file=SIGNATURES,
        text="if voter >> 16 != signer & 0xffffffffffffffffffffffffffffffffffffffff {",
        replacement="if false {",
        tests=[f"{ROOTS}::test_a_signature_by_another_key_is_refused"],
    ),
    Fault(
        name="cadence-address-twice",
        rule="An address that stands twice in a policy counts once.",
        file=SIGNATURES,
        text="firstPlaces.append(voter - weight)",
        replacement="firstPlaces.append(voter)",
        tests=[f"{ROOTS}::test_a_voter_who_stands_twice_in_a_policy_is_counted_once"],
    ),
    Fault(
        name="cadence-address-twice-for-ever",
        rule="A repeated address never leaves a policy without a possible quorum.",
        file=SIGNATURES,
        text="firstSum > self.threshold ? firstPlaces : everyPlace",
        replacement="firstPlaces",
        tests=[f"{POLICIES}::test_a_repeated_address_counts_everywhere_where_no_quorum_would_be_left"],
    ),
    Fault(
        name="cadence-address-zero",
        rule="Nobody signs for the address 0.",
        file=SIGNATURES,
        text="let seen: {UInt256: Bool} = {0: true}",
        replacement="let seen: {UInt256: Bool} = {}",
        tests=[f"{POLICIES}::test_a_voter_with_the_address_0_counts_nothing_and_stops_nothing"],
    ),
    Fault(
        name="cadence-low-threshold",
        rule="The threshold of a policy is at least half of its weight.",
        file=SIGNATURES,
        text="self.threshold * 100 >= sum * 50 ",
        replacement="self.threshold * 100 >= sum * 49 ",
        tests=[f"{POLICIES}::test_an_unsound_policy_is_refused"],
    ),
    Fault(
        name="cadence-high-threshold",
        rule="The threshold of a policy is at most 66 percent of its weight.",
        file=SIGNATURES,
        text="self.threshold * 100 <= sum * 66,",
        replacement="self.threshold * 100 <= sum * 67,",
        tests=[f"{POLICIES}::test_an_unsound_policy_is_refused"],
    ),
    Fault(
        name="cadence-too-much-weight",
        rule="The weights of a policy sum to at most 65,535.",
        file=SIGNATURES,
        text="weightSumMax(): UInt64 { return 65_535 }",
        replacement="weightSumMax(): UInt64 { return 65_536 }",
        tests=[f"{POLICIES}::test_an_unsound_policy_is_refused"],
    ),
    Fault(
        name="cadence-message-of-any-chain",
        rule="A chain-bound message contains the id of Flare's chain.",
        file=SIGNATURES,
        text='return self.keccak("\\(self.word(bound))\\(message)")',
        replacement='return self.keccak("\\(self.word(14))\\(message)")',
        tests=[f"{SCHEMES}::test_a_chain_bound_root_is_of_its_own_network"],
    ),
    Fault(
        name="cadence-policy-of-any-chain",
        rule="A chain-bound policy's hash contains the id of Flare's chain.",
        file=SIGNATURES,
        text='return self.keccak("\\(self.word(bound))\\(policy)")',
        replacement="return self.keccak(policy)",
        tests=[f"{POLICIES}::test_a_recorded_policy_has_the_recorded_hashes_in_both_schemes"],
    ),
    Fault(
        name="cadence-policy-fold",
        rule="The older hash of a policy is a fold over all of its words.",
        file=SIGNATURES,
        text="hash = HashAlgorithm.KECCAK_256.hash(hash.concat(word))",
        replacement="hash = HashAlgorithm.KECCAK_256.hash(word.concat(hash))",
        tests=[f"{POLICIES}::test_a_recorded_policy_has_the_recorded_hashes_in_both_schemes"],
    ),
    Fault(
        name="cadence-fixed-gas",
        rule="Signers are recovered when the EVM becomes dearer.",
        file=SIGNATURES,
        text="gasDoublingsMax(): Int { return 6 }",
        replacement="gasDoublingsMax(): Int { return 0 }",
        tests=[f"{SILENCE}::test_signers_are_recovered_when_the_evm_becomes_dearer"],
    ),
)

_POLICIES: Final = (
    Fault(
        name="cadence-policy-skipped",
        rule="Policies follow each other without a gap.",
        file=VERIFIER,
        text="next.rewardEpoch == previous.rewardEpoch + 1,",
        replacement="next.rewardEpoch > previous.rewardEpoch,",
        tests=[f"{POLICIES}::test_a_policy_that_skips_an_epoch_is_refused"],
    ),
    Fault(
        name="cadence-policy-forgotten",
        rule="As many policies are kept as messages may be late.",
        file=VERIFIER,
        text="self.policies.remove(key: policy.rewardEpoch - self.messageWindow - 1)",
        replacement="self.policies.remove(key: policy.rewardEpoch - self.messageWindow)",
        tests=[f"{POLICIES}::test_only_the_last_policies_are_kept"],
    ),
    Fault(
        name="cadence-policy-never-forgotten",
        rule="No more policies are kept than messages may be late.",
        file=VERIFIER,
        text="self.policies.remove(key: policy.rewardEpoch - self.messageWindow - 1)",
        replacement="self.policies.remove(key: policy.rewardEpoch - self.messageWindow - 2)",
        tests=[f"{POLICIES}::test_only_the_last_policies_are_kept"],
    ),
    Fault(
        name="cadence-mixed-policy",
        rule="A policy that was signed during the change of the scheme is confirmed.",
        file=VERIFIER,
        text="signers.append(older[position])",
        replacement="signers.append(signer)",
        tests=[f"{SCHEMES}::test_a_policy_signed_in_both_schemes_is_confirmed"],
    ),
    Fault(
        name="cadence-mixed-policy-binds",
        rule="Only a quorum in the chain-bound scheme ends the older one.",
        file=VERIFIER,
        text="                isChainBound = false\n",
        replacement="                isChainBound = true\n",
        tests=[f"{SCHEMES}::test_a_policy_signed_in_both_schemes_is_confirmed"],
    ),
    Fault(
        name="cadence-policy-before-the-change",
        rule="A policy that was signed before the change is confirmed after it.",
        file=VERIFIER,
        text="policiesFrom: rewardEpoch + 2)",
        replacement="policiesFrom: rewardEpoch + 1)",
        tests=[f"{SCHEMES}::test_a_policy_signed_before_the_change_is_confirmed_after_the_first_chain_bound_root"],
    ),
    Fault(
        name="cadence-policy-downgrade",
        rule="A policy that was signed after the change is confirmed in the chain-bound scheme only.",
        file=VERIFIER,
        text="policiesFrom: rewardEpoch + 2)",
        replacement="policiesFrom: rewardEpoch + 3)",
        tests=[f"{SCHEMES}::test_a_policy_signed_before_the_change_is_confirmed_after_the_first_chain_bound_root"],
    ),
)

_ROOTS: Final = (
    Fault(
        name="cadence-any-protocol",
        rule="Roots of other protocols are not confirmed.",
        file=VERIFIER,
        text="protocol == self.protocolId,",
        replacement="true,",
        tests=[f"{ROOTS}::test_a_message_of_another_protocol_is_refused"],
    ),
    Fault(
        name="cadence-zero-root",
        rule="A root of zero is not confirmed.",
        file=VERIFIER,
        text="assert(root != 0,",
        replacement="assert(true,",
        tests=[f"{ROOTS}::test_a_root_of_zero_is_refused"],
    ),
    Fault(
        name="cadence-root-replaced",
        rule="A root is not replaced by that of an earlier round.",
        file=VERIFIER,
        text="kept.votingRound < round,",
        replacement="true,",
        tests=[f"{ROOTS}::test_a_root_makes_room_for_the_one_so_many_rounds_later_and_never_comes_back"],
    ),
    Fault(
        name="cadence-root-twice",
        rule="A round gets one root.",
        file=VERIFIER,
        text="kept.votingRound != round,",
        replacement="true,",
        tests=[f"{ROOTS}::test_a_round_gets_one_root_once"],
    ),
    Fault(
        name="cadence-future-round",
        rule="A round that has not begun has no root.",
        file=VERIFIER,
        text="round <= current,",
        replacement="round <= current + 1,",
        tests=[f"{SILENCE}::test_a_round_that_has_not_begun_is_refused"],
    ),
    Fault(
        name="cadence-old-message",
        rule="A message that the Relay calls too old is refused.",
        file=VERIFIER,
        text="rewardEpoch + self.messageWindow >= currentEpoch,",
        replacement="rewardEpoch + self.messageWindow + 1 >= currentEpoch,",
        tests=[f"{SILENCE}::test_the_missed_policies_are_rolled_and_the_newest_round_is_confirmed"],
    ),
    Fault(
        name="cadence-before-the-start",
        rule="A policy's voters sign from its first round on.",
        file=VERIFIER,
        text="round >= policy.startVotingRound,",
        replacement="true,",
        tests=[f"{ROOTS}::test_a_round_before_the_policy_starts_is_refused"],
    ),
    Fault(
        name="cadence-before-the-epoch",
        rule="A policy's voters sign no rounds of an earlier reward epoch.",
        file=VERIFIER,
        text="expected >= policy.rewardEpoch,",
        replacement="true,",
        tests=[f"{ROOTS}::test_a_policy_of_an_epoch_that_has_not_come_is_refused"],
    ),
    Fault(
        name="cadence-round-of-the-next",
        rule="From the next policy's start on, the policy before it confirms nothing.",
        file=VERIFIER,
        text="round < next.startVotingRound,",
        replacement="round <= next.startVotingRound,",
        tests=[f"{ROOTS}::test_an_old_policy_confirms_nothing_that_belongs_to_the_next"],
    ),
    Fault(
        name="cadence-old-policy",
        rule="An old policy confirms nothing beyond its reward epoch before the next one is known.",
        file=VERIFIER,
        text="if expected > policy.rewardEpoch {",
        replacement="if self.policies.containsKey(policy.rewardEpoch + 1) && expected > policy.rewardEpoch {",
        tests=[f"{SILENCE}::test_an_old_policy_confirms_no_recent_round"],
    ),
    Fault(
        name="cadence-root-downgrade",
        rule="Once a quorum was chain-bound, roots of that reward epoch in the older scheme are refused.",
        file=VERIFIER,
        text="return rewardEpoch >= from\n",
        replacement="return rewardEpoch > from\n",
        tests=[f"{SCHEMES}::test_a_root_in_the_chain_bound_scheme_ends_the_older_one"],
    ),
    Fault(
        name="cadence-no-return",
        rule="The older scheme returns when the chain-bound one is no longer used.",
        file=VERIFIER,
        text="&& self.now() < self.startOf",
        replacement="&& 0 < self.startOf",
        tests=[f"{SCHEMES}::test_the_older_scheme_returns_a_week_after_the_last_chain_bound_round"],
    ),
    Fault(
        name="cadence-return-moved",
        rule="Roots of earlier rounds neither put off nor hasten the return of the older scheme.",
        file=VERIFIER,
        text="if round <= self.newestChainBoundRound {",
        replacement="if round < 1 {",
        tests=[f"{SCHEMES}::test_an_earlier_chain_bound_root_does_not_move_the_return"],
    ),
    Fault(
        name="cadence-second-change",
        rule="After a return, the first change is forgotten.",
        file=VERIFIER,
        text="self.chainBoundPoliciesFrom = UInt64.max\n        emit",
        replacement="emit",
        tests=[f"{SCHEMES}::test_a_second_change_ends_well_too"],
    ),
)

FAULTS: Final = (*_SIGNATURES, *_POLICIES, *_ROOTS)
