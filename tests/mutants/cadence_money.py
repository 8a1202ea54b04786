"""Faults of deposits, bills and exits: what is charged, what is owed, and what its owner takes out."""

from typing import Final

from tests.mutants.cadence_verifier import CONTRACTS
from tests.mutants.fault import Fault

ACCOUNTS: Final = f"{CONTRACTS}/SubscriptionAccounts.cdc"
CUSTODY: Final = f"{CONTRACTS}/SubscriptionCustody.cdc"
PRICING: Final = f"{CONTRACTS}/GraduatedPricing.cdc"
REVENUE: Final = f"{CONTRACTS}/ProviderRevenue.cdc"
TERMS: Final = f"{CONTRACTS}/SubscriptionTerms.cdc"

CAPS: Final = "tests/cadence/test_spend_caps.py"
DOLLARS: Final = "tests/cadence/test_dollars.py"
OWNERS: Final = "tests/cadence/test_owners.py"
PLANS: Final = "tests/cadence/test_plans.py"
PROVIDER: Final = "tests/cadence/test_provider.py"
SETTLEMENT: Final = "tests/cadence/test_settlement.py"


FAULTS: Final = (
    Fault(
        name="cadence-falling-total-fails-its-page",
        rule="A total that falls charges nothing and holds up nobody on its page.",
        file=ACCOUNTS,
        text="            if cost < 0 {\n",
        replacement="            if false {\n",
        tests=[f"{PLANS}::test_a_plan_change_counts_from_the_first_epoch_sealed_after_it"],
    ),
    Fault(
        name="cadence-cap-ignored",
        rule="A spend cap bounds what is charged in its period.",
        file=ACCOUNTS,
        text="return capLeft < allowed ? capLeft : allowed",
        replacement="return allowed",
        tests=[f"{CAPS}::test_a_spend_cap_leaves_the_rest_owed_until_its_owner_leaves"],
    ),
    Fault(
        name="cadence-cap-not-checked-again",
        rule="A subscription with a cap is checked at every settlement.",
        file=ACCOUNTS,
        text="if self.isInDollars || self.spendCap != nil || self.exit != nil {",
        replacement="if self.isInDollars || self.exit != nil {",
        tests=[f"{CAPS}::test_a_cap_holds_for_the_page_after_one_that_it_covered"],
    ),
    Fault(
        name="cadence-cap-freezes-debts",
        rule="What a cap held back is charged in the next period, also above the limit.",
        file=TERMS,
        text="(limit > carried ? limit : carried).saturatingSubtract",
        replacement="limit.saturatingSubtract",
        tests=[f"{CAPS}::test_a_debt_from_an_earlier_period_is_charged_above_the_cap_at_any_time_in_the_next"],
    ),
    Fault(
        name="cadence-cap-period-too-long",
        rule="The next period of a cap begins when the last one ends.",
        file=TERMS,
        text="            if now < end {",
        replacement="            if now <= end {",
        tests=[f"{CAPS}::test_the_rest_is_charged_when_the_next_period_of_a_cap_begins"],
    ),
    Fault(
        name="cadence-epoch-limit-ignored",
        rule="One epoch charges no more than the owner allows.",
        file=ACCOUNTS,
        text="let left = self.epochLimit.saturatingSubtract(epochCharged)",
        replacement="let left = UFix64.max",
        tests=[f"{SETTLEMENT}::test_one_epoch_charges_no_more_than_the_owner_allows"],
    ),
    Fault(
        name="cadence-epoch-limit-used-twice",
        rule="What an epoch has charged counts against its limit.",
        file=ACCOUNTS,
        text="self.epochCharged = epochCharged + charge",
        replacement="self.epochCharged = 0.0",
        tests=[f"{SETTLEMENT}::test_one_epoch_charges_no_more_than_the_owner_allows"],
    ),
    Fault(
        name="cadence-price-rounded-up",
        rule="A price is rounded down.",
        file=PRICING,
        text="UFix64(cost / 1_000_000_000 % 100_000_000)",
        replacement="UFix64((cost + 999_999_999) / 1_000_000_000 % 100_000_000)",
        tests=[f"{PLANS}::test_changing_to_and_fro_costs_nothing"],
    ),
    Fault(
        name="cadence-plan-change-at-once",
        rule="A plan change counts from the first page that was sealed after it.",
        file=ACCOUNTS,
        text="if epoch >= next.fromEpoch {",
        replacement="if true {",
        tests=[f"{PLANS}::test_a_plan_change_counts_from_the_first_epoch_sealed_after_it"],
    ),
    Fault(
        name="cadence-plan-change-reprices",
        rule="Usage from before a plan change keeps its price.",
        file=TERMS,
        text="self.planFrom = microtokens",
        replacement="self.planFrom = nil",
        tests=[f"{PLANS}::test_a_plan_change_counts_from_the_first_epoch_sealed_after_it"],
    ),
    Fault(
        name="cadence-currency-change-reprices",
        rule="In another currency the bill continues from what was charged in that currency.",
        file=TERMS,
        text="next.isInDollars ? self.paidDollars : charged)",
        replacement="next.isInDollars ? charged : self.paidDollars)",
        tests=[f"{DOLLARS}::test_a_change_of_currency_bills_each_token_once"],
    ),
    Fault(
        name="cadence-dollar-rounding-owed",
        rule="What rounding takes from the worth of a charge is the owner's.",
        file=TERMS,
        text=".saturatingMultiply(rate).saturatingAdd(0.00000001)",
        replacement=".saturatingMultiply(rate)",
        tests=[f"{DOLLARS}::test_a_debt_stays_in_dollars"],
    ),
    Fault(
        name="cadence-forgiven-charged-again",
        rule="What was forgiven is not charged later.",
        file=TERMS,
        text="self.costOffset = self.costOffset - GraduatedPricing.cost(of: amount)",
        replacement="self.costOffset = self.costOffset",
        tests=[f"{PROVIDER}::test_a_top_up_does_not_disappear_into_a_forgiven_debt"],
    ),
    Fault(
        name="cadence-exit-without-grace",
        rule="Leaving waits for the settlement of statements that were confirmed before.",
        file=TERMS,
        text="return settledBy < at ? at : settledBy",
        replacement="return at",
        tests=[f"{PROVIDER}::test_an_exit_waits_until_a_confirmed_statement_can_have_been_settled"],
    ),
    Fault(
        name="cadence-ended-still-charged",
        rule="Nothing is charged after the provider has ended a subscription.",
        file=TERMS,
        text="return self.isClosed || self.isByProvider && getCurrentBlock().timestamp >= self.at",
        replacement="return self.isClosed",
        tests=[f"{PROVIDER}::test_the_provider_ends_a_subscription_with_notice_and_full_refund"],
    ),
    Fault(
        name="cadence-exit-before-the-notice",
        rule="Nothing is taken out before the notice ends.",
        file=CUSTODY,
        text="getCurrentBlock().timestamp >= possibleAt,",
        replacement="true,",
        tests=[f"{OWNERS}::test_nothing_is_taken_out_before_the_notice_ends"],
    ),
    Fault(
        name="cadence-withdrawal-unbounded",
        rule="Nobody takes out more than the balance.",
        file=CUSTODY,
        text="amount > 0.0 && amount <= balance,",
        replacement="amount > 0.0,",
        tests=[f"{OWNERS}::test_an_owner_takes_the_rest_out_after_the_notice"],
    ),
    Fault(
        name="cadence-exit-with-debts",
        rule="What is owed is charged before money is taken out.",
        file=CUSTODY,
        text="if ledger.owed > 0.0 && !ledger.exit!.isByProvider {",
        replacement="if false {",
        tests=[f"{CAPS}::test_a_withdrawal_keeps_the_cap_and_pays_what_it_held_back"],
    ),
    Fault(
        name="cadence-waived-with-debts",
        rule="The provider lets nobody go early who owes something.",
        file=CUSTODY,
        text="            owed == 0.0,",
        replacement="            true,",
        tests=[f"{OWNERS}::test_the_provider_lets_nobody_go_early_who_owes_something"],
    ),
    Fault(
        name="cadence-end-cancelled",
        rule="An owner cannot cancel an end by the provider.",
        file=CUSTODY,
        text="!ledger.exit!.isByProvider,",
        replacement="true,",
        tests=[f"{PROVIDER}::test_the_provider_ends_a_subscription_with_notice_and_full_refund"],
    ),
    Fault(
        name="cadence-closed-again",
        rule="A closed subscription takes no money.",
        file=CUSTODY,
        text="if ledger.exit?.isClosed == true {",
        replacement="if false {",
        tests=[f"{OWNERS}::test_a_closed_subscription_is_skipped_by_later_pages"],
    ),
    Fault(
        name="cadence-id-0-known",
        rule="Id 0 belongs to nobody.",
        file=CUSTODY,
        text="return subscriptionId > 0 && subscriptionId",
        replacement="return subscriptionId",
        tests=[f"{OWNERS}::test_a_subscription_that_is_nobodys_takes_no_money"],
    ),
    Fault(
        name="cadence-credit-from-nothing",
        rule="What is credited comes from the revenue.",
        file=CUSTODY,
        text="        self.revenue.remove(amount)\n        self.totalBalance",
        replacement="        self.totalBalance",
        tests=[f"{PROVIDER}::test_revenue_is_held_back_and_can_be_given_back"],
    ),
    Fault(
        name="cadence-revenue-at-once",
        rule="Revenue is held back before it can be taken out.",
        file=CUSTODY,
        text="amount <= self.revenue.claimable():",
        replacement="amount <= self.revenue.unclaimed:",
        tests=[f"{PROVIDER}::test_revenue_is_held_back_and_can_be_given_back"],
    ),
    Fault(
        name="cadence-revenue-held-a-day-less",
        rule="A day's revenue is held back from the end of the day on.",
        file=REVENUE,
        text="let end = UFix64(period + 1)",
        replacement="let end = UFix64(period)",
        tests=[f"{PROVIDER}::test_revenue_is_held_back_and_can_be_given_back"],
    ),
)
