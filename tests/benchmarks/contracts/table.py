"""`docs/contract-costs.md`: written by the benchmark, read by the test that keeps it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from flareflow.adapters.flow.transactions import COMPUTATION_LIMIT
from flareflow.settlement.pricing import DEFAULT_TIERS, PRICED_TOKENS
from flareflow.statements.models import PAGE_SUBSCRIPTIONS_MAX
from infra.paths import ROOT
from tests.benchmarks.contracts.costs import UNIT_UFIX64, Cost
from tests.benchmarks.contracts.settling import PAGE, LargestPage
from tests.support.flow_emulator import FLOW

TABLE: Final = ROOT / "docs" / "contract-costs.md"
PACKED_ADJACENT: Final = 4.9
PACKED_SPREAD: Final = 6.5
"""Units for each subscription in the trials of the packed layout."""
_ROW: Final = re.compile(r"^ *([\d,.]+) +[\d.]+ .*\n +(\w+)$", re.MULTILINE)

_HEAD: Final = """# What the contracts cost

Written by `make bench-contracts`. A number is the computation units of a whole transaction on the Flow emulator with
mainnet's weights, as `FlowFees.FeesDeducted` tells them; where many subscriptions share a transaction, the part of
each. FLOW is mainnet's fee, 0.0001 for the transaction and 0.00004 for a unit, shared likewise. Whoever sends the
transaction pays it. `tests/cadence/test_costs.py` measures again, and keeps the limits and this table.
"""
_COLUMNS: Final = "   units     FLOW   limit  operation, and its name in the benchmark"
_LARGEST: Final = """
## The largest page

A transaction can settle {subscriptions:,} subscriptions on one page, all of which used something. The next longer page
is refused:

> {refusal}

| what | of this page | allowed |
| --- | ---: | ---: |
| computation units | {units:,} | {units_max:,} |
| bytes of events | {event_bytes:,} | 256,000 |
| bytes of arguments | {argument_bytes:,} | 1,500,000 with the transaction |

Pages of statements have {page} subscriptions at most, so that the worst page settles too, wherever its ids lie.
"""
_PACKING: Final = """
## What packing would save

Four layouts of the state were tried before the contract was written, on a page of 200 that is proven likewise. In units
for each subscription:

| layout | units |
| --- | ---: |
| trial: a struct for each subscription, by id | 9.9 |
| trial: one packed word for each, by id | 8.8 |
| trial: packed words of 64 subscriptions together, ids adjacent among 100,000 | {packed_adjacent} |
| trial: the same, ids spread | {packed_spread} |
| this contract: a struct for each, in an array | {page:.1f} |
| this contract among 100,000, ids adjacent | {adjacent:.1f} |
| this contract among 100,000, ids spread | {spread:.1f} |

Packing would save {saved:.0f} units each time that a subscription is charged, {saved_far:.0f} where ids are spread:
{flow:.4f} to {flow_far:.4f} FLOW, or what {tokens:.0f} to {tokens_far:.0f} tokens cost where they are cheapest.

State stays plain all the same, because it is what people check. The fields of a subscription have names, types and
rules beside them; scripts and explorers show them as they are; UFix64 refuses to overflow. Packed, each field would be
a shift and a mask that must be right everywhere, for plan, cap and debt too.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a few words, and the costs below them."""

    title: str
    text: str
    costs: Sequence[Cost]

    @property
    def markdown(self) -> str:
        rows = "\n".join(_row(cost) for cost in self.costs)
        return f"\n## {self.title}\n\n{self.text}\n\n```text\n{_COLUMNS}\n{rows}\n```\n"


def document(sections: Sequence[Section], largest: LargestPage) -> str:
    """The whole file."""
    each = {cost.name: cost.each for section in sections for cost in section.costs}
    tables = "".join(section.markdown for section in sections)
    return _HEAD + tables + _largest(largest) + _packing(each)


def committed_units() -> Mapping[str, float]:
    """Units by name, as the committed file has them."""
    return units_by_name(TABLE.read_text())


def units_by_name(document: str) -> Mapping[str, float]:
    return {name: float(units.replace(",", "")) for units, name in _ROW.findall(document)}


def _row(cost: Cost) -> str:
    """Two lines: the figures with the operation, and below it the name."""
    units = f"{cost.each:,.2f}" if cost.shared_by > 1 else f"{cost.units:,}"
    limit = "" if cost.limit is None else f"{cost.limit:,}"
    exceeded = " (limit exceeded)" if cost.is_exceeded else ""
    figures = f"{units:>8}  {cost.flow_each:.5f}  {limit:>6}  "
    return f"{figures}{cost.operation}{exceeded}\n{'':{len(figures)}}{cost.name}"


def _largest(largest: LargestPage) -> str:
    return _LARGEST.format(**asdict(largest), units_max=COMPUTATION_LIMIT, page=PAGE_SUBSCRIPTIONS_MAX)


def _packing(each: Mapping[str, float]) -> str:
    page = f"settle_cu_per_subscription_page_{PAGE}"
    adjacent, spread = each[f"{page}_of_100000_adjacent"], each[f"{page}_of_100000_spread"]
    saved, saved_far = adjacent - PACKED_ADJACENT, spread - PACKED_SPREAD
    return _PACKING.format(
        packed_adjacent=PACKED_ADJACENT,
        packed_spread=PACKED_SPREAD,
        page=each[page],
        adjacent=adjacent,
        spread=spread,
        saved=saved,
        saved_far=saved_far,
        flow=saved * UNIT_UFIX64 / FLOW,
        flow_far=saved_far * UNIT_UFIX64 / FLOW,
        tokens=_tokens(saved),
        tokens_far=_tokens(saved_far),
    )


def _tokens(units: float) -> float:
    """How many tokens cost as much, at the lowest price of the default plan."""
    return units * UNIT_UFIX64 * PRICED_TOKENS / DEFAULT_TIERS.tiers[-1].price_ufix64
