"""Sealing an epoch: when, what, and once."""

import pytest

from flareflow.errors import BrokenRuleError
from flareflow.statements.models import PAGE_SUBSCRIPTIONS_MAX, Leaf
from flareflow.statements.ports import OpenEpoch
from tests.fakes.statements import FakeEpochUsage
from tests.unit.statements.sealing import CONTRACT, EPOCHS, Sealing, tokens


@pytest.fixture
def sealing() -> Sealing:
    return Sealing()


def test_nothing_is_sealed_before_anything_was_counted(sealing: Sealing) -> None:
    sealing.usage.pointer = None
    assert sealing.tick() is None


def test_an_epoch_is_not_sealed_before_it_is_over(sealing: Sealing) -> None:
    sealing.count(1, 100)
    assert sealing.tick() is None
    assert sealing.usage.pointer == OpenEpoch(1_000, sealing=None)


def test_a_statement_holds_what_its_epoch_added(sealing: Sealing) -> None:
    # Given two calls of one subscription and one of another
    sealing.count(2, 100)
    sealing.count(1, 5)
    sealing.count(2, 50)
    # When the epoch is over
    sealed = sealing.seal()
    # Then there is a leaf for each, by rising id
    assert sealing.leaves(sealed) == [Leaf(1, 1_000, tokens(5)), Leaf(2, 1_000, tokens(100) + tokens(50))]
    assert sealed.statement.window_start == int(EPOCHS.start(1_000).timestamp())
    assert sealed.statement.window_end == int(EPOCHS.end(1_000).timestamp())
    assert sealed.statement.previous_statement_hash == bytes(32)
    sealing.check()


def test_totals_are_cumulative_and_a_leaf_says_when_it_last_changed(sealing: Sealing) -> None:
    # Given a statement with two subscriptions
    sealing.count(1, 100)
    sealing.count(2, 100)
    sealing.seal()
    # When only one of them goes on
    sealing.count(2, 11)
    sealed = sealing.seal()
    # Then the other is still in the next statement, as it was
    assert sealing.leaves(sealed) == [Leaf(1, 1_000, tokens(100)), Leaf(2, 1_001, tokens(100) + tokens(11))]
    sealing.check()


def test_an_epoch_without_usage_has_no_statement_and_leaves_nothing_to_do(sealing: Sealing) -> None:
    sealing.next_epoch()
    assert sealing.tick() is None
    assert sealing.usage.pointer == OpenEpoch(1_001, sealing=None)
    assert not sealing.statements.kept


def test_a_second_tick_changes_nothing(sealing: Sealing) -> None:
    sealing.count(1, 100)
    sealed = sealing.seal()
    assert sealing.tick() is None
    assert sealing.statements.kept == {1_000: sealed}


def test_epochs_that_were_missed_are_sealed_as_one(sealing: Sealing) -> None:
    # Given usage, and then no tick for an hour
    sealing.count(1, 100)
    sealing.epoch += 12
    # When a tick comes again
    report = sealing.tick()
    # Then the epoch that was open is sealed and counting goes on under the present one
    assert report is not None
    assert report.epoch == 1_000
    assert sealing.usage.pointer == OpenEpoch(1_012, sealing=None)


def test_a_call_that_another_invocation_counts_while_the_epoch_closes_is_not_lost(sealing: Sealing) -> None:
    # Given an empty epoch that is over, and an invocation that counts at the last moment before it closes
    class LateCount(FakeEpochUsage):
        def close(self, epoch: int, next_epoch: int) -> None:
            sealing.count(1, 100)
            super().close(epoch, next_epoch)

    sealing.usage = LateCount(sealing.faults, sealing.usage.pointer)
    # When the epoch is sealed
    sealed = sealing.seal()
    # Then the call is in its statement
    assert sealed.statement.total_rated_microtokens == 100_000_000


def test_who_loses_the_race_to_close_an_epoch_does_nothing(sealing: Sealing) -> None:
    # Given a tick that still sees the epoch open that another tick has just closed
    class StaleRead(FakeEpochUsage):
        def open_epoch(self) -> OpenEpoch:
            return OpenEpoch(1_000, sealing=None)

    sealing.usage = StaleRead(sealing.faults, OpenEpoch(1_001, sealing=1_000))
    sealing.next_epoch()
    # When it runs, then nothing is written
    assert sealing.tick() is None
    assert sealing.faults.steps == 0


def test_a_page_holds_exactly_what_the_contract_has_not_settled(sealing: Sealing) -> None:
    # Given three subscriptions: never settled, settled in part, settled in full
    for subscription_id in (1, 2, 3):
        sealing.count(subscription_id, 100)
    sealing.settled.kept |= {2: 40_000_000, 3: 100_000_000}
    # When the epoch is sealed
    (page,) = sealing.pages(sealing.seal())
    # Then the first two are on the page with their cumulative totals
    assert page.entries == ((1, 100_000_000), (2, 100_000_000))
    assert page.contract == CONTRACT


def test_a_subscription_stays_on_the_pages_until_it_is_settled(sealing: Sealing) -> None:
    sealing.count(1, 100)
    sealing.seal()
    sealing.count(2, 1)
    (page,) = sealing.pages(sealing.seal())
    assert page.entries == ((1, 100_000_000), (2, 1_000_000))


def test_where_all_is_settled_there_are_no_pages_and_the_settlement_root_is_zero(sealing: Sealing) -> None:
    sealing.count(1, 100)
    sealing.settled.kept[1] = 100_000_000
    sealed = sealing.seal()
    assert sealed.page_count == 0
    assert sealed.statement.settlement_root == bytes(32)


def test_pages_are_cut_at_their_largest_size(sealing: Sealing) -> None:
    for subscription_id in range(PAGE_SUBSCRIPTIONS_MAX + 1):
        sealing.count(subscription_id, 1)
    sizes = [len(page.entries) for page in sealing.pages(sealing.seal())]
    assert sizes == [PAGE_SUBSCRIPTIONS_MAX, 1]


def test_leaves_that_do_not_add_up_are_never_sealed(sealing: Sealing) -> None:
    # Given a statement whose leaves in the bucket are not those that were sealed
    sealing.count(1, 100)
    statement = sealing.seal().statement
    sealing.documents.kept_leaves[1_000, statement.usage_root] = [Leaf(1, 1_000, tokens(99))]
    # When the next epoch is sealed
    sealing.count(1, 5)
    # Then it stops, and says what is wrong
    with pytest.raises(BrokenRuleError, match="add up to 104000000, not 105000000"):
        sealing.seal()
    assert list(sealing.statements.kept) == [1_000]


def test_subscriptions_that_need_a_rate_are_on_pages_of_their_own(sealing: Sealing) -> None:
    # Given three subscriptions, of which the second has a plan in dollars
    for subscription_id in (1, 2, 3):
        sealing.count(subscription_id, 1)
    sealing.settled.in_dollars.add(2)
    # When the epoch is sealed
    pages = sealing.pages(sealing.seal())
    # Then a missing rate holds up nobody else
    assert [[subscription_id for subscription_id, _ in page.entries] for page in pages] == [[1, 3], [2]]
    sealing.check()
