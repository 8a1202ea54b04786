"""Stream records of UsageTable, LedgerTable and AccountsTable, decoded into what functions react to."""

from base64 import b64decode
from datetime import UTC, datetime

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord, StreamRecord

from flareflow.accounts.models import KeyStatus
from flareflow.adapters.dynamodb.account_kinds import VIRTUAL_KEY
from flareflow.adapters.dynamodb.key_states import SUSPENDED_BY
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.ledger_items import subscription_of
from flareflow.adapters.dynamodb.ledger_kinds import STANDING, SUBSCRIPTION
from flareflow.adapters.dynamodb.standings import standing_of
from flareflow.adapters.dynamodb.statement_kinds import ATTESTATION, STATEMENT
from flareflow.adapters.dynamodb.usage_items import entries_of, live_of
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS, USAGE_PACK
from flareflow.realtime.changes import (
    CallsCounted,
    Change,
    KeyChanged,
    StandingDecided,
    SubscriptionChanged,
    UsageChanged,
)


def decode_change(record: DynamoDBRecord) -> Change | None:
    """The change of live totals, of a subscription, its standing or a key, or calls that were counted; else None."""
    stream = StreamRecord(record["dynamodb"])
    old, new = stream.old_image, stream.new_image
    number, at = int(stream["SequenceNumber"]), datetime.fromtimestamp(stream["ApproximateCreationDateTime"], UTC)
    if LIVE_TOTALS.matches(new):
        return _usage_changed(number, at, old, new)
    if USAGE_PACK.matches(new):
        return _calls_counted(number, at, new)
    if SUBSCRIPTION.matches(new):
        after = subscription_of(new)
        return SubscriptionChanged(number, at, after.subscription_id, subscription_of(old) if old else None, after)
    if STANDING.matches(new):
        return _standing_decided(number, at, old, new)
    if VIRTUAL_KEY.matches(new) and old:
        return _key_changed(number, at, old, new)
    return None


def is_of_epoch(record: DynamoDBRecord) -> bool:
    """Whether the record is of a statement or an attestation, which `EpochChanges` decodes."""
    keys = StreamRecord(record["dynamodb"]).keys
    return STATEMENT.matches(keys) or ATTESTATION.matches(keys)


def decode_changed_funds(record: DynamoDBRecord) -> int | None:
    """The id of the subscription whose balance, status or live usage changed; None for every other item."""
    keys = StreamRecord(record["dynamodb"]).keys
    for kind in (LIVE_TOTALS, SUBSCRIPTION):
        if kind.matches(keys):
            return kind.number(keys, "subscription_id")
    return None


def _usage_changed(number: int, at: datetime, old: Item | None, new: Item) -> UsageChanged:
    subscription_id = LIVE_TOTALS.number(new, "subscription_id")
    live, before = (live_of(_binary(item or {}), subscription_id) for item in (new, old))
    waited = set(before.waiting)
    calls = tuple(record for record in live.waiting if record not in waited)
    return UsageChanged(number, at, subscription_id, live.version, live.totals, calls)


def _calls_counted(number: int, at: datetime, pack: Item) -> CallsCounted:
    billed = tuple(entry for entry in entries_of(_binary(pack)) if entry.is_billed)
    return CallsCounted(number, at, USAGE_PACK.number(pack, "subscription_id"), billed)


def _standing_decided(number: int, at: datetime, old: Item | None, new: Item) -> StandingDecided:
    known, before = standing_of(new), standing_of(old).standing.value if old else None
    return StandingDecided(number, at, known.subscription_id, known.standing.value, known.version, before, known.owner)


def _key_changed(number: int, at: datetime, old: Item, new: Item) -> KeyChanged | None:
    """Blocked, by the standing or by an administrator, or unblocked; while that is under way a key is in no state."""
    after, subscription_id = KeyStatus(new["status"]), VIRTUAL_KEY.number(new, "subscription_id")
    if old["status"] == after or after not in SUSPENDED_BY:
        return None
    return KeyChanged(number, at, subscription_id, new["key_hash"], new["alias"], SUSPENDED_BY[after])


def _binary(item: Item) -> Item:
    """The item with what is packed in it as bytes: a stream record has it in base64."""
    return item | {name: b64decode(item[name]) for name in ("waiting", "entries") if name in item}
