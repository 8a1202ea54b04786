"""The billed calls of an epoch, read from UsageTable."""

from collections.abc import Iterator
from dataclasses import dataclass

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.subscriptions import UsageReader
from flareflow.errors import BrokenRuleError
from flareflow.metering.spent import BilledCall
from flareflow.metering.usage_events import usage_of

PAGES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class DynamoBilledCalls:
    """`BilledCalls`: the events of every subscription that an epoch has changed."""

    epochs: DynamoEpochUsage
    reader: UsageReader

    def of_epoch(self, epoch: int) -> Iterator[BilledCall]:
        for subscription_id in sorted(self.epochs.deltas(epoch)):
            yield from self._of_subscription(subscription_id, epoch)

    def _of_subscription(self, subscription_id: int, epoch: int) -> Iterator[BilledCall]:
        cursor: str | None = None
        for _ in range(PAGES_MAX):
            page = self.reader.events(subscription_id, epoch, cursor)
            for event in page.items:
                usage = usage_of(event.tokens, event.rated_microtokens, event.cost_nanousd)
                yield BilledCall(subscription_id, event.key_hash, event.started_at, usage, event.model)
            cursor = page.next_cursor
            if cursor is None:
                return
        raise BrokenRuleError(f"epoch {epoch} has more than {PAGES_MAX} pages of events of {subscription_id}")
