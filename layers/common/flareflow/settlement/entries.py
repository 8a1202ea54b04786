"""Entries of the journal: what moves from one account to another.

An entry moves tokens of the deposits (FLOW by default) between accounts: a negative line leaves an account, a positive
line enters one, and all lines sum to zero. `subscriber:<id>` is what is left of a deposit and `revenue` what was
charged and not yet withdrawn; the contract holds both. `wallet:<address>` is an account outside the contract. Entries
are only added; every balance is a sum of lines.

The entry of a charge also says what it pays of the bill, in the currency of the plan, and at which rate.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flareflow.errors import BrokenRuleError
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Currency

REVENUE: Final = "revenue"


def subscriber(subscription_id: int) -> str:
    """The account of a subscription's deposit."""
    return f"subscriber:{subscription_id}"


def wallet(address: str | None) -> str:
    """The account of an address outside the contract; `wallet:unknown` for an event without address."""
    return f"wallet:{address or 'unknown'}"


@dataclass(frozen=True, slots=True)
class Line:
    """An amount in 1e-8 of the token that enters an account, or leaves it if negative."""

    account: str
    amount_ufix64: int


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of one event; an event that moved no token has no lines.

    `subscription_id` is None for the provider's withdrawals. Only a charge and a forgiven debt have `currency` (of the
    plan) and `owed_change_ufix64`: by how much what is owed changes, in 1e-8 of that currency. Only a charge has
    `paid_ufix64`, what it pays of the bill; `epoch`, of the statement that it charges; `settled_microtokens`, by how
    much it raises the settled total; and, if it needed one, `rate_ufix64`, 1e-8 dollars for one token.

    Raises BrokenRuleError unless the lines sum to zero.
    """

    subscription_id: int | None
    position: Position
    occurred_at: datetime
    transaction_id: str
    kind: str
    lines: tuple[Line, ...]
    currency: Currency | None = None
    paid_ufix64: int | None = None
    rate_ufix64: int | None = None
    owed_change_ufix64: int | None = None
    epoch: int | None = None
    settled_microtokens: int | None = None

    def __post_init__(self) -> None:
        if sum(line.amount_ufix64 for line in self.lines) != 0:
            raise BrokenRuleError(f"the lines of a journal entry do not sum to zero: {self}")


def move(source: str, destination: str, amount_ufix64: int) -> tuple[Line, ...]:
    if amount_ufix64 == 0:
        return ()
    return Line(source, -amount_ufix64), Line(destination, amount_ufix64)
