"""After all other tests of the contracts: which statements did they run? Comes last, see `conftest.py`."""

from collections import defaultdict
from typing import Final

import httpx
import pytest
from pydantic import BaseModel

from flareflow.adapters.flow.cadence import CADENCE
from tests.support.eventually import WAIT_SECONDS_MAX
from tests.support.flow_emulator import Chain

pytestmark = pytest.mark.stack

CONTRACTS: Final = sorted(path.stem for path in (CADENCE / "contracts").glob("*.cdc"))
UNREACHED: Final = {
    # what a post-condition would say if the books did not balance
    "SubscriptionCustody": ['return "SubscriptionCustody: \\(self.vault.balance) is held, for balances of'],
}
"""Statements that no test can reach, by how they begin, with the reason."""


class Lines(BaseModel):
    line_hits: dict[int, int]


class Report(BaseModel):
    coverage: dict[str, Lines]


def unreached(chain: Chain) -> dict[str, set[int]]:
    """Lines with a statement that was never run, by contract, wherever it was deployed."""
    answer = httpx.get(f"{chain.admin_url}/emulator/codeCoverage", timeout=WAIT_SECONDS_MAX).raise_for_status()
    hits: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for location, lines in Report.model_validate_json(answer.content).coverage.items():
        kind, _, name = location.rpartition(".")
        if kind.startswith("A.") and name in CONTRACTS:
            for line, count in lines.line_hits.items():
                hits[name][line] += count
    return {name: {line for line, count in hits[name].items() if count == 0} for name in CONTRACTS}


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_statement_of_a_contract_is_run_by_a_test(
    emulator: Chain, name: str, request: pytest.FixtureRequest
) -> None:
    folder = request.path.parent
    run = {item.path for item in request.session.items}
    if not set(folder.glob("test_*.py")) <= run:
        pytest.skip("only a run of all tests of the contracts says what they cover")
    source = (CADENCE / "contracts" / f"{name}.cdc").read_text().splitlines()
    missed = sorted(source[line - 1].strip() for line in unreached(emulator)[name])
    named = UNREACHED.get(name, [])
    assert [next((known for known in named if line.startswith(known)), line) for line in missed] == named
