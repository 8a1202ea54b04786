"""What changes of one subscription mean to those who watch it: the newest of everything."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from flareflow.json_format import Json, json_value, to_json
from flareflow.metering.models import LiveTotals
from flareflow.realtime.changes import (
    CallsCounted,
    Change,
    EpochAttested,
    EpochSealed,
    KeyChanged,
    StandingDecided,
    SubscriptionChanged,
    UsageChanged,
)
from flareflow.realtime.models import Notification
from flareflow.realtime.payloads import (
    BalanceChanged,
    Call,
    CallState,
    KeyResumed,
    KeySuspended,
    Payload,
    StandingChanged,
    Totals,
    UsageAttested,
    UsagePending,
    UsageSealed,
    UsageSettled,
)
from flareflow.settlement.subscription import Subscription

CALLS_BYTES_MAX: Final = 24_000
"""What the calls of one message take at most, so that it fits into a frame with what else there is to tell."""


def notifications_of(changes: Sequence[Change]) -> Sequence[Notification]:
    """The notifications of changes of one subscription, which are in the order in which they were made.

    A later total, balance or standing replaces the earlier ones, and a later state of a key those of the same key.
    """
    told = (_usage, _sealed, _attested, _subscription, _standing, _keys)
    return [notification for tell in told for notification in tell(changes)]


def balance_of(subscription: Subscription) -> BalanceChanged:
    return BalanceChanged(
        subscription.status,
        subscription.balance_ufix64,
        subscription.charged_ufix64,
        subscription.owed_ufix64,
        subscription.tariff.currency,
    )


def settled_of(subscription: Subscription, epoch: int) -> UsageSettled:
    """What was charged is in the token of the deposits, what is owed in the plan's currency."""
    return UsageSettled(
        epoch,
        subscription.settled_microtokens,
        subscription.charged_ufix64,
        subscription.owed_ufix64,
        subscription.tariff.currency,
    )


def totals_of(version: int, totals: LiveTotals) -> Totals:
    return Totals(version, totals.counted.rated_microtokens, totals.unconfirmed.rated_microtokens)


def _usage(changes: Sequence[Change]) -> Iterator[Notification]:
    told = [change for change in changes if isinstance(change, UsageChanged | CallsCounted)]
    totals = [totals_of(one.version, one.totals) for one in told if isinstance(one, UsageChanged)]
    calls = {call.event_id: call for change in told for call in _calls(change)}
    if totals or calls:
        shown = tuple(_that_fit(calls.values()))
        yield _notification(told, UsagePending(totals[-1] if totals else None, shown, len(calls) - len(shown)))


def _calls(change: UsageChanged | CallsCounted) -> Iterator[Call]:
    """A counted call is named as the gate named it, or else by its row."""
    match change:
        case UsageChanged():
            for one in change.calls:
                name, state = one.call.event_id, CallState.UNCONFIRMED
                yield Call(name, one.call.model, one.call.tokens.total, one.rated_microtokens, state)
        case CallsCounted():
            for entry in change.calls:
                name, state = entry.call.call_id or entry.identity, CallState.COUNTED
                yield Call(name, entry.call.model, entry.call.tokens.total, entry.rated_microtokens, state)


def _that_fit(calls: Iterable[Call]) -> Iterator[Call]:
    left = CALLS_BYTES_MAX
    for call in calls:
        left -= len(to_json(call)) + 1
        if left < 0:
            return
        yield call


def _sealed(changes: Sequence[Change]) -> Iterator[Notification]:
    told = [change for change in changes if isinstance(change, EpochSealed)]
    if told:
        last = max(told, key=lambda change: change.epoch)
        yield _notification(told, UsageSealed(last.epoch, last.sealed_microtokens, last.statement_hash))


def _attested(changes: Sequence[Change]) -> Iterator[Notification]:
    told = [change for change in changes if isinstance(change, EpochAttested)]
    if told:
        last = max(told, key=lambda change: change.epoch)
        yield _notification(told, UsageAttested(last.epoch, last.attested_microtokens, last.voting_round))


def _subscription(changes: Sequence[Change]) -> Iterator[Notification]:
    told = [change for change in changes if isinstance(change, SubscriptionChanged)]
    if not told:
        return
    before, after = told[0].before, told[-1].after
    if after.settled_epoch is not None and (before is None or before.settled_epoch != after.settled_epoch):
        yield _notification(told, settled_of(after, after.settled_epoch))
    if before is None or (before.balance_ufix64, before.status) != (after.balance_ufix64, after.status):
        yield _notification(told, balance_of(after))


def _standing(changes: Sequence[Change]) -> Iterator[Notification]:
    told = [change for change in changes if isinstance(change, StandingDecided)]
    if told:
        yield _notification(told, StandingChanged(told[-1].standing, told[-1].version))


def _keys(changes: Sequence[Change]) -> Iterator[Notification]:
    last = {change.key_hash: change for change in changes if isinstance(change, KeyChanged)}
    for change in last.values():
        yield _notification([change], _key_state(change))


def _key_state(change: KeyChanged) -> KeySuspended | KeyResumed:
    if change.suspended_by is None:
        return KeyResumed(change.key_hash, change.alias)
    return KeySuspended(change.key_hash, change.alias, change.suspended_by)


def _notification(told: Sequence[Change], payload: Payload) -> Notification:
    data = cast("dict[str, Json]", json_value(payload))
    return Notification(payload.type, told[-1].subscription_id, told[-1].at, data)
