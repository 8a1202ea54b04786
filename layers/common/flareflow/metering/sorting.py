"""What becomes of each row that was read: billed, listed as not billed, or set aside with the reason. None is lost."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flareflow.metering.call_types import Billing, CallTypes
from flareflow.metering.calls import LoggedCall, SetAside
from flareflow.metering.cases import cases_of, of_row
from flareflow.metering.models import Subscriptions
from flareflow.metering.ports import Cases, KeyDirectory, RowCounter
from flareflow.metering.rows import COUNTED_ONLY, KeyForm, LoggedRow, Reading, Reason, SpendPage, Tally, bucket_of
from flareflow.metering.usage_events import OwnedRow

SAMPLES_MAX: Final = 3

_OF_NO_KEY: Final[Mapping[KeyForm, Reason]] = {
    KeyForm.HASH: Reason.KEY_UNKNOWN,
    KeyForm.MISSING: Reason.KEY_MISSING,
    KeyForm.OF_LITELLM: Reason.KEY_OF_LITELLM,
    KeyForm.SESSION: Reason.KEY_SESSION,
    KeyForm.NAME: Reason.KEY_NAME,
}


@dataclass(slots=True)
class Seen:
    """What was read of a window so far, over all its pages.

    `owned` are the rows that are still to be counted; `keys` has the subscription of each key that was looked up;
    `answers` has the id and the call type of the first row for each answer to a key.
    """

    owned: list[OwnedRow] = field(default_factory=list)
    keys: dict[str, int | None] = field(default_factory=dict)
    identities: dict[tuple[str, datetime], None] = field(default_factory=dict)
    unreadable: dict[str, datetime] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    counted_only: dict[tuple[str, datetime], dict[str, SetAside]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def subscriptions(self) -> int:
        """How many subscriptions may have rows."""
        return len(set(self.keys.values()) - {None})

    def is_double(self, row: LoggedRow) -> bool:
        """Whether another row of this window is about the same answer of the provider to the same key.

        LiteLLM writes two rows, of two call types, when it answers one kind of request by another one. Two rows of
        the same type with the same id are two answers of a provider that repeats its ids.
        """
        call = row.call
        if call.upstream_id is None:
            return False
        told = call.request_id, call.call_type
        request_id, call_type = self.answers.setdefault((call.key_hash, call.upstream_id), told)
        return request_id != call.request_id and call_type != call.call_type

    def tallies(self) -> tuple[Tally, ...]:
        return tuple(
            Tally(reason, bucket, len(found), tuple(found.values())[:SAMPLES_MAX])
            for (reason, bucket), found in self.counted_only.items()
        )


@dataclass(frozen=True, slots=True)
class SortRows:
    """Tell the rows that are billed from the others, which are set aside, and count them.

    What counting writes is written once for each subscription and not for each row. So the rows of a window are sorted
    page by page, and counted together.
    """

    keys: KeyDirectory
    usage: RowCounter
    cases: Cases
    call_types: CallTypes

    def run(self, page: SpendPage, seen: Seen, now: datetime) -> Reading:
        """Sort the rows of a page; those that are billed wait in `seen` for `count`."""
        rows = [row for row in page.rows if _is_new(row.call, seen)]
        seen.unreadable.update({one.identity: one.at for one in page.set_aside if one.at})
        known = self._subscriptions(rows, seen)
        aside = [*page.set_aside, *self._of_no_key(rows, known)]
        for row in rows:
            subscription_id = known.get(row.call.key_hash)
            if subscription_id is None:
                continue
            if reason := self.reason(row, seen):
                aside.append(set_aside(row, reason))
            else:
                seen.owned.append(OwnedRow(subscription_id, row.call, row.body))
        return Reading(seen=len(rows) + len(page.set_aside), set_aside=self._set_aside(aside, seen, now))

    def count(self, seen: Seen, now: datetime) -> Reading:
        """Count all rows that were sorted and not counted yet."""
        counted = self.usage.count(seen.owned, now)
        self.cases.open(cases_of(counted, now))
        seen.owned.clear()
        unnamed = tuple(sorted(counted.by_default))
        return Reading(counted=counted.counted, set_aside=len(counted.set_aside), by_default=unnamed)

    def bill(self, row: LoggedRow, seen: Seen, now: datetime) -> str | None:
        """Count one row; the reason when nobody can be billed for it."""
        known = self.keys.subscriptions({row.call.key_hash})
        strangers = list(self._of_no_key([row], known))
        reason = strangers[0].reason if strangers else self.reason(row, seen)
        if reason is None:
            counted = self.usage.count([OwnedRow(known[row.call.key_hash], row.call, row.body)], now)
            self.cases.open(cases_of(counted, now))
            return next((one.reason for one in counted.set_aside), None)
        return reason

    def reason(self, row: LoggedRow, seen: Seen) -> Reason | None:
        """Why nobody is billed for a row of a known key; None when somebody is."""
        call = row.call
        if call.failed and not call.tokens.completion and not call.cost_nanousd:
            return Reason.ANSWERED_NOTHING
        if reason := self._reason_of_type(call):
            return reason
        return Reason.DOUBLE if seen.is_double(row) else None

    def _reason_of_type(self, call: LoggedCall) -> Reason | None:
        match self.call_types.billing_of(call.call_type):
            case Billing.BILLED:
                return None
            case Billing.BILLED_WHEN_THEY_COST:
                return None if call.cost_nanousd else Reason.NOT_BILLED
            case Billing.NOT_BILLED:
                return Reason.READING_COST if call.tokens.total or call.cost_nanousd else Reason.NOT_BILLED
        return Reason.CALL_TYPE_UNKNOWN

    def _subscriptions(self, rows: Iterable[LoggedRow], seen: Seen) -> Subscriptions:
        """The subscription of each known key of these rows. A key is looked up once for all pages."""
        hashes = {row.call.key_hash for row in rows if row.key_form is KeyForm.HASH}
        if unasked := hashes - seen.keys.keys():
            seen.keys |= dict.fromkeys(unasked)
            seen.keys |= self.keys.subscriptions(unasked)
        return {key_hash: found for key_hash in hashes if (found := seen.keys[key_hash]) is not None}

    def _of_no_key(self, rows: Iterable[LoggedRow], known: Subscriptions) -> Iterator[SetAside]:
        strangers = [row for row in rows if row.call.key_hash not in known]
        hashes = {row.call.key_hash for row in strangers if row.key_form is KeyForm.HASH}
        hashed_twice = self.keys.hashed_twice(hashes) if hashes else frozenset()
        for row in strangers:
            twice = row.call.key_hash in hashed_twice
            yield set_aside(row, Reason.KEY_HASHED_TWICE if twice else _OF_NO_KEY[row.key_form])

    def _set_aside(self, aside: Sequence[SetAside], seen: Seen, now: datetime) -> int:
        """Open cases, or note in `seen` what is only counted; return how many cases are new."""
        for one in aside:
            if one.reason in COUNTED_ONLY:
                seen.counted_only[one.reason, bucket_of(one.at or now)][one.identity] = one
        return self.cases.open([of_row(one, now) for one in aside if one.reason not in COUNTED_ONLY])


def set_aside(row: LoggedRow, reason: Reason) -> SetAside:
    """A readable row as something to set aside."""
    call = row.call
    return SetAside(call.digest, reason, row.body(), call.started_at)


def _is_new(call: LoggedCall, seen: Seen) -> bool:
    identity = call.request_id, call.started_at
    if identity in seen.identities:
        return False
    seen.identities[identity] = None
    return True
