"""What metering costs: `python -m tests.benchmarks.metering` writes `.local/bench/metering.json`."""

import json
import sys
from typing import Final

from infra.paths import LOCAL
from tests.benchmarks.metering import counting, polling, units
from tests.support.dynamodb import dynamodb

SUBSCRIPTIONS: Final = 1_000
CALLS_OF_EACH: Final = 10
POLLED_ROWS: Final = 100_000


def main() -> int:
    found = counting.figures()
    with dynamodb():
        found |= polling.figures(POLLED_ROWS)
        found |= units.figures(SUBSCRIPTIONS, CALLS_OF_EACH)
    file = LOCAL / "bench" / "metering.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(file.read_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
