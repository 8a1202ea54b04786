"""Faults of settlement: each transaction is sent once, and only what the contract has settled counts as settled."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow/settlement"
BILLING: Final = f"{PACKAGE}/billing.py"
SENDING: Final = f"{PACKAGE}/sending.py"
TRANSACTIONS: Final = f"{PACKAGE}/transactions.py"
PRICING: Final = f"{PACKAGE}/pricing.py"
SUBSCRIPTION: Final = f"{PACKAGE}/subscription.py"

TEST_BILLING: Final = "tests/unit/settlement/test_billing.py"
TEST_SENDING: Final = "tests/unit/settlement/test_sending.py"
TEST_LIMITS: Final = "tests/unit/settlement/test_limits.py"
TEST_PRICING: Final = "tests/unit/settlement/test_pricing.py"
TEST_ENFORCEMENT: Final = "tests/unit/accounts/test_enforcement.py"
TEST_SUBSCRIPTIONS: Final = "tests/unit/accounts/test_subscriptions.py"

FAULTS: Final = (
    Fault(
        "settlement-page-settled-when-one-of-it-is",
        "A page is sent as long as any subscription on it has something to settle.",
        TRANSACTIONS,
        "return any(settled[subscription_id].allows",
        "return all(settled[subscription_id].allows",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-settled-pages-sent",
        "A page that has nothing left to settle is not sent.",
        BILLING,
        "if page.adds_to(settled, now)]",
        "]",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-cut-off-pages-settled",
        "An attestation is settled only when every page of it succeeded, not when the deadline cut pages off.",
        BILLING,
        "if outcome.succeeded == len(pages):",
        "if not outcome.reasons:",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-failed-pages-settled",
        "A page that failed is not settled.",
        BILLING,
        "return _Outcome(len(ended) - len(failed), reasons)",
        "return _Outcome(len(ended), reasons)",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-older-statement-billed",
        "Of the statements that are only proven the newest is billed.",
        BILLING,
        "newest = ready[-1]",
        "newest = ready[0]",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-begun-settlement-skipped",
        "A settlement that began is finished.",
        BILLING,
        "if attestation.state is State.PROVEN and attestation.epoch < newest.epoch:",
        "if attestation.epoch < newest.epoch:",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-policies-with-a-gap",
        "Policies are rolled in order without a gap.",
        BILLING,
        "            if policy is None:\n                return\n            yield policy",
        "            if policy is not None:\n                yield policy",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-failed-roll-repeated",
        "A roll that failed is not repeated within the tick.",
        BILLING,
        "            if not outcome.succeeded:\n                break\n",
        "",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-failing-page-never-given-up",
        "A settlement that fails is skipped when a newer statement carries its totals.",
        BILLING,
        "elif outcome.reasons and attestation.epoch < newest.epoch:",
        "elif outcome.reasons and attestation.epoch > newest.epoch:",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-reason-not-kept",
        "The reason of a failure is kept.",
        BILLING,
        "if changed != attestation:",
        "if changed.state != attestation.state:",
        [TEST_BILLING],
    ),
    Fault(
        "settlement-sent-before-stored",
        "A transaction is stored before it is sent.",
        SENDING,
        "return self._send(self.outbox.save(made), now)",
        "self.flow.send(transaction)\n        return self.outbox.save(made)",
        [TEST_SENDING],
    ),
    Fault(
        "settlement-lease-ends-at-once",
        "A proposer key is leased for as long as its transaction can wait.",
        SENDING,
        "now, now + LEASE)",
        "now, now)",
        [TEST_SENDING],
    ),
    Fault(
        "settlement-lease-shorter-than-expiry",
        "A lease is longer than a transaction can wait to be executed, 600 blocks of about a second.",
        SENDING,
        "LEASE: Final = timedelta(minutes=20)",
        "LEASE: Final = timedelta(minutes=2)",
        [TEST_SENDING],
    ),
    Fault(
        "settlement-retried-at-once",
        "A call that failed is tried again only after its waiting time.",
        SENDING,
        "outgoing.retry_at is not None and outgoing.retry_at <= now",
        "outgoing.retry_at is not None",
        [TEST_SENDING],
    ),
    Fault(
        "settlement-success-sent-again",
        "A call that succeeded is never sent again.",
        SENDING,
        "due = outgoing.retry_at is not None and outgoing.retry_at <= now",
        "due = outgoing.retry_at is None or outgoing.retry_at <= now",
        [TEST_SENDING],
    ),
    Fault(
        "settlement-lost-transaction-not-sent-again",
        "A transaction that the node does not know is sent again.",
        SENDING,
        "            case Stage.UNKNOWN:\n                return self._send(outgoing, now)",
        "            case Stage.UNKNOWN:\n                return outgoing",
        [TEST_SENDING],
    ),
    Fault(
        "settlement-void-transaction-is-a-failure",
        "A transaction that can never be executed is made anew.",
        SENDING,
        "                return self._begin(call, outgoing, now)\n\n    def _end",
        '                return self._end(outgoing.failed("void", now))\n\n    def _end',
        [TEST_SENDING],
    ),
    Fault(
        "settlement-key-never-released",
        "A proposer key is given back when its transaction ended.",
        SENDING,
        "        ended = self.outbox.save(outgoing)\n        self.keys.release(outgoing.purpose, outgoing.key_index)\n",
        "        ended = self.outbox.save(outgoing)\n",
        [TEST_SENDING],
    ),
    Fault(
        "settlement-attempts-not-counted",
        "Each further attempt waits twice as long.",
        SENDING,
        "attempts + 1, version=version",
        "1, version=version",
        [TEST_SENDING],
    ),
    Fault(
        "settlement-wait-without-limit",
        "A failed transaction waits six hours at most.",
        TRANSACTIONS,
        "wait = min(RETRY_FIRST * 2**doublings, RETRY_MAX)",
        "wait = RETRY_FIRST * 2**doublings",
        [TEST_SENDING],
    ),
    Fault(
        "settlement-rounded-up",
        "A fraction of a unit is never charged.",
        PRICING,
        "return max(0, cost) // PRICED_MICROTOKENS",
        "return -(-max(0, cost) // PRICED_MICROTOKENS)",
        [TEST_PRICING],
    ),
    Fault(
        "settlement-one-price-for-all",
        "A price holds only for the part of the total in its tier.",
        PRICING,
        "portion = min(total_microtokens, end) - start",
        "portion = total_microtokens - start",
        [TEST_PRICING],
    ),
    Fault(
        "settlement-first-price-changed",
        "The first 100,000 tokens cost 0.02 FLOW for 1,000.",
        PRICING,
        "Tier(100_000, 2_000_000)",
        "Tier(100_000, 2_000_001)",
        [TEST_PRICING],
    ),
    Fault(
        "settlement-tiers-may-be-empty",
        "The ends of tiers rise strictly.",
        PRICING,
        "all(lower < upper",
        "all(lower <= upper",
        [TEST_PRICING],
    ),
    Fault(
        "settlement-first-wait-of-minutes",
        "A failed transaction is tried again after ten seconds.",
        TRANSACTIONS,
        "RETRY_FIRST: Final = timedelta(seconds=5)",
        "RETRY_FIRST: Final = timedelta(minutes=5)",
        [TEST_LIMITS],
    ),
    Fault(
        "settlement-longest-wait-of-days",
        "A failed transaction waits six hours at most.",
        TRANSACTIONS,
        "RETRY_MAX: Final = timedelta(hours=6)",
        "RETRY_MAX: Final = timedelta(days=6)",
        [TEST_LIMITS],
    ),
    Fault(
        "settlement-thirty-policies-in-a-transaction",
        "A transaction teaches three policies at most.",
        BILLING,
        "POLICIES_PER_TRANSACTION: Final = 3",
        "POLICIES_PER_TRANSACTION: Final = 30",
        [TEST_LIMITS],
    ),
    Fault(
        "settlement-charged-twice",
        "What is charged already does not count against the balance again.",
        SUBSCRIPTION,
        "rounded(self.exact_cost(total_microtokens)) - self.paid_ufix64",
        "rounded(self.exact_cost(total_microtokens))",
        [TEST_ENFORCEMENT],
    ),
    Fault(
        "settlement-negative-due",
        "What is due is never negative.",
        SUBSCRIPTION,
        "max(0, rounded(self.exact_cost(total_microtokens)) - self.paid_ufix64)",
        "rounded(self.exact_cost(total_microtokens)) - self.paid_ufix64",
        [TEST_SUBSCRIPTIONS],
    ),
)
