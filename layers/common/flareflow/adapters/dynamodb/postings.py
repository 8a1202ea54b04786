"""Postings as DynamoDB transactions, each with as many of them as DynamoDB takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, Final

from flareflow.adapters.dynamodb.keys import ABSENT, Item
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.ledger_kinds import (
    HELD_BACK,
    JOURNAL_ENTRY,
    OWNERSHIP,
    REVENUE,
    REVENUE_ENTRY,
    SET_ASIDE,
    SETTLED,
    SUBSCRIPTION,
)
from flareflow.settlement.entries import REVENUE as REVENUE_ACCOUNT
from flareflow.settlement.entries import Entry
from flareflow.settlement.journal import Posting, SettingAside
from flareflow.settlement.positions import SetAside
from flareflow.settlement.subscription import Subscription

ACTIONS_MAX: Final = 100
"""Actions of one transaction, by DynamoDB's limits."""
POSTINGS_MAX: Final = 30
"""Postings of one subscription that are written together: up to three actions each, and four of the subscription."""
OF_NO_SUBSCRIPTION: Final = "-"
"""In keys, where an event names no subscription; sorts before all numbers."""

type Change = Posting | SettingAside

_SUBSCRIPTION: Final = LateAdapter(Subscription)
_ENTRY: Final = LateAdapter(Entry)
_SET_ASIDE: Final = LateAdapter(SetAside)


@dataclass(frozen=True, slots=True)
class Write:
    """Postings that are stored together, and the actions that do so."""

    postings: tuple[Change, ...]
    actions: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Writes:
    """Makes transactions on one table."""

    table_name: str

    def of(self, postings: Sequence[Change]) -> Iterator[Write]:
        """Those that store all of the postings; the postings of each subscription stay in their order."""
        parts: list[Write] = []
        for part in map(self._part, _parts(postings)):
            actions = sum(len(one.actions) for one in parts) + len(part.actions) + 1
            if parts and (actions > ACTIONS_MAX or not _is_compatible(part, parts)):
                yield self._whole(parts)
                parts = []
            parts.append(part)
        if parts:
            yield self._whole(parts)

    def _whole(self, parts: Sequence[Write]) -> Write:
        postings = tuple(posting for part in parts for posting in part.postings)
        actions = [action for part in parts for action in part.actions]
        return Write(postings, (*actions, *self._add_revenue(postings)))

    def _part(self, postings: tuple[Change, ...]) -> Write:
        actions = [action for posting in postings for action in self._add_posting(posting)]
        before, after = postings[0].before, postings[-1].subscription
        if after is not None:
            owners = {owner for posting in postings if isinstance(posting, Posting) and (owner := posting.former_owner)}
            left = [OWNERSHIP.key(address=owner, subscription_id=after.subscription_id) for owner in owners]
            actions += [self._delete(key) for key in left if not key.items() <= _ownership(after).items()]
            actions += self._put_projections(before, after)
        return Write(postings, tuple(actions))

    def _add_posting(self, posting: Change) -> Iterator[Any]:
        if isinstance(posting, SettingAside):
            yield self._put(_SET_ASIDE.dump_python(posting.aside, mode="json") | key_of(posting), ABSENT)
            return
        entry = _ENTRY.dump_python(posting.entry, mode="json", exclude_defaults=True)
        yield self._put(entry | key_of(posting), ABSENT)
        if posting.replaces:
            yield self._delete(set_aside_key(posting.replaces))
        if posting.never_opened is not None:
            yield self._put(_ended(posting.never_opened))

    def _put_projections(self, before: Subscription | None, after: Subscription) -> Iterator[Any]:
        """The subscription's state, and its settled total and owner where they changed."""
        state = SUBSCRIPTION.key(subscription_id=after.subscription_id) | {"last_event": _last_event(after)}
        state |= _SUBSCRIPTION.dump_python(after, mode="json")
        if before is None:
            yield self._put(state, ABSENT)
        else:
            yield self._put(state, "last_event = :event", {":event": _last_event(before)})
        if before is None or _settled(before) != _settled(after):
            yield self._put(_settled(after))
        if before is None or before.owner != after.owner:
            yield self._put(_ownership(after))
        if held := _held_back(after):
            yield self._put(held)
        elif before is not None and (left := _held_back(before)):
            yield self._delete({name: left[name] for name in ("pk", "sk")})

    def _add_revenue(self, postings: Sequence[Change]) -> list[Any]:
        lines = [line for one in postings if isinstance(one, Posting) for line in one.entry.lines]
        moved_ufix64 = sum(line.amount_ufix64 for line in lines if line.account == REVENUE_ACCOUNT)
        if not moved_ufix64:
            return []
        change = {
            "UpdateExpression": "ADD balance_ufix64 :moved",
            "ExpressionAttributeValues": {":moved": moved_ufix64},
        }
        return [{"Update": {"TableName": self.table_name, "Key": REVENUE.key(), **change}}]

    def _put(self, item: Item, condition: str | None = None, values: Mapping[str, Any] | None = None) -> Any:
        put: Item = {"TableName": self.table_name, "Item": item}
        put |= {"ConditionExpression": condition} if condition else {}
        return {"Put": put | ({"ExpressionAttributeValues": values} if values else {})}

    def _delete(self, key: Item) -> Any:
        return {"Delete": {"TableName": self.table_name, "Key": key}}


def key_of(posting: Change) -> Item:
    """The key of the posting's entry, or of the event that is set aside."""
    if isinstance(posting, SettingAside):
        return set_aside_key(posting.aside)
    entry = posting.entry
    if entry.subscription_id is None:
        return REVENUE_ENTRY.key(**entry.position._asdict())
    return JOURNAL_ENTRY.key(subscription_id=entry.subscription_id, **entry.position._asdict())


def set_aside_key(aside: SetAside) -> Item:
    """The key of an event that is set aside."""
    known = aside.subscription_id
    subscription = OF_NO_SUBSCRIPTION if known is None else f"{known:020}"
    return SET_ASIDE.key(subscription=subscription, **aside.position._asdict())


def _parts(postings: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    """Postings that must be in one transaction; one alone where no subscription keeps it from being stored twice."""
    by_subscription: dict[int, list[Change]] = {}
    for posting in postings:
        if posting.subscription is None:
            yield (posting,)
        else:
            by_subscription.setdefault(posting.subscription.subscription_id, []).append(posting)
    for of_one in by_subscription.values():
        yield from batched(of_one, POSTINGS_MAX, strict=False)


def _is_compatible(part: Write, others: Sequence[Write]) -> bool:
    ids = {_subscription_id(one) for one in others}
    return _subscription_id(part) is not None and None not in ids and _subscription_id(part) not in ids


def _subscription_id(part: Write) -> int | None:
    after = part.postings[0].subscription
    return after.subscription_id if after else None


def _last_event(subscription: Subscription) -> str:
    return JOURNAL_ENTRY.sort_key(**subscription.position._asdict())


def _settled(subscription: Subscription) -> Item:
    return {
        **SETTLED.key(subscription_id=subscription.subscription_id),
        "settled_microtokens": subscription.settled_microtokens,
        "needs_rate": subscription.tariff.needs_rate,
        "has_ended": subscription.has_ended,
        "since": int(since.timestamp()) if (since := subscription.chargeable_from) else None,
    }


def _ended(subscription_id: int) -> Item:
    """What sealing reads of a subscription that the contract does not have: nothing can be charged."""
    amounts = {"settled_microtokens": 0, "needs_rate": False, "has_ended": True, "since": None}
    return SETTLED.key(subscription_id=subscription_id) | amounts


def _held_back(subscription: Subscription) -> Item | None:
    """Who can be charged without new usage, now or later; None for all others."""
    since = subscription.chargeable_from
    if since is None:
        return None
    key = HELD_BACK.key(subscription_id=subscription.subscription_id)
    told = {"settled_microtokens": subscription.settled_microtokens, "needs_rate": subscription.tariff.needs_rate}
    return {**key, **told, "since": int(since.timestamp())}


def _ownership(subscription: Subscription) -> Item:
    return OWNERSHIP.key(address=subscription.owner, subscription_id=subscription.subscription_id)
