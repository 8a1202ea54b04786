"""Faults of jobs over many items: one that cannot be read is told, and holds up no other."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow"
UNIT: Final = "tests/unit"
RULE: Final = "What is stored and cannot be read holds up nothing else."
CAUGHT: Final = "except UNREADABLE"
NOT_CAUGHT: Final = "except ZeroDivisionError"


def _stops(name: str, module: str, before: str, test: str) -> Fault:
    """The fault that what cannot be read stops a job; `before` is the line before the one that catches it."""
    return Fault(
        f"aside-{name}",
        RULE,
        f"{PACKAGE}/{module}",
        f"{before}\n{CAUGHT.rjust(len(CAUGHT) + _indent(before))}",
        f"{before}\n{NOT_CAUGHT.rjust(len(NOT_CAUGHT) + _indent(before))}",
        [f"{UNIT}/{test}"],
    )


def _indent(before: str) -> int:
    """How far `except` stands from the margin: one step less than the line in its `try`."""
    return len(before) - len(before.lstrip()) - 4


FAULTS: Final = (
    _stops(
        "stored-subscription-stops-comparison",
        "settlement/comparing.py",
        "            subscription = self.ledger.subscription(subscription_id)",
        "settlement/test_comparing.py",
    ),
    _stops(
        "events-stop-reconciliation",
        "metering/reconciling.py",
        "                billed.add(subscription_id, list(self.billed.of(epoch, subscription_id)))",
        "metering/test_reconciling.py",
    ),
    _stops(
        "statement-stops-reconciliation",
        "metering/reconciling.py",
        "            told = self.sealed.added_by(epoch)",
        "metering/test_reconciling.py",
    ),
    _stops(
        "stored-subscription-stops-chain-events",
        "settlement/entering.py",
        "            self._subscriptions.update(self.ledger.subscriptions_by_id({subscription_id}))",
        "settlement/test_chain_events.py",
    ),
    _stops(
        "attestation-stops-billing",
        "settlement/billing.py",
        "                attestation = self.attestations.get(epoch)",
        "settlement/test_billing.py",
    ),
    _stops(
        "pages-stop-billing",
        "settlement/billing.py",
        "            pages = self._pages_to_settle(attestation.epoch, deadline.clock())",
        "settlement/test_billing.py",
    ),
    _stops(
        "documents-stop-books",
        "books/rebuilding.py",
        "            totals = self.sealed.totals(epoch)",
        "books/test_rebuilding.py",
    ),
    _stops(
        "settlement-pages-stop-sealing",
        "statements/sealing.py",
        "            return dict(entry for page in pages for entry in page.entries), ()",
        "statements/test_sealing.py",
    ),
    _stops(
        "records-stop-counting",
        "adapters/dynamodb/usage_writer.py",
        "                    usage[subscription_id] = self._with_spilled(subscription_id, item)",
        "adapters/dynamodb/test_unreadable_usage.py",
    ),
    Fault(
        "aside-poll-stops-sealing",
        "A poll that fails keeps nothing that is counted from being sealed.",
        "functions/usage_polling/app.py",
        "    finally:  # a poll that fails does not keep what is counted from being sealed and charged\n"
        "        sealed = seal_epoch().run(tick.time)\n",
        "    finally:\n        pass\n    sealed = seal_epoch().run(tick.time)\n",
        [f"{UNIT}/functions/test_scheduled_functions.py"],
    ),
    Fault(
        "aside-billed-in-part",
        "Of a subscription whose events cannot all be read, none is compared.",
        f"{PACKAGE}/metering/reconciling.py",
        "list(self.billed.of(epoch, subscription_id))",
        "self.billed.of(epoch, subscription_id)",
        [f"{UNIT}/metering/test_reconciling.py"],
    ),
    Fault(
        "aside-unreadable-pages-not-told",
        "A person is told of pages that were left out.",
        f"{PACKAGE}/settlement/billing.py",
        "return BillingReport(unreadable=(reason,))",
        "return BillingReport()",
        [f"{UNIT}/settlement/test_billing.py"],
    ),
)
