"""What a transaction costs: computation units with mainnet's weights, and FLOW at mainnet's fee."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import httpx

from flareflow.adapters.flow.rest import TransactionResult
from infra.local.flow.contracts import MAINNET_FEES
from tests.support.flow_emulator import FLOW, Chain

TRANSACTION_UFIX64: Final = MAINNET_FEES[1]
UNIT_UFIX64: Final = MAINNET_FEES[2] // FLOW
"""Mainnet's fee in 1e-8 FLOW: for a transaction, and for each of its computation units."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The computation units of one transaction, borne by `shared_by` subscriptions; the limit is for each of them."""

    name: str
    operation: str
    units: int
    limit: int | None = None
    shared_by: int = 1

    @property
    def each(self) -> float:
        """Units for each subscription; all units where nobody shares them."""
        return round(self.units / self.shared_by, 2) if self.shared_by > 1 else self.units

    @property
    def flow_each(self) -> Decimal:
        """FLOW for each: inclusion and computation."""
        return Decimal(TRANSACTION_UFIX64 + self.units * UNIT_UFIX64) / FLOW / self.shared_by

    @property
    def is_exceeded(self) -> bool:
        """Whether it costs more than it may."""
        return self.limit is not None and self.units > self.limit * self.shared_by


type Measure = Callable[[Chain], Iterator[Cost]]
"""Measures operations that belong together, on a chain to which nothing has happened yet."""


def units(chain: Chain, result: TransactionResult, *events: str) -> int:
    """The computation units of a transaction, which caused exactly these kinds of our events."""
    assert {name for name, _ in chain.events(result)} == set(events)
    return int(chain.computation(result))


def event_bytes(chain: Chain, result: TransactionResult) -> int:
    """The bytes of a transaction's events, as the network counts them against its limit."""
    report = httpx.get(f"{chain.admin_url}/emulator/computationReport").raise_for_status().json()
    return int(report["transactions"][result.events[0].transaction_id]["intensities"]["EmitEvent"])
