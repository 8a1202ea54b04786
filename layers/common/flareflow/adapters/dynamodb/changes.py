"""Stream records of UsageTable, LedgerTable and AccountsTable, decoded into what functions react to."""

from datetime import datetime

from flareflow.accounts.models import KeyStatus
from flareflow.adapters.dynamodb.account_kinds import VIRTUAL_KEY
from flareflow.adapters.dynamodb.key_states import SUSPENDED_BY
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.ledger_items import subscription_of
from flareflow.adapters.dynamodb.ledger_kinds import STANDING, SUBSCRIPTION
from flareflow.adapters.dynamodb.standings import standing_of
from flareflow.adapters.dynamodb.statement_kinds import ATTESTATION, STATEMENT
from flareflow.adapters.dynamodb.stream_records import Record, item_in, made
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


def decode_change(record: Record) -> Change | None:
    """The change of live totals, of a subscription, its standing or a key, or calls that were counted; else None."""
    old, new = item_in(record, "OldImage"), item_in(record, "NewImage")
    number, at = made(record)
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


def is_of_epoch(record: Record) -> bool:
    """Whether the record is of a statement or an attestation, which `EpochChanges` decodes."""
    keys = item_in(record, "Keys")
    return STATEMENT.matches(keys) or ATTESTATION.matches(keys)


def _usage_changed(number: int, at: datetime, old: Item, new: Item) -> UsageChanged:
    subscription_id = LIVE_TOTALS.number(new, "subscription_id")
    live, before = (live_of(item, subscription_id) for item in (new, old))
    waited = set(before.waiting)
    calls = tuple(record for record in live.waiting if record not in waited)
    return UsageChanged(number, at, subscription_id, live.version, live.totals, calls)


def _calls_counted(number: int, at: datetime, pack: Item) -> CallsCounted:
    billed = tuple(entry for entry in entries_of(pack) if entry.is_billed)
    return CallsCounted(number, at, USAGE_PACK.number(pack, "subscription_id"), billed)


def _standing_decided(number: int, at: datetime, old: Item, new: Item) -> StandingDecided:
    known, before = standing_of(new), standing_of(old).standing.value if old else None
    return StandingDecided(number, at, known.subscription_id, known.standing.value, known.version, before, known.owner)


def _key_changed(number: int, at: datetime, old: Item, new: Item) -> KeyChanged | None:
    """Blocked, by the standing or by an administrator, or unblocked; while that is under way a key is in no state."""
    after, subscription_id = KeyStatus(new["status"]), VIRTUAL_KEY.number(new, "subscription_id")
    if old["status"] == after or after not in SUSPENDED_BY:
        return None
    return KeyChanged(number, at, subscription_id, new["key_hash"], new["alias"], SUSPENDED_BY[after])
