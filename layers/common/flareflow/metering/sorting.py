"""What becomes of each row that was read: billed, listed as not billed, or set aside with the reason. None is lost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flareflow.metering.call_types import Billing, CallTypes
from flareflow.metering.calls import LoggedCall, SetAside
from flareflow.metering.opening import cases_of, of_row
from flareflow.metering.ports import Cases, KeyDirectory, RowCounter
from flareflow.metering.rows import COUNTED_ONLY, KeyForm, LoggedRow, Reading, Reason, SpendPage, Tally, bucket_of
from flareflow.metering.usage_events import OwnedRow

SAMPLES_MAX: Final = 3
ASIDE_MAX: Final = 500
"""With so many rows set aside, their cases are opened before the window is read: each row has up to 100 kB."""

_OF_NO_KEY: Final[Mapping[KeyForm, Reason]] = {
    KeyForm.HASH: Reason.KEY_UNKNOWN,
    KeyForm.MISSING: Reason.KEY_MISSING,
    KeyForm.OF_LITELLM: Reason.KEY_OF_LITELLM,
    KeyForm.SESSION: Reason.KEY_SESSION,
    KeyForm.NAME: Reason.KEY_NAME,
}


@dataclass(slots=True)
class Tallied:
    """Rows of one reason and five minutes that are only counted: how many, and the first few of them."""

    count: int = 0
    samples: list[SetAside] = field(default_factory=list)

    def add(self, row: LoggedRow, reason: Reason) -> None:
        self.count += 1
        if len(self.samples) < SAMPLES_MAX:
            self.samples.append(set_aside(row, reason))


@dataclass(slots=True)
class Seen:
    """What was read of a window so far, over all its pages.

    `owned` are the rows that are still to be counted, `aside` those that are still to become cases, by reason and
    identity. `keys` has the subscription of each key that was looked up, None for one that is unknown; `hashed_twice`
    are those of the unknown ones that are hashes of the hash of a key. `answers` has the call of the first row for
    each answer to a key.
    """

    owned: list[OwnedRow] = field(default_factory=list)
    aside: dict[tuple[str, str], SetAside] = field(default_factory=dict)
    keys: dict[str, int | None] = field(default_factory=dict)
    hashed_twice: set[str] = field(default_factory=set)
    identities: dict[tuple[str, datetime], None] = field(default_factory=dict)
    unreadable: dict[str, datetime] = field(default_factory=dict)
    answers: dict[tuple[str, str], LoggedCall] = field(default_factory=dict)
    tallied: dict[tuple[Reason, datetime], Tallied] = field(default_factory=lambda: defaultdict(Tallied))

    @property
    def subscriptions(self) -> int:
        """How many subscriptions may have rows."""
        return len(set(self.keys.values()) - {None})

    def set_aside(self, row: LoggedRow, reason: Reason) -> None:
        """Note a row of which there was none with the same identity. Its text is made only if it is kept."""
        if reason in COUNTED_ONLY:
            self.tallied[reason, bucket_of(row.call.started_at)].add(row, reason)
        else:
            self.keep(set_aside(row, reason))

    def keep(self, one: SetAside) -> None:
        """Note what becomes a case of its own."""
        self.aside[one.reason, one.identity] = one

    def is_double(self, call: LoggedCall) -> bool:
        """Whether another row of this window is about the same answer of the provider to the same key.

        LiteLLM writes two rows, of two call types, when it answers one kind of request by another one. Two rows of
        the same type with the same id are two answers of a provider that repeats its ids.
        """
        if call.upstream_id is None:
            return False
        first = self.answers.setdefault((call.key_hash, call.upstream_id), call)
        return first.request_id != call.request_id and first.call_type != call.call_type

    def tallies(self) -> tuple[Tally, ...]:
        return tuple(
            Tally(reason, bucket, found.count, tuple(found.samples)) for (reason, bucket), found in self.tallied.items()
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
        """Sort the rows of a page. Those that are billed, and those that become cases, wait in `seen` for `count`."""
        rows = [row for row in page.rows if _is_new(row.call, seen)]
        self._look_up(rows, seen)
        for row in rows:
            found = self._sorted(row, seen)
            if isinstance(found, OwnedRow):
                seen.owned.append(found)
            else:
                seen.set_aside(row, found)
        for one in page.set_aside:
            seen.keep(one)
        seen.unreadable.update({one.identity: one.at for one in page.set_aside if one.at})
        opened = self._open_cases(seen, now) if len(seen.aside) >= ASIDE_MAX else 0
        return Reading(seen=len(rows) + len(page.set_aside), set_aside=opened)

    def count(self, seen: Seen, now: datetime) -> Reading:
        """Count all rows that were sorted and not counted yet, and open the cases that are not open yet."""
        opened = self._open_cases(seen, now)
        counted = self.usage.count(seen.owned, now)
        self.cases.open(cases_of(counted, now))
        seen.owned.clear()
        unnamed = tuple(sorted(counted.by_default))
        return Reading(counted=counted.counted, set_aside=opened + len(counted.set_aside), by_default=unnamed)

    def bill(self, row: LoggedRow, now: datetime) -> str | None:
        """Count one row; the reason when nobody can be billed for it."""
        seen = Seen()
        self._look_up([row], seen)
        found = self._sorted(row, seen)
        if isinstance(found, Reason):
            return found
        counted = self.usage.count([found], now)
        self.cases.open(cases_of(counted, now))
        return next((one.reason for one in counted.set_aside), None)

    def _sorted(self, row: LoggedRow, seen: Seen) -> OwnedRow | Reason:
        """A row, whose key was looked up, as one that is billed; or the reason why nobody is billed for it."""
        call = row.call
        subscription_id = seen.keys.get(call.key_hash)
        if subscription_id is None:
            return Reason.KEY_HASHED_TWICE if call.key_hash in seen.hashed_twice else _OF_NO_KEY[row.key_form]
        return self._reason(call, seen) or OwnedRow(subscription_id, call, row.body)

    def _reason(self, call: LoggedCall, seen: Seen) -> Reason | None:
        """Why nobody is billed for a call of a known key; None when somebody is."""
        if call.failed and not call.tokens.output and not call.cost_nanousd:
            return Reason.ANSWERED_NOTHING
        if reason := self._reason_of_type(call):
            return reason
        return Reason.DOUBLE if seen.is_double(call) else None

    def _reason_of_type(self, call: LoggedCall) -> Reason | None:
        match self.call_types.billing_of(call.call_type):
            case Billing.BILLED:
                return None
            case Billing.BILLED_WHEN_THEY_COST:
                if call.cost_nanousd is None and call.tokens.total:
                    return Reason.READING_COST
                return None if call.cost_nanousd else Reason.NOT_BILLED
            case Billing.NOT_BILLED:
                return Reason.READING_COST if call.tokens.total or call.cost_nanousd else Reason.NOT_BILLED
        return Reason.CALL_TYPE_UNKNOWN

    def _look_up(self, rows: Iterable[LoggedRow], seen: Seen) -> None:
        """Find the subscriptions of the keys of these rows. A key is looked up once for all pages."""
        unasked = {row.call.key_hash for row in rows if row.key_form is KeyForm.HASH} - seen.keys.keys()
        if not unasked:
            return
        known = self.keys.subscriptions(unasked)
        seen.keys |= dict.fromkeys(unasked)
        seen.keys |= known
        if strangers := unasked - known.keys():
            seen.hashed_twice |= self.keys.hashed_twice(strangers)

    def _open_cases(self, seen: Seen, now: datetime) -> int:
        """Open the cases of what was set aside; return how many are new."""
        opened = self.cases.open([of_row(one, now) for one in seen.aside.values()])
        seen.aside.clear()
        return opened


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
