"""The kinds of items in UsageTable that hold public statistics."""

from typing import Final

from flareflow.adapters.dynamodb.keys import EXPIRES_AT, ItemKind
from flareflow.settlement.health import Health, System


def counter(system: System, health: Health) -> str:
    """The attribute that counts the ticks of a day at which a system was of this health."""
    return f"{system}_{health}"


STATUS_DAY: Final = ItemKind(
    pk="STATUS",
    sk="DAY#{day}",
    holds="At how many ticks of a day each system was of which health; `lag_seconds` is the sum over them. Kept for "
    "100 days.",
    serves="reconciliation counts; public_api reads the last 90 days.",
    attributes=("ticks", "lag_seconds", *(counter(one, health) for one in System for health in Health), EXPIRES_AT),
)
STATISTICS: Final = ItemKind(
    pk="STATISTICS",
    sk="SUMS",
    holds="The sums of all subscriptions, and how far the next ones are: `record` is all of it as JSON.",
    serves="reconciliation goes on adding up; public_api reads it.",
    attributes=("record",),
)

STATISTICS_KINDS: Final = (STATUS_DAY, STATISTICS)
