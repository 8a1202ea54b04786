"""The billed calls of an epoch, read from UsageTable."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.errors import BrokenRuleError
from flareflow.metering.spent import BilledCall
from flareflow.metering.usage_events import usage_of

PAGES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class DynamoBilledCalls:
    """`BilledCalls`: the events of every subscription that an epoch has changed."""

    epochs: DynamoEpochUsage
    reader: UsageReader

    def subscriptions(self, epoch: int) -> Sequence[int]:
        return self.epochs.subscriptions(epoch)

    def of(self, epoch: int, subscription_id: int) -> Iterator[BilledCall]:
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
