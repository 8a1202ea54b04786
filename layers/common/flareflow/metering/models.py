"""Usage and totals, and what polls read and report."""

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final, Self

from flareflow.errors import BrokenRuleError
from flareflow.values import value


@value
class Usage:
    """An amount of usage. A difference can be negative, a total never is. Tokens by kind, as `calls.Tokens` has them.

    `rated_microtokens`: tokens times the multiplier of their class, 1 token rated x1.0 = 1_000_000.
    `cost_nanousd`: what the provider charges us, 1 USD = 1_000_000_000; for information, nobody is billed by it.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 0
    rated_microtokens: int = 0
    cost_nanousd: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0

    @classmethod
    def sum(cls, usages: Iterable["Usage"]) -> "Usage":
        """The same as adding one after the other, in a fraction of the time."""
        return cls(*map(sum, zip(*map(amounts, usages), strict=True)))

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*map(operator.add, amounts(self), amounts(other)))

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(*map(operator.sub, amounts(self), amounts(other)))

    @property
    def input_tokens(self) -> int:
        """All that went in."""
        return self.prompt_tokens + self.cache_read_tokens + self.cache_write_tokens + self.audio_input_tokens

    @property
    def output_tokens(self) -> int:
        """All that came out."""
        return self.completion_tokens + self.reasoning_tokens + self.audio_output_tokens

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def as_total(self) -> Self:
        """The same amount. Raises BrokenRuleError when something in it is negative."""
        if min(amounts(self)) < 0:
            raise BrokenRuleError(f"a total is never negative, but this one is {self}")
        return self


NO_USAGE: Final = Usage()
USAGE_FIELDS = tuple(field.name for field in fields(Usage))
amounts: Callable[[Usage], tuple[int, ...]] = operator.attrgetter(*USAGE_FIELDS)
"""The amounts of a usage, in the order of its fields."""


@dataclass(frozen=True, slots=True)
class LiveTotals:
    """A subscription's usage so far: `counted` is billed, `unconfirmed` is told by the gate and not billed yet."""

    counted: Usage = NO_USAGE
    unconfirmed: Usage = NO_USAGE


@dataclass(frozen=True, slots=True)
class Window:
    """A range of start times, both ends included."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise BrokenRuleError(f"a window starts before it ends, but this one is {self.start} to {self.end}")

    def split(self, slice_length: timedelta, slices_max: int) -> tuple["Window", ...]:
        """Split into at most `slices_max` windows of `slice_length` or more; only the last can be shorter.

        Neighbours share a bound: both ends are included, and a call that is read twice is counted once.
        """
        length = max(slice_length, (self.end - self.start) / slices_max)
        count = min(slices_max, math.ceil((self.end - self.start) / length)) or 1
        bounds = [self.start + number * length for number in range(count)]
        return tuple(Window(start, end) for start, end in zip(bounds, [*bounds[1:], self.end], strict=True))


type Subscriptions = Mapping[str, int]
"""Key hash (SHA-256 in hex) to the id of the subscription that pays."""
