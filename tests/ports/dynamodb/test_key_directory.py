"""The contract of the `KeyDirectory` port, kept by the fake and by DynamoDB alike."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from flareflow.adapters.dynamodb.key_directory import DynamoKeyDirectory
from flareflow.adapters.dynamodb.tables import KEY_OWNER
from flareflow.metering.ports import KeyDirectory
from tests.fakes.metering import FakeKeyDirectory
from tests.support.dynamodb import fresh_table

MINE, YOURS, UNKNOWN = "a1" * 32, "b2" * 32, "c3" * 32
MANY = 250


@dataclass(frozen=True)
class Keys:
    """The port, and how a key becomes known."""

    directory: KeyDirectory
    know: Callable[[str, int], object]


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def keys(request: pytest.FixtureRequest) -> Iterator[Keys]:
    if request.param == "fake":
        fake = FakeKeyDirectory(known={})
        yield Keys(fake, fake.known.__setitem__)
        return
    request.getfixturevalue("server")
    with fresh_table() as table:

        def know(key_hash: str, subscription_id: int) -> object:
            return table.put_item(Item=KEY_OWNER.key(key_hash=key_hash) | {"subscription_id": subscription_id})

        yield Keys(DynamoKeyDirectory(table, time.sleep), know)


def test_known_keys_have_their_subscription_and_unknown_ones_are_left_out(keys: Keys) -> None:
    # Given two known keys
    keys.know(MINE, 1)
    keys.know(YOURS, 2**64 - 1)
    # When they are looked up with another
    found = keys.directory.subscriptions({MINE, YOURS, UNKNOWN})
    # Then only the known ones are told
    assert found == {MINE: 1, YOURS: 2**64 - 1}


def test_no_keys_have_no_subscriptions(keys: Keys) -> None:
    assert keys.directory.subscriptions(set()) == {}


def test_more_keys_than_one_batch_holds_are_all_found(keys: Keys) -> None:
    # Given more keys than DynamoDB reads at once
    wanted = {f"{number:064x}": number for number in range(MANY)}
    for key_hash, subscription_id in wanted.items():
        keys.know(key_hash, subscription_id)
    # When all are looked up, Then all are found
    assert keys.directory.subscriptions(wanted.keys()) == wanted
