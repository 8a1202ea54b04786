"""What is read from the ledger's table for a comparison is what a ledger in memory has of the same events."""

import time
from dataclasses import replace

import pytest

from flareflow.adapters.dynamodb.books import DynamoStoredLedger
from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.books.rebuilt import RebuiltLedger, record_of
from flareflow.settlement.chain_events import ReadChainEvents
from flareflow.settlement.entries import Entry
from flareflow.settlement.events import PlanRetired, ToppedUp
from tests.fakes.settlement import FakeDepositToken
from tests.support.dynamodb import fresh_table
from tests.unit.books.test_rebuilding import Operator, case
from tests.unit.settlement.test_chain_events import happened

pytestmark = pytest.mark.stack


def test_a_stored_ledger_has_the_records_of_one_in_memory(server: None) -> None:
    operator = Operator()
    operator.chain.happened += [happened(PlanRetired(1), 12), happened(ToppedUp(9, None, 1, 1), 12, 1)]
    with fresh_table() as table:
        # Given the same events in the table and in memory
        entries: list[Entry] = []
        rebuilt = RebuiltLedger(lambda _: None, entries.append)
        for ledger in (DynamoLedger(table, time.sleep), rebuilt):
            ReadChainEvents(operator.chain, FakeDepositToken(), ledger, 0, operator.clock).run(
                operator.clock.deadline()
            )
        # When both are read
        stored = DynamoStoredLedger(table)
        # Then they say the same, entry by entry
        assert stored.read_to() == rebuilt.read_to() == 12
        assert dict(stored.records()) == {**dict(rebuilt.records()), **dict(map(record_of, entries))}
        assert {str(key[0]) for key, _ in stored.records()} == {
            *("entry", "revenue", "subscription", "settled", "owner", "plan", "retired plan", "set aside")
        }
        # And the comparison finds nothing
        operator.stored.read_to = stored.read_to  # type: ignore[method-assign]
        operator.stored.records = stored.records  # type: ignore[method-assign]
        assert operator.differences() == []


def test_decided_cases_are_listed_page_by_page(server: None) -> None:
    with fresh_table("UsageTable") as table:
        cases = DynamoCases(table, time.sleep)
        decided = [case(number, None) for number in range(3)]
        cases.open(decided)
        for one in decided[:2]:
            cases.decide(replace(one, decision=Operator().cases.decided[0].decision))
        first = cases.decided_cases(None, 1)
        assert [one.id for one in first] == [decided[0].id]
        assert [one.id for one in cases.decided_cases(first[0].id, 5)] == [decided[1].id]
        assert [one.id for one in cases.open_cases(None, 5)] == [decided[2].id]
