"""From an attested settlement root to a charged deposit, and everything that is refused on the way."""

import pytest

from flareflow.adapters.flow.json_cdc import Argument, array, string, ufix64, uint64
from flareflow.keccak import keccak256
from flareflow.settlement.pricing import Tier, Tiers, charge_ufix64
from infra.deploy.contracts import PlanTerms, add_plan
from infra.local.flow.contracts import LocalDeployer
from tests.support.flow_emulator import (
    DELIVER,
    EPOCH_SECONDS,
    FLOW,
    MONEY,
    SETTLE,
    Chain,
    settling,
)

pytestmark = pytest.mark.stack

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


def test_an_epoch_without_usage_costs_nothing(chain: Chain) -> None:
    # Given a settled subscription
    _, subscription = chain.subscriber()
    chain.settle(7, (subscription, 9_000 * MILLION))
    before = chain.subscription(subscription)
    # When the next epoch's page brings the same total
    result = chain.settle(8, (subscription, 9_000 * MILLION))
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
        "SettlementPages: page 0 does not belong to the settlement root of epoch 7",
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


def test_a_page_of_another_tree_is_refused(chain: Chain) -> None:
    # Given two trees of the same epoch, of which one is attested
    ours, other = [(1, 5_000 * MILLION)], [(1, 50_000 * MILLION)]
    chain.attest(7, chain.pages(7, ours, ours).root)
    # Then a page of the other does not pass by its own path
    tree = chain.pages(7, other, ours)
    chain.refuses("page 0 does not belong to", SETTLE, *settling(7, 0, other, tree.path(0)))


def test_a_path_that_is_cut_or_goes_on_is_refused(chain: Chain) -> None:
    # Given an attested tree of four pages
    entries = [(1, 5_000 * MILLION)]
    tree = chain.pages(7, *([entries] * 4))
    chain.attest(7, tree.root)
    whole = list(tree.path(0))
    # Then only the whole path from the page up leads to the root: a part of it would take an inner node for a page
    for path in (whole[1:], whole[:-1], [*whole, tree.root], [*whole, whole[-1]]):
        chain.refuses("page 0 does not belong to", SETTLE, *settling(7, 0, entries, path))
    chain.refuses(
        "FlareOracleVerifier.foldPath: a path has at most 32 nodes, not 33",
        SETTLE,
        *settling(7, 0, entries, [tree.root] * 33),
    )


@pytest.mark.parametrize("size", [31, 33])
def test_a_node_of_another_length_is_refused(chain: Chain, size: int) -> None:
    entries = [(1, 5_000 * MILLION)]
    chain.attest(7, chain.pages(7, entries, entries).root)
    chain.refuses(
        f"FlareOracleVerifier.foldPath: a node has 32 bytes, not {size}",
        SETTLE,
        *settling(7, 0, entries, [bytes(size)]),
    )


def test_an_attested_page_that_repeats_and_mixes_ids_charges_each_once(chain: Chain) -> None:
    # Given a page that an operator would never seal, and Flare attested
    _, first = chain.subscriber()
    _, second = chain.subscriber()
    entries = [(second, 7 * MILLION), (first, 5 * MILLION), (second, 9 * MILLION), (second, 8 * MILLION)]
    lines = [f"flareflow-page/1 {chain.contract} epoch 7 page 0", *(f"{number}:{total}" for number, total in entries)]
    chain.attest(7, keccak256("\n".join(lines).encode()))
    # When it is settled
    chain.run(SETTLE, *settling(7, 0, entries, []))
    # Then an epoch charges a subscription once: by the first total that it names
    assert chain.subscription(first)["charged"] == charge_ufix64(5 * MILLION)
    assert chain.subscription(second)["charged"] == charge_ufix64(7 * MILLION)
    assert chain.subscription(second)["settledMicrotokens"] == 7 * MILLION


def test_ids_at_the_bounds_do_not_hold_up_their_page(chain: Chain) -> None:
    # Given ids that never were: 0, the next one, and the largest number
    _, subscription = chain.subscriber()
    strange = [0, subscription + 1, 2**64 - 1]
    # When a page names them around a real one
    entries = [(strange[0], 1), (subscription, MILLION), *((number, 2**64 - 1) for number in strange[1:])]
    events = chain.events(chain.settle(7, *entries))
    # Then they are told and the real one is charged
    assert [fields["subscriptionId"] for name, fields in events if name == "SettlementSkipped"] == strange
    assert chain.subscription(subscription)["charged"] == charge_ufix64(MILLION)


def test_the_largest_total_at_the_highest_price_holds_up_nothing(chain: Chain) -> None:
    # Given a subscription on the dearest plan there can be, beside a usual one
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=Tiers((Tier(None, 10 * FLOW),))))
    _, dear = chain.subscriber(plan=1)
    _, usual = chain.subscriber()
    # When both are settled at the largest total
    chain.settle(7, (dear, 2**64 - 1), (usual, 2**64 - 1))
    # Then each owes what its deposit does not cover, to the last unit
    assert chain.subscription(dear)["owed"] == 2**64 - 1 - 10 * FLOW
    assert chain.subscription(usual)["owed"] == charge_ufix64(2**64 - 1) - 10 * FLOW


def test_a_replay_for_another_subscription_is_refused(chain: Chain) -> None:
    # Given an attested page
    _, first = chain.subscriber()
    _, second = chain.subscriber()
    tree = chain.pages(7, [(first, 5_000 * MILLION)])
    chain.attest(7, tree.root)
    # Then its total charges nobody else
    chain.refuses("page 0 does not belong to", SETTLE, *settling(7, 0, [(second, 5_000 * MILLION)], []))


def test_lists_of_different_length_are_refused(chain: Chain) -> None:
    chain.attest(7, chain.pages(7, [(1, 1)]).root)
    chain.refuses(
        "SettlementPages: 2 ids but 1 totals",
        SETTLE,
        uint64(7),
        uint64(0),
        array(uint64, [1, 2]),
        array(uint64, [1]),
        array(string, []),
    )


@pytest.mark.parametrize("position", [0, 1, 2])
def test_the_id_0_harms_nobody_wherever_it_stands_on_a_page(chain: Chain, position: int) -> None:
    # Given two subscriptions and the id 0, which belongs to nobody, before, between or after them
    entries = [(chain.subscriber()[1], 5_000 * MILLION), (chain.subscriber()[1], 6_000 * MILLION)]
    entries.insert(position, (0, 2**64 - 1))
    lines = [f"flareflow-page/1 {chain.contract} epoch 7 page 0", *(f"{number}:{total}" for number, total in entries)]
    chain.attest(7, keccak256("\n".join(lines).encode()))
    # When the page is settled
    events = chain.events(chain.run(SETTLE, *settling(7, 0, entries, [])))
    # Then the others pay their own totals, and the id is reported
    assert [name for name, _ in events].count("SettlementSkipped") == 1
    for subscription, total in entries:
        if subscription:
            assert chain.subscription(subscription)["charged"] == charge_ufix64(total)


def test_a_page_claims_at_most_the_total_of_its_statement(chain: Chain) -> None:
    # Given a page whose totals sum to 7,000 tokens
    entries = [(chain.subscriber()[1], 3_000 * MILLION), (chain.subscriber()[1], 4_000 * MILLION)]
    tree = chain.pages(7, entries)
    # When its statement says one micro-token less, it is refused
    chain.attest(7, tree.root, total=7_000 * MILLION - 1)
    refusal = f"page 0 claims {7_000 * MILLION} micro-tokens, more than the {7_000 * MILLION - 1} of its statement"
    chain.refuses(refusal, SETTLE, *settling(7, 0, entries, tree.path(0)))
    # And when a later statement says exactly as much, it is settled
    later = chain.pages(8, entries)
    chain.attest(8, later.root, total=7_000 * MILLION)
    chain.run(SETTLE, *settling(8, 0, entries, later.path(0)))


def test_an_epoch_that_has_not_ended_takes_no_place_in_the_ring(chain: Chain) -> None:
    # Given the statement of the epoch that is running, which would keep out an older one for a week
    chain = chain.with_own_clock()
    _, subscription = chain.subscriber()
    now = chain.epoch_now()
    early = chain.attested(now, chain.pages(now, [(subscription, MILLION)]).root)
    delivery = [*early.confirming(), *early.delivering()]
    # Then it is refused until the epoch has ended
    refusal = f"SettlementPages: epoch {now} has not ended; the current epoch is {now}"
    chain.refuses(refusal, DELIVER, *delivery)
    chain.wait(EPOCH_SECONDS)
    chain.run(DELIVER, *delivery)


def test_one_epoch_charges_no_more_than_the_owner_allows(chain: Chain) -> None:
    # Given a limit of a quarter FLOW for one epoch
    account, subscription = chain.subscriber()
    limit = "subscriptions/set_epoch_limit.cdc"
    chain.run(limit, uint64(subscription), ufix64(FLOW // 4), signer=account)
    # When one epoch says 50,000 tokens, which cost one FLOW
    page = chain.attested_page(7, (subscription, 50_000 * MILLION))
    names = [name for name, _ in chain.events(chain.run(SETTLE, *page))]
    # Then only the limit is charged, and neither the same page nor a top-up charges more
    assert names == ["Settled", "Suspended"]
    chain.run(SETTLE, *page)
    chain.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(FLOW), signer=account)
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"]) == (FLOW // 4, FLOW * 3 // 4)
    # And the next epoch charges as much again, and a higher limit the rest
    chain.settle(8, (subscription, 50_000 * MILLION))
    assert chain.subscription(subscription)["charged"] == FLOW // 2
    chain.run(limit, uint64(subscription), ufix64(10 * FLOW), signer=account)
    assert chain.subscription(subscription)["owed"] == 0


def test_a_subscription_opens_with_a_limit_for_one_epoch(chain: Chain) -> None:
    assert chain.subscription(chain.subscriber()[1])["epochLimit"] == MONEY.epoch_limit_ufix64


def test_a_settlement_root_makes_room_for_that_of_the_epoch_a_week_later(chain: Chain) -> None:
    # Given an attested page, and the statement of the epoch that takes its place
    chain = chain.with_own_clock()
    _, subscription = chain.subscriber()
    page = chain.attested_page(7, (subscription, MILLION))
    chain.run(SETTLE, *chain.attested_page(7 + 2_016, (subscription, 2 * MILLION)))
    # Then the old page settles nothing any more, and its statement is taken no more
    chain.refuses("no statement of epoch 7 is attested and kept", SETTLE, *page)
    chain.refuses(
        "FlareFDCTriggers: epoch 7 of statement/1 is delivered already, or a later one has its place",
        "fdc/request_epoch.cdc",
        string("statement/1"),
        uint64(7),
    )


def test_a_page_charges_nothing_of_what_it_finds_charged_by_a_later_one(chain: Chain) -> None:
    # Given a debt at the total of epoch 8
    account, subscription = chain.subscriber(deposit=FLOW)
    late = chain.attested_page(7, (subscription, 60_000 * MILLION))
    chain.settle(8, (subscription, 100_000 * MILLION))
    chain.run("subscriptions/set_spend_cap.cdc", uint64(subscription), Argument("Optional", None), signer=account)
    # When the page of epoch 7 comes late, while the deposit is still empty
    result = chain.run(SETTLE, *late)
    # Then nothing happens, and what is owed is what the later total costs
    assert chain.events(result) == []
    assert chain.subscription(subscription)["owed"] == charge_ufix64(100_000 * MILLION) - FLOW


def test_an_epoch_without_an_attested_root_settles_nothing(chain: Chain) -> None:
    # When a page of an epoch comes that nobody attested
    # Then it is refused
    tree = chain.pages(7, [(1, 1)])
    chain.refuses(
        "UsageBasedSubscriptions.settle: no statement of epoch 7 is attested and kept",
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
