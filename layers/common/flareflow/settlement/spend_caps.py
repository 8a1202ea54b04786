"""Spend caps: the most that an owner lets be charged in 30 days, as `SubscriptionTerms` counts it on chain."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from flareflow.settlement.events import SpendCapSet


SPEND_PERIOD: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SpendCap:
    """The most that the owner lets be charged in a period of 30 days, in 1e-8 of the token.

    `charged_before_ufix64` is what had ever been charged when the period began. What earlier periods left owed may be
    charged beyond the limit; that is not kept here, because such a debt leaves nothing for further usage.
    """

    limit_ufix64: int
    period_ends_at: datetime
    charged_before_ufix64: int

    def at(self, now: datetime, charged_ufix64: int) -> Self:
        """The cap in the period of `now`. `charged_ufix64` has not changed since the last period ended."""
        if now < self.period_ends_at:
            return self
        periods = (now - self.period_ends_at) // SPEND_PERIOD + 1
        ends_at = self.period_ends_at + periods * SPEND_PERIOD
        return replace(self, period_ends_at=ends_at, charged_before_ufix64=charged_ufix64)

    def left_ufix64(self, charged_ufix64: int) -> int:
        """What may still be charged in the period."""
        return max(0, self.limit_ufix64 - (charged_ufix64 - self.charged_before_ufix64))


def cap_after(happened: "SpendCapSet", before: SpendCap | None, charged_ufix64: int, now: datetime) -> SpendCap | None:
    """The cap after the owner's decision: the first cap begins a period, and a period that has begun goes on."""
    if happened.limit_ufix64 is None:
        return None
    if before is not None:
        return replace(before, limit_ufix64=happened.limit_ufix64)
    return SpendCap(happened.limit_ufix64, now + SPEND_PERIOD, charged_ufix64)
