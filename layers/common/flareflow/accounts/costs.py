"""What settled calls have cost: each charge on Flow, split by key and model."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from flareflow.accounts.models import CursorPage
from flareflow.accounts.ownership import require_owner
from flareflow.accounts.ports import Ledger, Rates
from flareflow.accounts.usage_history import StatedEvent, UsageHistory
from flareflow.accounts.usage_queries import Span, UsageState
from flareflow.errors import ConflictError, StorageUnavailableError
from flareflow.metering.usage_events import UsageEvent
from flareflow.settlement.charging import UNITS, KnownRate
from flareflow.settlement.entries import Entry
from flareflow.settlement.pricing import Currency
from flareflow.time import Clock

EVENTS_COSTED: Final = 5_000
PRICE_DECIMALS: Final = 20
_UFIX64_FOR_MICROTOKENS: Final = 10 ** (PRICE_DECIMALS - 8 + 6)
"""From 1e-8 for a rated micro-token to 1e-20 for a rated token."""


class Charges(Protocol):
    """The charges of subscriptions."""

    def charges(self, subscription_id: int, from_epoch: int) -> Sequence[Entry]:
        """The entries that raised the settled total by a statement of `from_epoch` or later, newest first.

        Bounded: the oldest are missing where there are very many. Raises StorageUnavailableError.
        """


@dataclass(frozen=True, slots=True)
class Cost:
    """What the calls of one epoch, key and model have cost.

    `price_e20`: the price of a rated token in 1e-20 of the currency of the plan, from the charge that contains the
    calls. `in_dollars_e20`: the same in dollars; a plan in the token is valued at `rate`, the last that is known, which
    is None for a plan in dollars. Prices are rounded down; a cost is price times quantity.
    """

    epoch: int
    key_hash: str
    model: str
    price_book_hash: bytes
    calls: int
    tokens: int
    rated_microtokens: int
    charge: Entry
    price_e20: int
    in_dollars_e20: int
    rate: KnownRate | None


@dataclass(frozen=True, slots=True)
class ReadCosts:
    """Read the costs of a subscription's settled calls that began in a window of time."""

    ledger: Ledger
    charges: Charges
    history: UsageHistory
    rates: Rates
    clock: Clock

    def run(self, caller: str, subscription_id: int, span: Span, cursor: str | None) -> CursorPage[Cost]:
        """Newest epoch first. Costs of an epoch may go on in the next part: add them.

        Raises NotFoundError `subscription_not_found`, InvalidRequestError `invalid_cursor`, ConflictError
        `rate_unknown` where a plan is in the token, and StorageUnavailableError where a charge cannot be found.
        """
        subscription = require_owner(self.ledger.subscription(subscription_id), caller, subscription_id)
        page = self.history.events(subscription, span.window(self.clock()), cursor, EVENTS_COSTED)
        settled = [one for one in page.items if one.state is UsageState.SETTLED]
        if not settled:
            return CursorPage([], page.next_cursor)
        charges = self.charges.charges(subscription_id, min(one.epoch for one in settled))
        rate = self.rates.last_rate() if any(one.currency is Currency.TOKEN for one in charges) else None
        return CursorPage(_costs(settled, list(reversed(charges)), rate), page.next_cursor)


type _Group = tuple[int, str, str, bytes]


def _costs(settled: Iterable[StatedEvent], charges: Sequence[Entry], rate: KnownRate | None) -> list[Cost]:
    groups: dict[_Group, list[UsageEvent]] = {}
    for one in settled:
        event = one.event
        groups.setdefault((one.epoch, event.key_hash, event.model, event.price_book_hash), []).append(event)
    epochs = [entry.epoch or 0 for entry in charges]
    newest_first = sorted(groups, key=lambda group: (-group[0], group[1:]))
    return [_cost(group, groups[group], _charge_of(group[0], charges, epochs), rate) for group in newest_first]


def _charge_of(epoch: int, charges: Sequence[Entry], epochs: Sequence[int]) -> Entry:
    """The first charge by a statement of the epoch or a later one: totals are cumulative, so it contains the epoch."""
    place = bisect_left(epochs, epoch)
    if place == len(charges):
        raise StorageUnavailableError(f"no charge of epoch {epoch} is in the journal")
    return charges[place]


def _cost(group: _Group, events: Sequence[UsageEvent], charge: Entry, rate: KnownRate | None) -> Cost:
    epoch, key_hash, model, book = group
    billed_ufix64 = (charge.paid_ufix64 or 0) + (charge.owed_change_ufix64 or 0)
    price_e20 = max(0, billed_ufix64) * _UFIX64_FOR_MICROTOKENS // (charge.settled_microtokens or 1)
    valued_at = rate if charge.currency is Currency.TOKEN else None
    if charge.currency is Currency.TOKEN and rate is None:
        raise ConflictError("rate_unknown", "No rate of dollars is known, in which costs have to be told.")
    return Cost(
        epoch=epoch,
        key_hash=key_hash,
        model=model,
        price_book_hash=book,
        calls=len(events),
        tokens=sum(event.tokens.total for event in events),
        rated_microtokens=sum(event.rated_microtokens for event in events),
        charge=charge,
        price_e20=price_e20,
        in_dollars_e20=price_e20 if valued_at is None else price_e20 * valued_at.rate_ufix64 // UNITS,
        rate=valued_at,
    )
