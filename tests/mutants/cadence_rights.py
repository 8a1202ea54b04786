"""Faults of rights, plans, pages, rates and code: who may do what, and what counts as announced or attested."""

from typing import Final

from tests.mutants.cadence_money import DOLLARS, OWNERS, PLANS, PRICING, PROVIDER, SETTLEMENT
from tests.mutants.cadence_triggers import DELIVERIES
from tests.mutants.cadence_verifier import CONTRACTS
from tests.mutants.fault import Fault

OWNERSHIP: Final = f"{CONTRACTS}/SubscriptionOwnership.cdc"
PAGES: Final = f"{CONTRACTS}/SettlementPages.cdc"
PLAN_SOURCE: Final = f"{CONTRACTS}/SubscriptionPlans.cdc"
RATES: Final = f"{CONTRACTS}/DollarRates.cdc"
SIMPLE: Final = f"{CONTRACTS}/SimpleUsageSubscriptions.cdc"
SUBSCRIPTIONS: Final = f"{CONTRACTS}/UsageBasedSubscriptions.cdc"
UPDATES: Final = f"{CONTRACTS}/CodeUpdates.cdc"

OWNERSHIPS: Final = "tests/cadence/test_ownership.py"
SIMPLE_TESTS: Final = "tests/cadence/test_simple_subscriptions.py"
UPDATING: Final = "tests/cadence/test_code_updates.py"


FAULTS: Final = (
    Fault(
        name="cadence-holder-of-another",
        rule="Only the account that is recorded as the owner uses an ownership.",
        file=OWNERSHIP,
        text="                owner == self.address(),",
        replacement="                true,",
        tests=[f"{OWNERS}::test_a_holder_that_was_moved_as_a_whole_must_claim_first"],
    ),
    Fault(
        name="cadence-right-of-another",
        rule="Only who holds an ownership acts for the subscription.",
        file=OWNERSHIP,
        text="self.holds(subscriptionId),",
        replacement="true,",
        tests=[f"{OWNERS}::test_the_rights_over_a_subscription_are_its_holders_alone"],
    ),
    Fault(
        name="cadence-manager-withdraws",
        rule="Who may only manage cannot take money out.",
        file=OWNERSHIP,
        text="access(Withdraw) fun withdraw(",
        replacement="access(Manage) fun withdraw(",
        tests=[f"{OWNERSHIPS}::test_no_right_of_an_owner_allows_what_needs_another"],
    ),
    Fault(
        name="cadence-funder-manages",
        rule="Who may only top up cannot request an exit.",
        file=OWNERSHIP,
        text="access(Manage) fun requestExit(",
        replacement="access(Fund) fun requestExit(",
        tests=[f"{OWNERSHIPS}::test_no_right_of_an_owner_allows_what_needs_another"],
    ),
    Fault(
        name="cadence-burned-while-open",
        rule="A holder with an open subscription is not burned.",
        file=OWNERSHIP,
        text='borrowLedger(subscriptionId).status() == "closed",',
        replacement="borrowLedger(subscriptionId).status() != nil,",
        tests=[f"{OWNERSHIPS}::test_a_holder_with_an_open_subscription_is_not_burned"],
    ),
    Fault(
        name="cadence-collector-credits",
        rule="The provider's rights do not contain each other.",
        file=SUBSCRIPTIONS,
        text="access(Correct) fun credit(",
        replacement="access(Correct | Collect) fun credit(",
        tests=[f"{PROVIDER}::test_none_of_the_providers_rights_contains_another"],
    ),
    Fault(
        name="cadence-dearer-at-once",
        rule="A dearer version of a plan is announced before it can be accepted.",
        file=PLAN_SOURCE,
        text="if indices.length > 0 && !self.isNowhereDearer(",
        replacement="if indices.length < 0 && !self.isNowhereDearer(",
        tests=[f"{PLANS}::test_a_version_is_not_in_force_before_its_notice_ends"],
    ),
    Fault(
        name="cadence-dearer-taken-for-cheaper",
        rule="A version is dearer if any token costs more.",
        file=PRICING,
        text="if self.line(line.end - 1).slope > other.line(line.end - 1).slope {",
        replacement="if self.line(line.end - 1).slope > other.line(0).slope {",
        tests=[f"{PLANS}::test_only_a_version_that_is_dearer_for_nobody_needs_no_notice"],
    ),
    Fault(
        name="cadence-deposit-below-the-minimum",
        rule="A plan change needs the minimum deposit of the new plan.",
        file=PLAN_SOURCE,
        text="if deposit < plan.minimumDeposit {",
        replacement="if false {",
        tests=[f"{PLANS}::test_a_plan_change_needs_the_minimum_deposit_of_the_new_plan"],
    ),
    Fault(
        name="cadence-retired-accepted",
        rule="Nobody accepts a retired plan.",
        file=PLAN_SOURCE,
        text="self.versions.remove(key: planId)!",
        replacement="self.versions[planId]!",
        tests=[f"{PLANS}::test_a_retired_plan_is_accepted_by_nobody_and_goes_on_for_whoever_is_on_it"],
    ),
    Fault(
        name="cadence-opened-while-stopped",
        rule="Nothing is opened while openings are stopped.",
        file=PLAN_SOURCE,
        text="getCurrentBlock().timestamp >= self.openingStoppedUntil:",
        replacement="true:",
        tests=[f"{PROVIDER}::test_stops_hold_up_openings_and_settlement_but_never_money_on_its_way_out"],
    ),
    Fault(
        name="cadence-settled-while-stopped",
        rule="Nothing is charged while settlement is stopped.",
        file=SUBSCRIPTIONS,
        text="getCurrentBlock().timestamp >= self.settlementStoppedUntil:",
        replacement="true:",
        tests=[f"{PROVIDER}::test_stops_hold_up_openings_and_settlement_but_never_money_on_its_way_out"],
    ),
    Fault(
        name="cadence-stop-without-end",
        rule="A stop lasts a week at most.",
        file=SUBSCRIPTIONS,
        text="        if until > latest {",
        replacement="        if false {",
        tests=[f"{PROVIDER}::test_a_stop_lasts_a_week_at_most"],
    ),
    Fault(
        name="cadence-page-claims-anything",
        rule="A page claims at most the total of its statement.",
        file=PAGES,
        text="UInt256(claimedMicrotokens) <= statement.totalMicrotokens,",
        replacement="true,",
        tests=[f"{SETTLEMENT}::test_a_page_claims_at_most_the_total_of_its_statement"],
    ),
    Fault(
        name="cadence-page-of-another-root",
        rule="A page belongs to the settlement root of its statement.",
        file=PAGES,
        text="path: path) == statement.settlementRoot,",
        replacement='path: path) != "",',
        tests=[f"{SETTLEMENT}::test_a_page_of_another_tree_is_refused"],
    ),
    Fault(
        name="cadence-running-epoch-kept",
        rule="An epoch that has not ended takes no place.",
        file=PAGES,
        text="            epoch < current,",
        replacement="            epoch <= current,",
        tests=[f"{SETTLEMENT}::test_an_epoch_that_has_not_ended_takes_no_place_in_the_ring"],
    ),
    Fault(
        name="cadence-statement-replaced",
        rule="An epoch has one statement.",
        file=PAGES,
        text="present.epoch < epoch,",
        replacement="present.epoch <= epoch,",
        tests=[f"{DELIVERIES}::test_an_epoch_gets_one_settlement_root_whatever_the_version"],
    ),
    Fault(
        name="cadence-unknown-id-stops-a-page",
        rule="An id that does not exist holds up nobody.",
        file=SUBSCRIPTIONS,
        text="if subscriptionId >= end {",
        replacement="if subscriptionId > end {",
        tests=[f"{SETTLEMENT}::test_ids_at_the_bounds_do_not_hold_up_their_page"],
    ),
    Fault(
        name="cadence-price-jumps",
        rule="A price that moved too far since the last one is refused.",
        file=RATES,
        text="jump <= allowed,",
        replacement="true,",
        tests=[f"{DOLLARS}::test_a_price_out_of_bounds_is_refused"],
    ),
    Fault(
        name="cadence-price-of-yesterday",
        rule="A price that is too old is refused.",
        file=RATES,
        text="UFix64(answer.baseTimestamp) + self.ageSecondsMax >= now,",
        replacement="true,",
        tests=[f"{DOLLARS}::test_a_price_out_of_bounds_is_refused"],
    ),
    Fault(
        name="cadence-code-before-the-notice",
        rule="Code is in force only after its notice.",
        file=UPDATES,
        text="            announcement.isPossible(),",
        replacement="            true,",
        tests=[f"{UPDATING}::test_announced_code_is_put_in_force_by_anyone_after_its_notice"],
    ),
    Fault(
        name="cadence-code-of-another-hash",
        rule="Only the announced code is put in force.",
        file=UPDATES,
        text="codeHash == announcement.codeHash,",
        replacement="true,",
        tests=[f"{UPDATING}::test_announced_code_is_put_in_force_by_anyone_after_its_notice"],
    ),
    Fault(
        name="cadence-guardian-alone",
        rule="No guardian signs alone.",
        file=UPDATES,
        text="assert(key.weight < 1_000.0,",
        replacement="assert(true,",
        tests=[f"{UPDATING}::test_rights_are_offered_only_to_several_keys"],
    ),
    Fault(
        name="cadence-guardian-twice",
        rule="A key that an account has twice counts once.",
        file=UPDATES,
        text="if !key.isRevoked && seen.insert(key: String.encodeHex(key.publicKey.publicKey), true) == nil {",
        replacement="if !key.isRevoked {",
        tests=[f"{UPDATING}::test_rights_are_offered_only_to_several_keys"],
    ),
    Fault(
        name="cadence-exit-for-ever",
        rule="An exit of the simple contract lapses after a week.",
        file=SIMPLE,
        text="if now <= exitAt + SimpleUsageSubscriptions.exitSeconds() {",
        replacement="if true {",
        tests=[f"{SIMPLE_TESTS}::test_an_exit_is_possible_in_the_week_after_its_notice"],
    ),
)
