"""The list of charges that were held back, as the ledger keeps it and sealing reads it."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.rates import DynamoRates
from flareflow.adapters.dynamodb.statements import RATE_AGE_MAX, DynamoSettledTotals
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.events import Settled, SettlementSkipped
from flareflow.settlement.journal import post
from flareflow.settlement.positions import Position
from tests.ports.dynamodb.test_ledger import NOW, OPENED, SETTLED, TARIFF, posting
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


@pytest.mark.stack
def test_in_dollars_it_is_listed_while_there_is_a_rate(server: None) -> None:
    with fresh_table() as table:
        # Given a charge in dollars that left something owed
        ledger, settled = DynamoLedger(table, time.sleep), DynamoSettledTotals(table, time.sleep)
        opened = posting(ledger, OPENED)
        assert opened.subscription is not None
        owing = replace(opened.subscription, tariff=TARIFF, owed_ufix64=5)
        ledger.record([replace(opened, subscription=owing)])
        # When there is no rate, a rate, and only one of an hour ago
        without = settled.due(NOW)
        DynamoRates(table).note_rate(KnownRate(25_000_000, NOW))
        # Then it is listed as long as the rate is new
        assert without == {}
        assert list(settled.due(NOW + RATE_AGE_MAX)) == [1]
        assert settled.due(NOW + RATE_AGE_MAX + timedelta(seconds=1)) == {}


@pytest.mark.stack
def test_a_subscription_that_the_contract_does_not_have_is_charged_nothing(server: None) -> None:
    with fresh_table() as table:
        # Given a page that named a subscription which was never opened
        ledger, settled = DynamoLedger(table, time.sleep), DynamoSettledTotals(table, time.sleep)
        assert settled.of([99])[99].allows(5, NOW)
        skipped = post(replace(OPENED, happened=SettlementSkipped(99, 7, 5)), None)
        assert skipped is not None
        # When that is recorded, also twice
        assert [ledger.record([skipped]) for _ in range(2)] == [1, 0]
        # Then no page has it any more
        assert not settled.of([99])[99].allows(5, NOW)
