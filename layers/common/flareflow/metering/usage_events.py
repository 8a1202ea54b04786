"""Usage events and what they are made from: rows and records, and where the two witnesses differ."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from flareflow.json_format import timestamp
from flareflow.metering.calls import CallRecord, LoggedCall, SetAside, Tokens, Units, UnloggedCall
from flareflow.metering.models import Usage
from flareflow.values import value

NAME_CHARACTERS_MAX: Final = 200


@value
class OwnedRow:
    """A row of the spend log and the subscription that pays for it. `body` makes the row as JSON text."""

    subscription_id: int
    call: LoggedCall
    body: Callable[[], str] = field(default=str, compare=False)


@dataclass(frozen=True, slots=True)
class OwnedRecord:
    """A record of the gate and the subscription that pays for it."""

    subscription_id: int
    call: CallRecord


@dataclass(frozen=True, slots=True)
class RatedRecord:
    """A record that waits for its row, and what it adds to the unconfirmed totals meanwhile, in rated micro-tokens.

    When the call is counted, it is rated anew by the price book of its epoch.
    """

    subscription_id: int
    call: CallRecord
    rated_microtokens: int


class DifferenceKind(StrEnum):
    """How the two witnesses of a call differ."""

    TOKENS_DIFFER = "tokens_differ"
    """Row and record tell other numbers of tokens. Billed once: the gate's, or the row's if the gate estimated."""
    SECOND_ROW = "second_row"
    """Another row has the call id of a call that is billed already. Not billed."""
    LATE_ROW = "late_row"
    """The row of a call whose record was billed alone. Not billed again."""
    ROW_WITHOUT_RECORD = "row_without_record"
    """No records have come within the grace for rows that were counted together. They are billed."""
    RECORD_WITHOUT_ROW = "record_without_row"
    """No row has come within the grace. The record is billed."""
    UNKNOWN_ENDING = "unknown_ending"
    """The gate does not know what was answered, and no row has come within the grace. Not billed."""
    USAGE_UNREADABLE = "usage_unreadable"
    """What is stored of a subscription's usage breaks a rule, so its records are not billed before it is mended."""
    BILLED_TWICE = "billed_twice"
    """Two rows were billed before their record came, which shows that they are one call. A person decides."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a person may want to look at. It may be reported again; `kind` and `identity` stay the same.

    `identity` is that of the row (`request_id` and start time) or of the record (`event_id`). `what` is a sentence.
    """

    kind: DifferenceKind
    subscription_id: int
    identity: str
    what: str


@dataclass(frozen=True, slots=True)
class CountReport:
    """What became of rows, or of records that are billed alone; `counted` is the number of new usage events.

    `by_default`: the models that were rated by the default of the price book, because it does not name them.
    """

    counted: int = 0
    differences: tuple[Difference, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    by_default: frozenset[str] = frozenset()

    def __add__(self, other: "CountReport") -> "CountReport":
        return CountReport(
            self.counted + other.counted,
            self.differences + other.differences,
            self.set_aside + other.set_aside,
            self.by_default | other.by_default,
        )


@dataclass(frozen=True, slots=True)
class RecordReport:
    """What became of records; `added` is the number of those that are unconfirmed usage now and were not before."""

    added: int = 0
    differences: tuple[Difference, ...] = ()
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """A billed call: what it adds to the totals of its subscription. It never changes.

    `event_id` is the gate's; where a row was billed without a record, it is made of the row's identity.
    `price_book_hash` names the book that rated it.
    """

    subscription_id: int
    event_id: str
    key_hash: str
    call_type: str
    model: str
    base_model: str | None
    tokens: Tokens
    units: Units
    rated_microtokens: int
    price_book_hash: bytes
    cost_nanousd: int
    started_at: datetime
    ended_at: datetime


@value
class Entry:
    """What became of a row, of a record, or of the two of one call. Stored for good and never changed.

    `call` is that of the row, if there is one. `is_recorded`: a record is part of the entry. `is_billed`: the entry is
    a usage event; otherwise it only says that its row or record is known, and its numbers are what that witness told.
    `other_tokens`: what was told and not billed, where that differs. `difference`: what a person should know.
    """

    call: LoggedCall | UnloggedCall
    rated_microtokens: int
    price_book_hash: bytes
    is_recorded: bool = False
    is_billed: bool = True
    other_tokens: Tokens | None = None
    difference: DifferenceKind | None = None

    @property
    def identity(self) -> str:
        """The row's own identity, or the record's where there is no row. A long request id is named by its hash."""
        call = self.call
        if call.request_id is None:
            return str(call.call_id)
        return f"{short(call.request_id)}@{timestamp(call.started_at)}"

    @property
    def cost_nanousd(self) -> int:
        """What LiteLLM says that the call cost; 0 where nobody knows."""
        return self.call.cost_nanousd or 0

    @property
    def is_row_alone(self) -> bool:
        """Whether it is a row that was billed before a record came, if one comes at all."""
        return self.is_billed and not self.is_recorded

    @property
    def is_record_alone(self) -> bool:
        """Whether it is a record whose row did not come within the grace."""
        return self.difference in {DifferenceKind.RECORD_WITHOUT_ROW, DifferenceKind.UNKNOWN_ENDING}

    def event(self, subscription_id: int) -> UsageEvent:
        """The usage event of a billed entry."""
        call = self.call
        return UsageEvent(
            subscription_id=subscription_id,
            event_id=str(call.call_id) if self.is_recorded else self.identity,
            key_hash=call.key_hash,
            call_type=call.call_type,
            model=call.model,
            base_model=call.base_model,
            tokens=call.tokens,
            units=call.units,
            rated_microtokens=self.rated_microtokens,
            price_book_hash=self.price_book_hash,
            cost_nanousd=self.cost_nanousd,
            started_at=call.started_at,
            ended_at=call.ended_at,
        )


def short(name: str) -> str:
    """A name, or the SHA-256 of one that is too long or strange to be part of a key."""
    if name.isascii() and len(name) <= NAME_CHARACTERS_MAX:
        return name
    return hashlib.sha256(name.encode(errors="backslashreplace")).hexdigest()


def usage_of(tokens: Tokens, rated_microtokens: int, cost_nanousd: int = 0, *, requests: int = 1) -> Usage:
    """The usage of one call, or of several whose tokens, weight and cost were summed."""
    return Usage(
        prompt_tokens=tokens.prompt,
        completion_tokens=tokens.completion,
        requests=requests,
        rated_microtokens=rated_microtokens,
        cost_nanousd=cost_nanousd,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
        reasoning_tokens=tokens.reasoning,
        audio_input_tokens=tokens.audio_input,
        audio_output_tokens=tokens.audio_output,
    )


def usage_of_record(record: RatedRecord) -> Usage:
    """What a record adds to the unconfirmed totals."""
    return usage_of(record.call.tokens, record.rated_microtokens)
