"""Stream records of UsageTable and LedgerTable that tell of what a subscription can pay for."""

from flareflow.adapters.dynamodb.ledger_kinds import SUBSCRIPTION
from flareflow.adapters.dynamodb.stream_records import Record, item_in
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS


def decode_changed_funds(record: Record) -> int | None:
    """The id of the subscription whose balance, status or live usage changed; None for every other item."""
    keys = item_in(record, "Keys")
    for kind in (LIVE_TOTALS, SUBSCRIPTION):
        if kind.matches(keys):
            return kind.number(keys, "subscription_id")
    return None
