"""What calls would cost: in rated tokens, and in money by each plan that can be accepted now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flareflow.errors import InvalidRequestError
from flareflow.metering.price_book import PriceBook, Used
from flareflow.settlement.charging import UNITS, KnownRate
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.ports import KnownRates, Plans
from flareflow.settlement.pricing import Currency, exact_cost
from flareflow.time import Clock


class Books(Protocol):
    """The price books."""

    def newest(self) -> PriceBook:
        """The book that rates calls now. Raises StorageUnavailableError."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call to be quoted: the model by the name in the request, what it is deployed as, and what it would use."""

    model: str
    base_model: str | None
    used: Used


@dataclass(frozen=True, slots=True)
class PlanCost:
    """What a call costs by one plan, in 1e-17. None where a rate is needed for it and none is known."""

    plan_id: int
    plan_version: int
    in_tokens: int | None
    in_dollars: int | None


@dataclass(frozen=True, slots=True)
class QuotedCall:
    """`is_named`: the book names the model; otherwise its default rates the call."""

    model: str
    is_named: bool
    rated_microtokens: int
    costs: Sequence[PlanCost]


@dataclass(frozen=True, slots=True)
class Quote:
    """Calls with their costs, in the order in which they were asked for; `rate` values dollars, None without one."""

    calls: Sequence[QuotedCall]
    price_book_hash: bytes
    token_symbol: str
    rate: KnownRate | None


@dataclass(frozen=True, slots=True)
class QuoteCalls:
    """Tell what calls would cost a subscription that has used `after_microtokens` before."""

    books: Books
    plans: Plans
    rates: KnownRates
    token_symbol: str
    clock: Clock

    def run(self, calls: Sequence[PlannedCall], after_microtokens: int) -> Quote:
        """Raises InvalidRequestError `not_priced` for a call that uses what its model has no price for."""
        book, rate = self.books.newest(), self.rates.last_rate()
        offered = offered_plans(self.plans.all(), self.clock())
        quoted = [_quoted(book, one, offered, after_microtokens, rate) for one in calls]
        return Quote(quoted, book.hash, self.token_symbol, rate)


def offered_plans(plans: Sequence[PlanVersion], now: datetime) -> Sequence[PlanVersion]:
    """The newest version of each plan that can be accepted now."""
    newest: dict[int, PlanVersion] = {}
    for plan in plans:
        if not plan.is_retired and plan.effective_at <= now:
            newest[plan.plan_id] = plan
    return list(newest.values())


def _quoted(
    book: PriceBook, call: PlannedCall, plans: Sequence[PlanVersion], after: int, rate: KnownRate | None
) -> QuotedCall:
    price = book.named(call.model, call.base_model)
    rated = (price or book.default).rate(call.used)
    if rated is None:
        raise InvalidRequestError("not_priced", f"The price book has no price for what {call.model!r} would use.")
    costs = [_cost(plan, after, after + rated, None if rate is None else rate.rate_ufix64) for plan in plans]
    return QuotedCall(call.model, price is not None, rated, costs)


def _cost(plan: PlanVersion, before: int, total: int, rate_ufix64: int | None) -> PlanCost:
    """The price of the total less that of what was used before, so that a call across tiers costs what it will."""
    tariff = plan.tariff
    cost = exact_cost(total, tariff.tiers) - exact_cost(before, tariff.tiers)
    if tariff.currency is Currency.TOKEN:
        dollars = None if rate_ufix64 is None else cost * rate_ufix64 // UNITS
        return PlanCost(plan.plan_id, plan.plan_version, cost, dollars)
    tokens = cost if not tariff.needs_rate else None if rate_ufix64 is None else cost * UNITS // rate_ufix64
    return PlanCost(plan.plan_id, plan.plan_version, tokens, cost)
