"""Faults of reconciliation: what was billed is compared with what LiteLLM counted, and each difference is told."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow/metering"
RECONCILING: Final = f"{PACKAGE}/reconciling.py"
TEST_RECONCILING: Final = "tests/unit/metering/test_reconciling.py"

FAULTS: Final = (
    Fault(
        "metering-epoch-added-twice",
        "Epochs are reconciled once, in their order.",
        RECONCILING,
        "self.sealed.epochs_after(self.reconciled.through_epoch(), EPOCHS_MAX)",
        "self.sealed.epochs_after(-1, EPOCHS_MAX)",
        [TEST_RECONCILING],
    ),
    Fault(
        "metering-compared-at-once",
        "What is billed is compared with what LiteLLM had counted an hour ago.",
        RECONCILING,
        "SETTLED_AFTER: Final = timedelta(hours=1)",
        "SETTLED_AFTER: Final = timedelta(0)",
        [TEST_RECONCILING],
    ),
    Fault(
        "metering-missing-rows-not-told",
        "Calls without a cost are compared by their number.",
        f"{PACKAGE}/spent.py",
        "return Spent(max(0, before.rows - self.billed.rows), cost if cost > tolerated else 0)",
        "return Spent(0, cost if cost > tolerated else 0)",
        [TEST_RECONCILING],
    ),
    Fault(
        "metering-statement-not-compared",
        "A statement that says something else than its events is told.",
        RECONCILING,
        "if added != found:",
        "if added.requests < found.requests - 1:",
        [TEST_RECONCILING],
    ),
    Fault(
        "metering-epoch-noted-before-its-cases",
        "An epoch is noted as reconciled once its differences are open cases.",
        RECONCILING,
        "        opened = self.cases.open([*unreadable",
        "        self.reconciled.add(epoch, billed.by_key, billed.by_model)\n"
        "        opened = self.cases.open([*unreadable",
        [TEST_RECONCILING],
    ),
    Fault(
        "metering-day-noted-before-its-cases",
        "A day is noted as reported once its differences are open cases.",
        RECONCILING,
        "            opened += self._open_cases(of_day, now)\n            self.reconciled.note_report(yesterday)\n",
        "            self.reconciled.note_report(yesterday)\n            opened += self._open_cases(of_day, now)\n",
        [TEST_RECONCILING],
    ),
    Fault(
        "metering-surplus-not-told",
        "What was billed and LiteLLM has not counted is told.",
        RECONCILING,
        "    if line.surplus_nanousd:",
        "    if line.surplus_nanousd < 0:",
        [TEST_RECONCILING],
    ),
    Fault(
        "metering-surplus-told-at-once",
        "What was billed may be counted by LiteLLM within an hour.",
        RECONCILING,
        "        if day is None or day == now.astimezone(UTC).date():\n",
        "        if day is None:\n",
        [TEST_RECONCILING],
    ),
    Fault(
        "metering-surplus-of-keys-that-litellm-names",
        "What was billed of a key that LiteLLM does not name is told.",
        RECONCILING,
        "keys = sorted(billed.keys() | counted.keys() if day else counted.keys())",
        "keys = sorted(counted.keys())",
        [TEST_RECONCILING],
    ),
    Fault(
        "metering-report-at-midnight",
        "A day is reported once its last calls have ended.",
        RECONCILING,
        "REPORT_HOUR: Final = 2",
        "REPORT_HOUR: Final = 0",
        [TEST_RECONCILING],
    ),
)
