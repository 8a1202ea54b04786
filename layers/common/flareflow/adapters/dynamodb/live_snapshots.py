"""A subscription as it is now, from the tables and the public documents."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.key_states import SUSPENDED_BY
from flareflow.adapters.dynamodb.ledger_items import read_subscription
from flareflow.adapters.dynamodb.live_totals import live_totals_of
from flareflow.adapters.dynamodb.standings import DynamoStandings
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS
from flareflow.errors import NotFoundError
from flareflow.realtime.notifications import balance_of, settled_of, totals_of
from flareflow.realtime.payloads import KeySuspended, Snapshot, StandingChanged, Totals

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from flareflow.accounts.ports import VirtualKeys
    from flareflow.adapters.dynamodb.live_epochs import LiveEpochs


@dataclass(frozen=True, slots=True)
class DynamoSnapshots:
    """`Snapshots`. Every read is consistent, so what was written before is in it.

    `keys` and `epochs` are made at the first snapshot: a client that resumes needs none.
    """

    ledger: "Table"
    usage: "Table"
    keys: "Callable[[], VirtualKeys]"
    epochs: "Callable[[], LiveEpochs]"

    def of(self, subscription_id: int) -> Snapshot:
        subscription = read_subscription(self.ledger, subscription_id)
        if subscription is None:
            raise NotFoundError("subscription_not_found", f"You own no subscription {subscription_id}.")
        known, epoch = DynamoStandings(self.ledger).find(subscription_id), subscription.settled_epoch
        return Snapshot(
            totals=self._totals(subscription_id),
            balance=balance_of(subscription),
            standing=StandingChanged(known.standing.value, known.version) if known else None,
            sealed=self.epochs().sealed(subscription_id),
            attested=self.epochs().attested(subscription_id),
            settled=None if epoch is None else settled_of(subscription, epoch),
            suspended=tuple(self._suspended(subscription_id)),
        )

    def _totals(self, subscription_id: int) -> Totals:
        with translating("read live totals"):
            found = self.usage.get_item(Key=LIVE_TOTALS.key(subscription_id=subscription_id), ConsistentRead=True)
        item = found.get("Item", {})
        return totals_of(int(str(item.get("version", 0))), live_totals_of(item))

    def _suspended(self, subscription_id: int) -> Iterator[KeySuspended]:
        for key in self.keys().living(subscription_id):
            reason = SUSPENDED_BY.get(key.status)
            if reason is not None:
                yield KeySuspended(key.key_hash, key.alias, reason)
