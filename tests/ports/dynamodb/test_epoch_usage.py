"""The contract of the `EpochUsage` port, kept by the fake and by DynamoDB alike."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.errors import RaceLostError
from flareflow.metering.calls import Tokens
from flareflow.metering.models import Usage
from flareflow.statements.growing import added
from flareflow.statements.ports import EpochUsage, OpenEpoch
from tests.fakes.metering import NOW, FakePriceBooks, row
from tests.fakes.statements import FakeEpochUsage
from tests.support.dynamodb import fresh_table

USAGE = Usage(prompt_tokens=10, completion_tokens=20, requests=1, rated_microtokens=30_000_000, cost_nanousd=4)
type Count = Callable[[int, Usage], object]


@dataclass(frozen=True)
class Metered:
    """The port, and how metering counts under the open epoch, which is 1000 at first."""

    usage: EpochUsage
    count: Count


def counting(events: DynamoUsageEvents) -> Count:
    numbers = count()

    def count_one(subscription_id: int, usage: Usage) -> object:
        tokens = Tokens(prompt=usage.prompt_tokens, completion=usage.completion_tokens)
        one = row(f"r-{next(numbers)}", tokens, subscription_id=subscription_id, cost_nanousd=usage.cost_nanousd)
        return events.count([one], NOW)

    return count_one


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def metered(request: pytest.FixtureRequest) -> Iterator[Metered]:
    if request.param == "fake":
        fake = FakeEpochUsage(pointer=OpenEpoch(1_000, sealing=None))
        yield Metered(fake, fake.count)
        return
    request.getfixturevalue("server")
    with fresh_table() as table:
        events = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
        events.open_epoch_if_none(1_000)
        yield Metered(DynamoEpochUsage(table, time.sleep), counting(events))


def test_what_an_epoch_added_is_summed_by_subscription(metered: Metered) -> None:
    for subscription_id in (7, 2**64 - 1, 7):
        metered.count(subscription_id, USAGE)
    assert metered.usage.deltas(1_000) == {7: USAGE + USAGE, 2**64 - 1: USAGE}


def test_after_closing_calls_count_under_the_next_epoch(metered: Metered) -> None:
    # Given an epoch that is closed
    metered.count(7, USAGE)
    metered.usage.close(1_000, next_epoch=1_005)
    assert metered.usage.open_epoch() == OpenEpoch(1_005, sealing=1_000)
    # When another call is counted
    metered.count(7, USAGE)
    # Then it adds to the next
    assert metered.usage.deltas(1_000) == {7: USAGE}
    assert metered.usage.deltas(1_005) == {7: USAGE}


def test_the_events_of_an_epoch_add_up_to_what_it_added(metered: Metered) -> None:
    # Given calls of two epochs, some of them counted together with others of the same subscription
    for subscription_id in (7, 8, 7):
        metered.count(subscription_id, USAGE)
    metered.usage.close(1_000, next_epoch=1_001)
    metered.count(7, USAGE)
    # When the events of an epoch are read
    found = metered.usage.events(1_000, [7, 8, 9])
    # Then they are those of that epoch, each once
    assert {one: added(events) for one, events in found.items()} == {7: USAGE + USAGE, 8: USAGE, 9: Usage()}
    assert len({event.event_id for events in found.values() for event in events}) == 3
    assert {event.subscription_id for event in found[7]} == {7}


@pytest.mark.parametrize("epoch", [999, 1_001])
def test_only_the_open_epoch_can_be_closed(metered: Metered, epoch: int) -> None:
    with pytest.raises(RaceLostError):
        metered.usage.close(epoch, next_epoch=1_002)
    assert metered.usage.open_epoch() == OpenEpoch(1_000, sealing=None)


def test_an_epoch_is_not_closed_while_the_one_before_is_being_sealed(metered: Metered) -> None:
    metered.usage.close(1_000, next_epoch=1_001)
    with pytest.raises(RaceLostError):
        metered.usage.close(1_001, next_epoch=1_002)


def test_ending_the_sealing_again_changes_nothing(metered: Metered) -> None:
    metered.usage.close(1_000, next_epoch=1_001)
    metered.usage.sealed(1_000)
    metered.usage.close(1_001, next_epoch=1_002)
    metered.usage.sealed(1_000)
    assert metered.usage.open_epoch() == OpenEpoch(1_002, sealing=1_001)
