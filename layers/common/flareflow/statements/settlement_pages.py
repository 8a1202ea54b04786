"""Which subscriptions a statement lets the contract charge, and on which pages."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched

from flareflow.statements.models import PAGE_SUBSCRIPTIONS_MAX, SettlementPage
from flareflow.statements.ports import Settled


def unsettled(totals: Mapping[int, int], settled: Mapping[int, Settled], now: datetime) -> Mapping[int, int]:
    """Those of the cumulative totals (rated micro-tokens by subscription id) that the contract can still charge."""
    return {one: total for one, total in totals.items() if settled[one].allows(total, now)}


def paged(
    contract: str, epoch: int, totals: Mapping[int, int], settled: Mapping[int, Settled]
) -> tuple[SettlementPage, ...]:
    """The settlement pages of these totals, by rising id.

    Subscriptions whose charge needs a rate come last, on pages of their own: while there is no rate, only they wait.
    """
    entries = sorted(totals.items())
    without_rate = [entry for entry in entries if not settled[entry[0]].needs_rate]
    with_rate = [entry for entry in entries if settled[entry[0]].needs_rate]
    chunks = [chunk for group in (without_rate, with_rate) for chunk in _chunks(group)]
    return tuple(SettlementPage(contract, epoch, number, chunk) for number, chunk in enumerate(chunks))


def _chunks(entries: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], ...]]:
    return batched(entries, PAGE_SUBSCRIPTIONS_MAX, strict=False)
