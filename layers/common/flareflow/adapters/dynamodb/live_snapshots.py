"""A subscription as it is now, from LedgerTable and UsageTable."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.ledger_items import read_subscription
from flareflow.adapters.dynamodb.standings import DynamoStandings
from flareflow.adapters.dynamodb.usage_items import live_totals_of
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS
from flareflow.errors import NotFoundError
from flareflow.realtime.notifications import balance_of, totals_of
from flareflow.realtime.payloads import Snapshot, StandingChanged, Totals

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True, slots=True)
class DynamoSnapshots:
    """`Snapshots`. Every read is consistent, so what was written before is in it."""

    ledger: "Table"
    usage: "Table"

    def of(self, subscription_id: int) -> Snapshot:
        subscription = read_subscription(self.ledger, subscription_id)
        if subscription is None:
            raise NotFoundError("subscription_not_found", f"You own no subscription {subscription_id}.")
        known = DynamoStandings(self.ledger).find(subscription_id)
        standing = StandingChanged(known.standing.value, known.version) if known else None
        return Snapshot(self._totals(subscription_id), balance_of(subscription), standing)

    def _totals(self, subscription_id: int) -> Totals:
        with translating("read live totals"):
            found = self.usage.get_item(Key=LIVE_TOTALS.key(subscription_id=subscription_id), ConsistentRead=True)
        item = found.get("Item", {})
        return totals_of(int(str(item.get("version", 0))), live_totals_of(item))
