"""What was used: the calls that LiteLLM finished, what they weigh, and how they add up."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from flareflow.errors import BrokenRuleError
from flareflow.metering.price_book import PriceBook


@dataclass(frozen=True, slots=True)
class Usage:
    """An amount of use. It adds up; a difference may be negative, a total never is.

    `rated_microtokens`: tokens times their class multiplier, 1 token rated x1.0 = 1_000_000.
    `cost_nanousd`: what the provider costs us, 1 USD = 1_000_000_000; for information, nobody is charged by it.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 0
    rated_microtokens: int = 0
    cost_nanousd: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(getattr(self, name) + getattr(other, name) for name in USAGE_FIELDS))

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(*(getattr(self, name) - getattr(other, name) for name in USAGE_FIELDS))

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def as_total(self) -> Self:
        """The same amount, once it is sure that nothing in it is negative."""
        if any(getattr(self, name) < 0 for name in USAGE_FIELDS):
            raise BrokenRuleError(f"a total is never negative, and this one is {self}")
        return self


USAGE_FIELDS = tuple(field.name for field in fields(Usage))


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """One successful call as LiteLLM tells it: whose key, which model, how much."""

    litellm_call_id: str
    key_hash: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_nanousd: int
    started_at: datetime
    ended_at: datetime

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class EventStatus(StrEnum):
    """How far a usage event has come; `UNKNOWN` means that there is none for the call."""

    UNKNOWN = "unknown"
    UNCONFIRMED = "unconfirmed"
    COUNTED = "counted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """A finished call and the subscription that pays for it. Its identity is `call.litellm_call_id`.

    `rated_microtokens`: the call's tokens times the multiplier of its model's class, 1 token rated x1.0 = 1_000_000.
    """

    subscription_id: int
    call: FinishedCall
    rated_microtokens: int

    @classmethod
    def rated_by(cls, book: PriceBook, call: FinishedCall, subscription_id: int) -> Self:
        """The event of `call`, rated by `book`."""
        return cls(subscription_id, call, book.rate(call.model, call.tokens))

    @property
    def usage(self) -> Usage:
        """What the event adds to totals."""
        return Usage(
            prompt_tokens=self.call.prompt_tokens,
            completion_tokens=self.call.completion_tokens,
            requests=1,
            rated_microtokens=self.rated_microtokens,
            cost_nanousd=self.call.cost_nanousd,
        )


@dataclass(frozen=True, slots=True)
class LiveTotals:
    """What a subscription used so far: `counted` by a poll, and `unconfirmed`, only pushed to us yet."""

    counted: Usage = Usage()
    unconfirmed: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Window:
    """A span of start times, both ends included."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise BrokenRuleError(f"a window ends after it starts, not {self.start} to {self.end}")

    def split(self, slice_length: timedelta, slices_max: int) -> tuple["Window", ...]:
        """At most `slices_max` windows that cover this one, each `slice_length` or longer (the last may be shorter).

        Neighbours share a bound, as both ends are included and a call counts once anyway.
        """
        length = max(slice_length, (self.end - self.start) / slices_max)
        count = min(slices_max, math.ceil((self.end - self.start) / length)) or 1
        bounds = [self.start + number * length for number in range(count)]
        return tuple(Window(start, end) for start, end in zip(bounds, [*bounds[1:], self.end], strict=True))


@dataclass(frozen=True, slots=True)
class SpendPage:
    """One page of the spend log, oldest call first.

    `unreadable` counts rows that are not what LiteLLM promises; they are logged where they are read.
    """

    calls: tuple[FinishedCall, ...]
    is_last: bool
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a part of the spend log did, in calls."""

    seen: int = 0
    counted: int = 0
    quarantined: int = 0
    unreadable: int = 0

    def __add__(self, other: "Reading") -> "Reading":
        return Reading(
            self.seen + other.seen,
            self.counted + other.counted,
            self.quarantined + other.quarantined,
            self.unreadable + other.unreadable,
        )


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll did; `dropped` is in calls, `slices` is how many parts of the window were left to the queue."""

    reading: Reading
    dropped: int
    slices: int


@dataclass(frozen=True, slots=True)
class PushedCalls:
    """The successful calls among the `received` events of one push; `malformed` ones could not be read."""

    received: int
    calls: tuple[FinishedCall, ...]
    malformed: int


@dataclass(frozen=True, slots=True)
class PushReport:
    """What became of one push, in calls.

    `received` are all calls of the push, `added` those that became unconfirmed usage, `malformed` those that could
    not be read. Failed calls, calls of unknown keys and calls that are known already count as received only.
    """

    received: int
    added: int
    malformed: int


type Subscriptions = Mapping[str, int]
"""Key hash (SHA-256, hex) to the id of the subscription that pays for it."""
