"""The contract of the `KeyDirectory` port, kept by the fake and by DynamoDB alike."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from flareflow.accounts.models import KeyStatus, KnownStanding, Standing, VirtualKey
from flareflow.accounts.ports import KeyRequestClaim
from flareflow.adapters.dynamodb.key_directory import DynamoKeyDirectory
from flareflow.adapters.dynamodb.standings import DynamoStandings
from flareflow.adapters.dynamodb.virtual_keys import DynamoKeyRequests
from flareflow.metering.ports import KeyDirectory
from tests.fakes.metering import NOW, FakeKeyDirectory
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

        def know(key_hash: str, subscription_id: int) -> None:
            key = VirtualKey(key_hash, subscription_id, "a key", KeyStatus.ACTIVE, NOW, "0x01", 0, 0)
            claim = KeyRequestClaim("0x01", key_hash, "request", NOW)
            DynamoStandings(table).replace(KnownStanding(subscription_id, Standing.ACTIVE, "0x01", NOW, 1))
            requests = DynamoKeyRequests(table, table)
            requests.claim(claim, NOW)
            requests.finish(claim, key)

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


def test_the_hash_of_a_known_keys_hash_is_recognised(keys: Keys) -> None:
    keys.know(MINE, 1)
    hashed = hashlib.sha256(MINE.encode()).hexdigest()
    assert keys.directory.hashed_twice({hashed, MINE, UNKNOWN}) == {hashed}
    assert keys.directory.subscriptions({hashed}) == {}
