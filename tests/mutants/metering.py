"""Faults of metering: what is used is counted once, completely, and weighed exactly."""

from typing import Final

from tests.mutants.fault import Fault

COUNTING: Final = "layers/common/flareflow/metering/counting.py"
POLLING: Final = "layers/common/flareflow/metering/polling.py"

TEST_POLLING: Final = "tests/unit/metering/test_polling.py"

FAULTS: Final = (
    Fault(
        name="metering-first-page-only",
        rule="Pages of the spend log are read until the last one.",
        file=COUNTING,
        text="if page.is_last:",
        replacement="if page.calls:",
        tests=[TEST_POLLING],
    ),
)
