"""Faults of what metering costs: each subscription is written once for all rows of a slice, and in time."""

from typing import Final

from tests.mutants.fault import Fault
from tests.mutants.metering_rows import READING, TEST_POLLING

TEST_COSTS: Final = "tests/unit/metering/test_costs.py"

FAULTS: Final = (
    Fault(
        "metering-no-time-to-count",
        "Reading ends while there is time to count what was read.",
        READING,
        "if self.read and not self.deadline.allows(self.slowest + self.reserved):",
        "if self.read and not self.deadline.allows(self.slowest):",
        [TEST_POLLING],
    ),
    Fault(
        "metering-counted-page-by-page",
        "The rows of a slice are counted together, so that its subscriptions are written once.",
        READING,
        "        self.pages.reserved = ",
        "        self.reading += self.sort_rows.count(self.seen, self.now)\n        self.pages.reserved = ",
        [TEST_COSTS],
    ),
    Fault(
        "metering-text-held-without-bound",
        "Rows are counted before the text that they hold fills the memory.",
        READING,
        "        if self._held_bytes > HELD_BYTES_MAX:\n            self.count()",
        "        if self._held_bytes < 0:\n            self.count()",
        [TEST_COSTS],
    ),
    Fault(
        "metering-text-held-as-it-is",
        "The text that rows hold is compressed before it makes them be counted.",
        READING,
        "                text.compress()\n",
        "                text.held_bytes\n",
        [TEST_COSTS],
    ),
)
