"""The page of the contracts' costs can be read back as it was written."""

from tests.benchmarks.contracts import table
from tests.benchmarks.contracts.costs import Cost


def test_a_written_cost_is_read_back_by_its_name() -> None:
    # Given a cost of one transaction and one that many subscriptions share
    costs = [
        Cost("roll_policy_cu", "roll a policy, in the older scheme", units=1_306, limit=2_000),
        Cost("settle_cu_per_subscription_page_200", "settle a page of 200, each", units=1_940, limit=10, shared_by=200),
    ]
    # When their section is written
    written = table.Section("Settling", "A page.", costs).markdown
    # Then each can be found by its name
    assert table.units_by_name(written) == {"roll_policy_cu": 1_306, "settle_cu_per_subscription_page_200": 9.7}


def test_an_exceeded_limit_can_be_seen() -> None:
    written = table.Section("Owners", "", [Cost("open_cu", "open another", units=151, limit=150)]).markdown
    assert "open another (limit exceeded)\n" in written


def test_the_committed_page_has_costs() -> None:
    assert table.committed_units()["confirm_root_cu_100_voters_24_signatures"] > 0
