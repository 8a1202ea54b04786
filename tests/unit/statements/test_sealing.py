"""Sealing an epoch: when, what, and once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from flareflow.errors import BrokenRuleError
from flareflow.metering.receipts import ReceiptKey, ReceiptKeys
from flareflow.metering.usage_events import UsageEvent
from flareflow.statements.documents import page_path, receipt_keys_path
from flareflow.statements.models import NO_HASH, PAGE_SUBSCRIPTIONS_MAX
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
    # Then there are totals of each, by rising id
    totals = sealing.totals(sealed)
    assert [(one, totals[one].epoch, totals[one].usage) for one in totals] == [
        (1, 1_000, tokens(5)),
        (2, 1_000, tokens(100) + tokens(50)),
    ]
    assert sealed.window_start == int(EPOCHS.start(1_000).timestamp())
    assert sealed.window_end == int(EPOCHS.end(1_000).timestamp())
    assert sealed.previous_statement_hash == bytes(32)
    sealing.check()


def test_totals_are_cumulative_and_say_when_they_last_changed(sealing: Sealing) -> None:
    # Given a statement with two subscriptions
    sealing.count(1, 100)
    sealing.count(2, 100)
    sealing.seal()
    # When only one of them goes on
    sealing.count(2, 11)
    sealed = sealing.seal()
    # Then the other is still in the next statement, as it was
    totals = sealing.totals(sealed)
    assert [(one, totals[one].epoch, totals[one].usage) for one in totals] == [
        (1, 1_000, tokens(100)),
        (2, 1_001, tokens(100) + tokens(11)),
    ]
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


def test_a_statement_that_is_stored_already_is_not_made_again(sealing: Sealing) -> None:
    # Given a tick that ends between its last two writes
    sealing.count(1, 100)
    sealing.next_epoch()
    assert sealing.tick_that_crashes(after_steps=17)
    assert list(sealing.statements.kept) == [1_000]
    sealing.documents.read.clear()
    sealing.documents.written.clear()
    # When the next tick ends the sealing, then no document is read or written
    assert sealing.tick() is None
    assert sealing.usage.pointer == OpenEpoch(1_001, sealing=None)
    assert sealing.documents.read == sealing.documents.written == []


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
    assert sealed.total_rated_microtokens == 100_000_000


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
    assert sealing.pages(sealed) == []
    assert sealed.settlement_root == bytes(32)


def test_pages_are_cut_at_their_largest_size(sealing: Sealing) -> None:
    for subscription_id in range(PAGE_SUBSCRIPTIONS_MAX + 1):
        sealing.count(subscription_id, 1)
    sizes = [len(page.entries) for page in sealing.pages(sealing.seal())]
    assert sizes == [PAGE_SUBSCRIPTIONS_MAX, 1]


def test_events_that_do_not_add_up_are_never_sealed(sealing: Sealing) -> None:
    # Given an epoch of which the storage gives one call too few
    class Forgetful(FakeEpochUsage):
        def events(self, epoch: int, subscription_ids: Collection[int]) -> Mapping[int, Sequence[UsageEvent]]:
            return {one: events[1:] for one, events in super().events(epoch, subscription_ids).items()}

    sealing.usage = Forgetful(sealing.faults, sealing.usage.pointer)
    sealing.count(1, 100)
    sealing.count(1, 5)
    # When it is sealed, then nothing is written
    with pytest.raises(BrokenRuleError, match="events of subscription 1 do not add up"):
        sealing.seal()
    assert not sealing.documents.kept


def test_a_statement_is_not_built_on_a_page_that_was_changed(sealing: Sealing) -> None:
    # Given a statement with a usage page in the bucket that is not the one that was sealed
    sealing.count(1, 100)
    (page,) = sealing.usage_pages(sealing.seal())
    path = page_path(page.hash)
    kept = sealing.documents.kept[path]
    sealing.documents.kept[path] = replace(kept, text=kept.text.replace("100000000", "900000000"))
    # When the next epoch is sealed, then it stops and says what is wrong
    sealing.count(1, 5)
    with pytest.raises(BrokenRuleError, match="has another hash"):
        sealing.seal()
    assert list(sealing.statements.kept) == [1_000]


def test_a_statement_is_not_built_on_an_index_that_leaves_a_page_out(sealing: Sealing) -> None:
    sealing.count(1, 100)
    sealing.count(300, 100)
    sealing.seal()
    path = "/v1/statements/0000001000/usage-index"
    kept = sealing.documents.kept[path]
    sealing.documents.kept[path] = replace(kept, text=kept.text.rsplit("\n", 1)[0])
    sealing.count(1, 5)
    with pytest.raises(BrokenRuleError, match="usage index of epoch 1000 does not lead to its root"):
        sealing.seal()


def test_a_subscription_that_has_ended_leaves_the_pages(sealing: Sealing) -> None:
    sealing.count(1, 100)
    sealing.count(2, 100)
    sealing.settled.ended.add(1)
    (page,) = sealing.pages(sealing.seal())
    assert page.entries == ((2, 100_000_000),)


def test_pages_on_which_nothing_changed_are_neither_read_nor_written(sealing: Sealing) -> None:
    # Given subscriptions on four pages
    for subscription_id in range(0, 1_024, 64):
        sealing.count(subscription_id, 1)
    before = sealing.usage_pages(sealing.seal())
    sealing.settled.kept |= sealing.metered
    # When one of them goes on
    sealing.documents.read.clear()
    sealing.documents.written.clear()
    sealing.count(300, 1)
    after = sealing.usage_pages(sealing.seal())
    # Then its page alone is new, and no other was read
    changed = [page for page, old in zip(after, before, strict=True) if page != old]
    assert [page.number for page in changed] == [1]
    assert page_path(before[1].hash) in sealing.documents.read
    pages = [path for path in sealing.documents.written if path.startswith("/v1/pages/")]
    assert page_path(changed[0].hash) in pages
    assert len(pages) == 2, "the usage page and the settlement page"


def test_the_documents_of_a_statement_say_for_whom_they_are(sealing: Sealing) -> None:
    sealing.count(300, 5)
    (page,) = sealing.usage_pages(sealing.seal())
    assert page.text.startswith(f"flareflow-usage/1 {CONTRACT} subscriptions 256 to 511\nsubscription epoch ")


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


def test_settlement_pages_that_cannot_be_read_are_told_and_keep_nobody_from_being_charged(sealing: Sealing) -> None:
    # Given two subscriptions that are not settled yet, one that is, and a settlement page that somebody has changed
    for subscription_id in (1, 2, 3):
        sealing.count(subscription_id, 5)
    (page,) = sealing.pages(sealing.seal())
    sealing.settled.kept[3] = 5_000_000
    path = page_path(page.hash)
    sealing.documents.kept[path] = replace(sealing.documents.kept[path], text=page.text + "0")
    # When another one uses something and the next epoch is sealed
    sealing.count(4, 5)
    sealing.next_epoch()
    report = sealing.tick()
    # Then all that can be charged are on its pages, and the reason is told
    assert report is not None
    assert "another hash" in report.unreadable[0]
    (page,) = sealing.pages(sealing.statements.kept[report.epoch])
    assert [subscription_id for subscription_id, _ in page.entries] == [1, 2, 4]


def settled_with_a_debt(sealing: Sealing, due_in: timedelta) -> None:
    """A subscription whose total is settled, of which something is owed until then."""
    sealing.count(1, 100)
    sealing.seal()
    sealing.settled.kept[1] = 100_000_000
    sealing.settled.held_back[1] = sealing.now + due_in


def test_a_charge_that_was_held_back_is_on_a_page_without_new_usage(sealing: Sealing) -> None:
    # Given a debt that can be charged in ten minutes, and nobody who uses anything
    settled_with_a_debt(sealing, timedelta(minutes=10))
    # When epochs end
    sealing.next_epoch()
    assert sealing.tick() is None
    sealing.next_epoch()
    assert sealing.tick() is None
    statement = sealing.seal()
    # Then the first one after that has a statement with the settled total, and the same usage as before
    (page,) = sealing.pages(statement)
    assert page.entries == ((1, 100_000_000),)
    assert statement.usage_root == sealing.statements.kept[1_000].usage_root
    assert statement.total_rated_microtokens == 100_000_000
    sealing.check()


def test_a_debt_in_dollars_makes_no_statement_while_there_is_no_rate(sealing: Sealing) -> None:
    # Given a debt on a plan in dollars that can be charged, and an oracle that has stopped
    settled_with_a_debt(sealing, timedelta(0))
    sealing.settled.in_dollars.add(1)
    sealing.settled.has_rate = False
    # When epochs end without any usage, Then there is no statement, which would be attested for nothing
    for _ in range(3):
        sealing.next_epoch()
        assert sealing.tick() is None
    # And the first epoch with a rate has one
    sealing.settled.has_rate = True
    (page,) = sealing.pages(sealing.seal())
    assert page.entries == ((1, 100_000_000),)


def test_a_debt_that_cannot_be_charged_yet_is_not_on_the_pages_of_others(sealing: Sealing) -> None:
    settled_with_a_debt(sealing, timedelta(days=30))
    sealing.count(2, 5)
    (page,) = sealing.pages(sealing.seal())
    assert page.entries == ((2, 5_000_000),)


def test_new_usage_of_a_subscription_with_a_debt_is_on_a_page_at_once(sealing: Sealing) -> None:
    settled_with_a_debt(sealing, timedelta(days=30))
    sealing.count(1, 5)
    (page,) = sealing.pages(sealing.seal())
    assert page.entries == ((1, 105_000_000),)


def test_a_statement_names_the_keys_of_receipts_and_they_are_a_document(sealing: Sealing) -> None:
    # Given a key that is in force from the second epoch on
    kid = "k" * 43
    keys = ReceiptKeys(keys=[ReceiptKey(kty="EC", crv="P-256", x=kid, y=kid, kid=kid, valid_from_epoch=0)])
    sealing.receipt_keys.put_in_force(keys, sealing.epoch + 1)
    # When two epochs are sealed
    sealing.count(1, 10)
    first = sealing.seal()
    sealing.count(1, 10)
    second = sealing.seal()
    # Then only the second names it, and whoever reads that finds the key
    assert (first.receipt_key_hash, second.receipt_key_hash) == (NO_HASH, keys.hash)
    assert sealing.documents.kept[receipt_keys_path(keys.hash)].text == keys.canonical_json
