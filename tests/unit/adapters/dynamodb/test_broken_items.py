"""Stored items that break a rule or have an unknown form are told as such, and only they."""

import zlib

import pytest

from flareflow.adapters.dynamodb.books import DynamoStoredLedger
from flareflow.adapters.dynamodb.keys import ItemKind
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.ledger_kinds import SETTLED, SUBSCRIPTION
from flareflow.adapters.dynamodb.usage_packs import unpack_entries, unpack_records
from flareflow.books.rebuilt import UNREADABLE_KIND, UnreadableItem
from flareflow.errors import UNREADABLE, BrokenRuleError
from flareflow.settlement.chain_events import ReadChainEvents
from tests.fakes.settlement import FakeDepositToken
from tests.support.memory_table import MemoryTable
from tests.unit.books.test_rebuilding import Operator


def ledger_of(operator: Operator, table: MemoryTable) -> DynamoLedger:
    """The events of `operator` in a table."""
    ledger = DynamoLedger(table.as_table(), lambda _: None)
    ReadChainEvents(operator.chain, FakeDepositToken(), ledger, 0, operator.clock).run(operator.clock.deadline())
    return ledger


@pytest.mark.parametrize(
    ("kind", "attribute", "value"),
    [
        (SUBSCRIPTION, "balance_ufix64", 1),
        (SUBSCRIPTION, "owner", None),
        (SETTLED, "settled_microtokens", "many"),
    ],
)
def test_an_item_that_cannot_be_read_is_one_record_and_the_others_are_read(
    kind: ItemKind, attribute: str, value: object
) -> None:
    # Given a ledger's table with one item that somebody has changed
    table, operator = MemoryTable(), Operator()
    ledger_of(operator, table)
    whole = dict(DynamoStoredLedger(table.as_table()).records())
    key = kind.key(subscription_id=7)
    table.items[key["pk"], key["sk"]][attribute] = value
    # When the table is read
    read = dict(DynamoStoredLedger(table.as_table()).records())
    # Then that item has a record that says so, and everything else has its own
    broken = read.pop((UNREADABLE_KIND, key["pk"], key["sk"]))
    assert isinstance(broken, UnreadableItem) and broken.reason
    assert {name: whole.get(name) for name in read} == read
    assert len(read) == len(whole) - 1


def test_amounts_that_do_not_add_up_are_told_by_whoever_reads_the_subscription() -> None:
    table, operator = MemoryTable(), Operator()
    ledger = ledger_of(operator, table)
    key = SUBSCRIPTION.key(subscription_id=7)
    table.items[key["pk"], key["sk"]]["balance_ufix64"] += 1
    for read in (lambda: ledger.subscription(7), lambda: ledger.subscriptions_by_id({7})):
        with pytest.raises(UNREADABLE, match="deposited"):
            read()


@pytest.mark.parametrize("packed", [b"", b"no zlib", zlib.compress(b"no json"), zlib.compress(b"[2,[[1]]]")])
def test_bytes_that_are_no_pack_break_a_rule(packed: bytes) -> None:
    with pytest.raises(BrokenRuleError):
        unpack_entries(packed)
    with pytest.raises(BrokenRuleError):
        unpack_records(7, packed)
