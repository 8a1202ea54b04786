"""What the contracts may cost, and that `docs/contract-costs.md` tells what they do cost."""

from collections.abc import Sequence

import pytest
from pytest import approx

from tests.benchmarks.contract_costs import TOPICS
from tests.benchmarks.contracts.costs import Cost
from tests.benchmarks.contracts.table import committed_units
from tests.support.flow_emulator import Chain

pytestmark = pytest.mark.stack

TOLERANCE = 0.02


@pytest.fixture(scope="module")
def costs(emulator: Chain) -> Sequence[Cost]:
    """Everything that the benchmark measures, but for what needs minutes."""
    measured: list[Cost] = []
    for measure in (measure for topic in TOPICS for measure in topic.measures):
        with emulator.rolled_back() as chain:
            measured += measure(chain)
    return measured


def test_no_operation_costs_more_than_its_limit(costs: Sequence[Cost]) -> None:
    assert [cost for cost in costs if cost.is_exceeded] == []


def test_the_committed_table_tells_what_is_measured(costs: Sequence[Cost]) -> None:
    committed = committed_units()
    measured = {cost.name: cost.each for cost in costs}
    assert measured.keys() <= committed.keys()
    stale = {name: units for name, units in measured.items() if committed[name] != approx(units, rel=TOLERANCE)}
    assert stale == {}
