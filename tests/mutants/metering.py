"""Faults of metering: every finished call is counted once, completely, and rated exactly."""

from typing import Final

from tests.mutants.fault import Fault

PACKAGE: Final = "layers/common/flareflow/metering"
INGEST: Final = f"{PACKAGE}/ingest.py"
MODELS: Final = f"{PACKAGE}/models.py"

TEST_INGEST: Final = "tests/unit/metering/test_ingest.py"
TEST_MODELS: Final = "tests/unit/metering/test_models.py"

FAULTS: Final = (
    Fault(
        "metering-push-without-secret",
        "A push is read only after its secret was checked.",
        INGEST,
        "        self._authenticate(authorization)\n",
        "",
        [TEST_INGEST],
    ),
    Fault(
        "metering-secret-compared-by-prefix",
        "The whole secret of a push must match.",
        INGEST,
        "if not hmac.compare_digest(authorization.encode(), wanted.encode()):",
        "if not authorization.startswith(wanted):",
        [TEST_INGEST],
    ),
    Fault(
        "metering-negative-total-counted",
        "A total is never negative, in any of its parts.",
        MODELS,
        "if min(amounts(self)) < 0",
        "if max(amounts(self)) < 0",
        [TEST_MODELS],
    ),
    Fault(
        "metering-one-slice-too-few",
        "Slices are not longer than asked for while their number allows it.",
        MODELS,
        "math.ceil((self.end - self.start) / length)",
        "math.floor((self.end - self.start) / length)",
        [TEST_MODELS],
    ),
)
