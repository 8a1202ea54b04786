"""What one subscription has used so far, from the item of UsageTable that guards all of its usage."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS
from flareflow.metering.models import LiveTotals, Usage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True, slots=True)
class LiveTotalsReader:
    """`accounts.ports.LiveUsage` over UsageTable."""

    table: "Table"

    def live(self, subscription_id: int) -> LiveTotals:
        with translating("read live totals"):
            found = self.table.get_item(Key=LIVE_TOTALS.key(subscription_id=subscription_id), ConsistentRead=True)
        return live_totals_of(found.get("Item", {}))


def live_totals_of(item: Item) -> LiveTotals:
    """The totals in `LIVE`; no item has none."""
    return LiveTotals(*(Usage(*map(int, item.get(name, ()))) for name in ("counted", "unconfirmed")))
