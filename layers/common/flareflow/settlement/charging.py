"""From a bill to a charge in tokens, as `SubscriptionAccounts` does it on chain.

A rate is 1e-8 dollars for one token of the deposits; None means that the bill is in the token itself. All rounding
favours the user: the tokens of a bill are rounded down, and of a bill that is paid in part the dollars that are paid
are rounded up.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

UNITS: Final = 10**8
UFIX64_MAX: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class KnownRate:
    """1e-8 dollars for one token, as the contract would have read it from the price oracle at `read_at`."""

    rate_ufix64: int
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """What a settlement does to a bill.

    `charged_ufix64` is in tokens. `owed_ufix64`, what stays due, and `paid_ufix64`, what is settled of the bill, are in
    the plan's currency.
    """

    charged_ufix64: int
    owed_ufix64: int
    paid_ufix64: int


def tokens_ufix64(amount_ufix64: int, rate_ufix64: int | None) -> int:
    """An amount in the plan's currency as tokens, rounded down; UFIX64_MAX where it is more than that."""
    if rate_ufix64 is None:
        return amount_ufix64
    representable = min(UFIX64_MAX, UFIX64_MAX * rate_ufix64 // UNITS)
    return amount_ufix64 * UNITS // rate_ufix64 if amount_ufix64 <= representable else UFIX64_MAX


def charge_of(due_ufix64: int, allowed_ufix64: int, rate_ufix64: int | None) -> Charge:
    """Charge up to `allowed_ufix64` tokens of what is due in the plan's currency."""
    price_ufix64 = tokens_ufix64(due_ufix64, rate_ufix64)
    charged_ufix64 = min(price_ufix64, allowed_ufix64)
    if charged_ufix64 == price_ufix64:
        owed_ufix64 = 0
    elif rate_ufix64 is None:
        owed_ufix64 = due_ufix64 - charged_ufix64
    else:
        owed_ufix64 = _still_owed(due_ufix64, charged_ufix64, rate_ufix64)
    return Charge(charged_ufix64, owed_ufix64, due_ufix64 - owed_ufix64)


def _still_owed(due_ufix64: int, charged_ufix64: int, rate_ufix64: int) -> int:
    if charged_ufix64 == 0:
        return due_ufix64
    worth_ufix64 = min(UFIX64_MAX, charged_ufix64 * rate_ufix64 // UNITS) + 1
    return max(0, due_ufix64 - min(UFIX64_MAX, worth_ufix64))
