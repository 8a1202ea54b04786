"""The list of charges that were held back, as the ledger keeps it and sealing reads it."""

import time
from dataclasses import replace

import pytest

from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals
from flareflow.settlement.events import Position, Settled
from tests.ports.dynamodb.test_ledger import NOW, OPENED, SETTLED, posting
from tests.support.dynamodb import fresh_table


@pytest.mark.stack
def test_whose_charge_was_held_back_is_listed_until_it_is_made(server: None) -> None:
    with fresh_table() as table:
        # Given a charge that left something owed, and something of the deposit
        ledger, settled = DynamoLedger(table, time.sleep), DynamoSettledTotals(table, time.sleep)
        held_back = replace(SETTLED, happened=Settled(1, 7, 152_500, 300, 5, 10**18 - 300))
        for event in (OPENED, held_back):
            ledger.record([posting(ledger, event)])
        total = settled.of([1])[1].microtokens
        assert settled.due(NOW) == {1: total}
        assert settled.of([1])[1].allows(total, NOW)
        # When it is charged
        happened = Settled(1, 8, 152_500, 5, 0, 10**18 - 305)
        ledger.record([posting(ledger, replace(held_back, position=Position(12, 0, 0), happened=happened))])
        # Then it is not listed any more
        assert settled.due(NOW) == {}
        assert not settled.of([1])[1].allows(total, NOW)
