"""The times and limits of settlement, written out instead of taken from the constants that are tested."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flareflow.settlement.billing import POLICIES_PER_TRANSACTION
from flareflow.settlement.transactions import Outgoing, SignedTransaction

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SENT = Outgoing("settle#7#0", SignedTransaction("ef" * 32, b"content", 12), key_index=0, attempts=1)


@pytest.mark.parametrize(
    ("attempts", "wait"),
    [
        (1, timedelta(seconds=10)),
        (2, timedelta(seconds=20)),
        (3, timedelta(seconds=40)),
        (12, timedelta(seconds=20_480)),
        (13, timedelta(hours=6)),
        (10_000, timedelta(hours=6)),
    ],
)
def test_a_failed_transaction_waits_twice_as_long_each_time_and_six_hours_at_most(
    attempts: int, wait: timedelta
) -> None:
    failed = replace(SENT, attempts=attempts).failed("no such root", NOON)
    assert failed.retry_at == NOON + wait


def test_a_transaction_teaches_three_policies_at_most() -> None:
    assert POLICIES_PER_TRANSACTION == 3
