"""From an attested settlement root to a charged deposit, and everything that is refused on the way."""

import pytest

from flareflow.adapters.json_cdc import ufix64, uint64
from flareflow.settlement.pricing import charge_ufix64
from tests.support.flow_emulator import FLOW, Chain, settling

pytestmark = pytest.mark.stack

SETTLE = "subscriptions/settle_page.cdc"
MILLION = 10**6


def test_an_attested_page_charges_what_its_totals_cost(chain: Chain) -> None:
    # Given two subscriptions
    _, first = chain.subscriber()
    _, second = chain.subscriber()
    # When a page with their totals is attested and settled
    result = chain.settle(7, (first, 5_000 * MILLION), (second, 150_000 * MILLION))
    # Then each paid the graduated price of its total
    events = chain.events(result)
    assert [name for name, _ in events] == ["Settled", "Settled"]
    assert [fields["charged"] for _, fields in events] == [
        charge_ufix64(5_000 * MILLION),
        charge_ufix64(150_000 * MILLION),
    ]
    state = chain.subscription(second)
    assert state["balance"] == 10 * FLOW - charge_ufix64(150_000 * MILLION)
    assert (state["settledMicrotokens"], state["settledEpoch"], state["owed"]) == (150_000 * MILLION, 7, 0)


def test_settling_the_same_page_again_changes_nothing(chain: Chain) -> None:
    # Given a settled page
    _, subscription = chain.subscriber()
    entries = [(subscription, 5_000 * MILLION)]
    tree = chain.pages(7, entries)
    chain.attest(7, tree.root)
    chain.run(SETTLE, *settling(7, 0, entries, tree.path(0)))
    before = chain.subscription(subscription)
    # When it comes again
    result = chain.run(SETTLE, *settling(7, 0, entries, tree.path(0)))
    # Then nothing happens
    assert chain.events(result) == []
    assert chain.subscription(subscription) == before


def test_a_late_page_with_a_lower_total_changes_nothing(chain: Chain) -> None:
    # Given a subscription that was settled in epoch 8
    _, subscription = chain.subscriber()
    chain.settle(8, (subscription, 9_000 * MILLION))
    before = chain.subscription(subscription)
    # When the page of epoch 7 comes after it
    result = chain.settle(7, (subscription, 4_000 * MILLION))
    # Then nothing happens
    assert chain.events(result) == []
    assert chain.subscription(subscription) == before


def test_skipped_epochs_do_not_change_the_bill(chain: Chain) -> None:
    # Given two subscriptions with the same usage
    _, often = chain.subscriber()
    _, once = chain.subscriber()
    # When one is settled three times and the other at the end
    for epoch, total in enumerate([33_333_333, 77_777_777_777, 123_456_789_123], 1):
        chain.settle(epoch, (often, total))
    chain.settle(9, (once, 123_456_789_123))
    # Then both paid the same
    assert chain.subscription(often)["charged"] == chain.subscription(once)["charged"] == charge_ufix64(123_456_789_123)


def test_every_page_of_a_tree_settles_by_its_own_path(chain: Chain) -> None:
    # Given five pages, so that one of them is promoted through the tree
    subscriptions = [chain.subscriber()[1] for _ in range(5)]
    pages = [[(subscription, (subscription + 1) * 1_000 * MILLION)] for subscription in subscriptions]
    tree = chain.pages(7, *pages)
    chain.attest(7, tree.root)
    # When each is settled
    for number, page in enumerate(pages):
        chain.run(SETTLE, *settling(7, number, page, tree.path(number)))
    # Then each subscription has its total
    totals = [chain.subscription(subscription)["settledMicrotokens"] for subscription in subscriptions]
    assert totals == [page[0][1] for page in pages]


def test_a_subscription_that_is_not_there_does_not_hold_up_its_page(chain: Chain) -> None:
    # Given a subscription and an id that was never given
    _, subscription = chain.subscriber()
    # When a page names both
    result = chain.settle(7, (subscription, 1_000 * MILLION), (4_711, 1_000 * MILLION))
    # Then one is charged and the other told
    assert [name for name, _ in chain.events(result)] == ["Settled", "SettlementSkipped"]


def test_what_a_deposit_cannot_cover_is_owed_and_charged_first_after_a_top_up(chain: Chain) -> None:
    # Given a deposit of 1 FLOW and usage for 2
    account, subscription = chain.subscriber(deposit=FLOW)
    result = chain.settle(7, (subscription, 100_000 * MILLION))
    assert [name for name, _ in chain.events(result)] == ["Settled", "LowBalance", "Suspended"]
    state = chain.subscription(subscription)
    assert (state["balance"], state["owed"], state["status"]) == (0, FLOW, "suspended")
    # When somebody tops it up with 3 FLOW
    result = chain.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(3 * FLOW), signer=account)
    # Then the debt is charged and the rest is there
    assert [name for name, _ in chain.events(result)] == ["ToppedUp", "Settled", "Resumed"]
    state = chain.subscription(subscription)
    assert (state["balance"], state["charged"], state["owed"]) == (2 * FLOW, 2 * FLOW, 0)
    assert state["status"] == "active"


@pytest.mark.parametrize(
    "changed",
    [
        [(1, 5_000 * MILLION + 1), (2, 6_000 * MILLION)],
        [(1, 6_000 * MILLION), (2, 5_000 * MILLION)],
        [(1, 5_000 * MILLION)],
        [(1, 5_000 * MILLION), (2, 6_000 * MILLION), (3, 1)],
        [(2, 6_000 * MILLION), (1, 5_000 * MILLION)],
        [(1, 5_000 * MILLION), (1, 5_000 * MILLION), (2, 6_000 * MILLION)],
    ],
    ids=["another total", "swapped totals", "truncated", "longer", "unsorted", "repeated"],
)
def test_a_page_with_a_changed_record_is_refused(chain: Chain, changed: list[tuple[int, int]]) -> None:
    # Given an attested page
    tree = chain.pages(7, [(1, 5_000 * MILLION), (2, 6_000 * MILLION)], [(3, 1)])
    chain.attest(7, tree.root)
    # When it comes changed
    # Then it does not lead to the root
    chain.refuses(
        "UsageBasedSubscriptions.settle: page 0 does not belong to the settlement root of epoch 7",
        SETTLE,
        *settling(7, 0, changed, tree.path(0)),
    )


def test_a_page_is_refused_under_another_number_epoch_or_contract(chain: Chain) -> None:
    # Given the same attested entries of two epochs
    entries = [(1, 5_000 * MILLION)]
    tree, next_tree = chain.pages(7, entries), chain.pages(8, entries)
    chain.attest(7, tree.root)
    chain.attest(8, next_tree.root)
    # Then a page passes in its own place only
    refusal = "does not belong to the settlement root of epoch"
    chain.refuses(f"page 1 {refusal} 7", SETTLE, *settling(7, 1, entries, tree.path(0)))
    chain.refuses(f"page 0 {refusal} 8", SETTLE, *settling(8, 0, entries, [tree.root]))
    chain.run(SETTLE, *settling(8, 0, entries, next_tree.path(0)))


def test_an_epoch_without_an_attested_root_settles_nothing(chain: Chain) -> None:
    # When a page of an epoch comes that nobody attested
    # Then it is refused
    tree = chain.pages(7, [(1, 1)])
    chain.refuses(
        "UsageBasedSubscriptions.settle: no settlement root of epoch 7 is attested",
        SETTLE,
        *settling(7, 0, [(1, 1)], tree.path(0)),
    )


def test_the_contract_holds_the_balances_and_the_unclaimed_revenue_and_nothing_else(chain: Chain) -> None:
    # Given subscriptions that were charged
    subscriptions = [chain.subscriber()[1] for _ in range(3)]
    chain.settle(7, *[(subscription, 7_654_321_987 * subscription) for subscription in subscriptions])
    # Then every unit in the vault belongs to somebody
    vault = chain.script("subscriptions/get_vault.cdc")
    states = [chain.subscription(subscription) for subscription in subscriptions]
    assert isinstance(vault, dict)
    assert vault["unclaimedRevenue"] == sum(state["charged"] for state in states)
    assert vault["balance"] == vault["unclaimedRevenue"] + sum(state["balance"] for state in states)
