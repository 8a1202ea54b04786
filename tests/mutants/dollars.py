"""Faults of plans in dollars: a token is billed once, at the rate of its charge, and only dollars wait for a rate."""

from typing import Final

from tests.mutants.fault import Fault

LAYER: Final = "layers/common/flareflow"
BILLING: Final = f"{LAYER}/settlement/billing.py"
CHARGING: Final = f"{LAYER}/settlement/charging.py"
JOURNAL: Final = f"{LAYER}/settlement/journal.py"
SUBSCRIPTION: Final = f"{LAYER}/settlement/subscription.py"
PLAN_CHANGES: Final = f"{LAYER}/settlement/plan_changes.py"
PLANS: Final = f"{LAYER}/settlement/plans.py"
RATES: Final = f"{LAYER}/settlement/rates.py"
TRANSACTIONS: Final = f"{LAYER}/settlement/transactions.py"
STANDING: Final = f"{LAYER}/accounts/standing.py"
SUBSCRIPTIONS: Final = f"{LAYER}/accounts/subscriptions.py"
SETTLEMENT_PAGES: Final = f"{LAYER}/statements/settlement_pages.py"
FLOW_TRANSACTIONS: Final = f"{LAYER}/adapters/flow/transactions.py"

UNIT: Final = "tests/unit"
TEST_BILLING: Final = f"{UNIT}/settlement/test_billing_in_dollars.py"
TEST_CHAIN_EVENTS: Final = f"{UNIT}/settlement/test_chain_events.py"
TEST_CHARGING: Final = f"{UNIT}/settlement/test_charging.py"
TEST_JOURNAL: Final = f"{UNIT}/settlement/test_journal_in_dollars.py"
TEST_PLAN_CHANGES: Final = f"{UNIT}/settlement/test_plan_changes.py"
TEST_ENFORCEMENT: Final = f"{UNIT}/accounts/test_enforcement.py"
TEST_SUBSCRIPTIONS: Final = f"{UNIT}/accounts/test_subscriptions.py"
TEST_SEALING: Final = f"{UNIT}/statements/test_sealing.py"
TEST_FLOW_CALLS: Final = f"{UNIT}/adapters/flow/test_cadence_calls.py"
TEST_FLOW_TRANSACTIONS: Final = f"{UNIT}/adapters/flow/test_transactions.py"

FAULTS: Final = (
    Fault(
        "settlement-dollars-tokens-rounded-up",
        "The tokens of a bill in dollars are rounded down.",
        CHARGING,
        "return amount_ufix64 * UNITS // rate_ufix64 if",
        "return -(-amount_ufix64 * UNITS // rate_ufix64) if",
        [TEST_CHARGING],
    ),
    Fault(
        "settlement-dollars-paid-part-rounded-down",
        "Of a bill in dollars that is paid in part, the dollars that are paid are rounded up.",
        CHARGING,
        "charged_ufix64 * rate_ufix64 // UNITS) + 1",
        "charged_ufix64 * rate_ufix64 // UNITS)",
        [TEST_CHARGING],
    ),
    Fault(
        "settlement-dollars-nothing-charged-pays",
        "A charge of nothing pays nothing.",
        CHARGING,
        "    if charged_ufix64 == 0:\n        return due_ufix64\n",
        "",
        [TEST_CHARGING],
    ),
    Fault(
        "settlement-dollars-debt-given-up",
        "What cannot be charged stays owed.",
        CHARGING,
        "if charged_ufix64 == price_ufix64:",
        "if charged_ufix64:",
        [TEST_CHARGING],
    ),
    Fault(
        "settlement-dollars-charge-beyond-limit",
        "No more is charged than is allowed.",
        CHARGING,
        "min(price_ufix64, allowed_ufix64)",
        "price_ufix64",
        [TEST_CHARGING],
    ),
    Fault(
        "settlement-dollars-overflow",
        "Tokens that no UFix64 can hold are the largest UFix64.",
        CHARGING,
        "if amount_ufix64 <= representable else",
        "if amount_ufix64 <= UFIX64_MAX else",
        [TEST_CHARGING],
    ),
    Fault(
        "settlement-dollars-charge-not-checked",
        "A charge in dollars is what the bill comes to at the rate of the event.",
        JOURNAL,
        "!= (settled.charged_ufix64, settled.owed_ufix64)",
        "!= (charge.charged_ufix64, settled.owed_ufix64)",
        [TEST_JOURNAL],
    ),
    Fault(
        "settlement-dollars-paid-forgotten",
        "What was paid in dollars is not due again.",
        JOURNAL,
        "paid_dollars_ufix64=before.paid_dollars_ufix64 + (paid_ufix64 if before.tariff.needs_rate else 0)",
        "paid_dollars_ufix64=paid_ufix64 if before.tariff.needs_rate else 0",
        [TEST_JOURNAL],
    ),
    Fault(
        "settlement-dollars-paid-counted-in-tokens",
        "Of a bill in dollars, dollars are paid.",
        SUBSCRIPTION,
        "return self.paid_dollars_ufix64 if self.tariff.needs_rate else self.charged_ufix64",
        "return self.charged_ufix64",
        [TEST_JOURNAL],
    ),
    Fault(
        "settlement-dollars-currency-change-bills-again",
        "After a change of currency, the bill is what was paid in the new one.",
        SUBSCRIPTION,
        "cost = after.paid_ufix64 * PRICED_MICROTOKENS",
        "cost = before.exact_cost(start)",
        [TEST_JOURNAL],
    ),
    Fault(
        "settlement-dollars-earlier-usage-repriced",
        "A plan prices only what is used after it is in force.",
        SUBSCRIPTION,
        "cost_offset=cost - after.exact_cost(start)",
        "cost_offset=0",
        [TEST_JOURNAL],
    ),
    Fault(
        "settlement-dollars-forgiven-debt-billed",
        "A debt that was forgiven is not billed again.",
        JOURNAL,
        "cost_offset=before.cost_offset - forgiven.amount_ufix64 * PRICED_MICROTOKENS",
        "cost_offset=before.cost_offset",
        [TEST_JOURNAL],
    ),
    Fault(
        "settlement-dollars-rate-not-in-journal",
        "The entry of a charge has the rate of the charge.",
        JOURNAL,
        "rate_ufix64=happened.rate_ufix64",
        "rate_ufix64=None",
        [TEST_JOURNAL],
    ),
    Fault(
        "settlement-dollars-token-of-a-dollar-needs-rate",
        "Plans in dollars need no rate where the token is a dollar.",
        PLANS,
        "added.is_in_dollars and not token_is_dollar",
        "added.is_in_dollars",
        [TEST_CHAIN_EVENTS],
    ),
    Fault(
        "settlement-dollars-mixed-page-without-rate",
        "A page reads the rate if any subscription on it needs it.",
        TRANSACTIONS,
        "reads_rate=any(settled",
        "reads_rate=all(settled",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-dollars-pages-in-the-token-wait",
        "Pages without a plan in dollars are settled while there is no rate.",
        BILLING,
        "if page.reads_rate and refusal is not None]",
        "if refusal is not None]",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-dollars-pages-do-not-wait",
        "Pages with plans in dollars are not sent while there is no rate.",
        BILLING,
        "if page.reads_rate and refusal is not None]",
        "if page.reads_rate and refusal is None]",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-dollars-waiting-page-settled",
        "A statement with a page that waits is not settled.",
        BILLING,
        "if outcome.succeeded == len(pages):",
        "if outcome.succeeded == len(ready):",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-dollars-rate-not-stored",
        "Each rate that could be read is stored.",
        RATES,
        "        self.known.note_rate(KnownRate(rate_ufix64, now))\n",
        "",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-dollars-silent-node-stops-billing",
        "Without an answer about the rate, only pages with plans in dollars wait.",
        RATES,
        "except (FlowRefusedError, FlowUnavailableError) as error:",
        "except FlowRefusedError as error:",
        [TEST_BILLING],
    ),
    Fault(
        "accounts-dollars-without-margin",
        "Usage in dollars is valued at the last rate less a quarter.",
        STANDING,
        "last.rate_ufix64 * (100 - RATE_MARGIN_PERCENT) // 100",
        "last.rate_ufix64",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "accounts-dollars-rate-of-any-age",
        "A rate is used within its grace only.",
        STANDING,
        "if last is None or now - last.read_at > RATE_GRACE:",
        "if last is None:",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "accounts-dollars-unknown-is-open",
        "Usage that cannot be valued blocks keys.",
        PLAN_CHANGES,
        "return None if rate_ufix64 is None else tokens_ufix64(due_ufix64, rate_ufix64)",
        "return 0 if rate_ufix64 is None else tokens_ufix64(due_ufix64, rate_ufix64)",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "accounts-dollars-unused-is-shut",
        "Without uncharged usage no rate is needed.",
        PLAN_CHANGES,
        "if not tariff.needs_rate or due_ufix64 == 0:",
        "if not tariff.needs_rate:",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "accounts-dollars-shown-as-tokens",
        "An estimate in tokens is at the last rate.",
        PLAN_CHANGES,
        "return None if rate_ufix64 is None else tokens_ufix64(due_ufix64, rate_ufix64)",
        "return None if rate_ufix64 is None else due_ufix64",
        [TEST_SUBSCRIPTIONS],
    ),
    Fault(
        "settlement-next-plan-not-followed",
        "A plan that is accepted counts where it makes usage dearer.",
        PLAN_CHANGES,
        "    change = subscription.next_plan\n",
        "    change = None\n",
        [TEST_PLAN_CHANGES],
    ),
    Fault(
        "settlement-next-plan-at-the-ends-only",
        "Every total at which the next plan may come into force is considered.",
        PLAN_CHANGES,
        "return {settled, total} | {end for end in ends if settled < end < total}",
        "return {settled, total}",
        [TEST_PLAN_CHANGES],
    ),
    Fault(
        "settlement-next-plan-billed-twice",
        "Usage is billed by one plan.",
        PLAN_CHANGES,
        "return present_ufix64, both_ufix64 - present_ufix64",
        "return present_ufix64, both_ufix64",
        [TEST_PLAN_CHANGES],
    ),
    Fault(
        "settlement-next-plan-for-ever",
        "A plan that is in force is not awaited any more.",
        SUBSCRIPTION,
        "cost_offset=0, next_plan=None)",
        "cost_offset=0)",
        [TEST_PLAN_CHANGES],
    ),
    Fault(
        "settlement-plan-change-taken-back-is-awaited",
        "An owner who accepts the plan in force again takes a change back.",
        JOURNAL,
        "next_plan=None if stays else",
        "next_plan=None if not plan else",
        [TEST_PLAN_CHANGES],
    ),
    Fault(
        "accounts-rate-of-next-plan-not-read",
        "The rate is read for a plan in dollars that is not in force yet.",
        SUBSCRIPTIONS,
        "if subscription.needs_rate else None",
        "if subscription.tariff.needs_rate else None",
        [TEST_SUBSCRIPTIONS],
    ),
    Fault(
        "statements-dollars-on-mixed-pages",
        "Subscriptions that need a rate are on pages of their own.",
        SETTLEMENT_PAGES,
        "if not settled[entry[0]].needs_rate]",
        "]",
        [TEST_SEALING],
    ),
    Fault(
        "adapters-dollars-settled-without-rate",
        "A page that reads the rate is settled by the transaction that reads it.",
        FLOW_TRANSACTIONS,
        "case SettlePage(reads_rate=True):",
        "case SettlePage(reads_rate=None):",
        [TEST_FLOW_CALLS],
    ),
    Fault(
        "adapters-dollars-oracle-not-paid",
        "The transaction that reads the rate may take the oracle's fee from the operator.",
        FLOW_TRANSACTIONS,
        "is_authorizer=pays_oracle",
        "is_authorizer=False",
        [TEST_FLOW_TRANSACTIONS],
    ),
)
