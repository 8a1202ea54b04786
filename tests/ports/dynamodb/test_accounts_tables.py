"""The ports over AccountsTable, fakes and DynamoDB alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.accounts.models import KeyStatus, Session, VirtualKey
from flareflow.accounts.ports import KeyRequestClaim, KeyRequests, Nonces, Sessions, VirtualKeys
from flareflow.adapters.dynamodb.accounts import (
    DynamoKeyRequests,
    DynamoNonces,
    DynamoSessions,
    DynamoVirtualKeys,
)
from flareflow.errors import RaceLostError
from tests.fakes.accounts import ALICE, BOB, FakeKeyRequests, FakeNonces, FakeSessions, FakeVirtualKeys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOW = datetime(2026, 11, 24, 10, 0, 0, 123_456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Accounts:
    """All ports over one store."""

    nonces: Nonces
    sessions: Sessions
    keys: VirtualKeys
    requests: KeyRequests


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    if request.param == "fake":
        keys = FakeVirtualKeys()
        return Accounts(FakeNonces(), FakeSessions(), keys, FakeKeyRequests(keys))
    table: Table = request.getfixturevalue("table")
    return Accounts(DynamoNonces(table), DynamoSessions(table), DynamoVirtualKeys(table), DynamoKeyRequests(table))


def claim(**changes: object) -> KeyRequestClaim:
    first = KeyRequestClaim(ALICE, "request-1", "hash-1", NOW + MINUTE)
    return replace(first, **changes)  # type: ignore[arg-type]


def key(name: str = "a", subscription_id: int = 7, created_at: datetime = NOW) -> VirtualKey:
    return VirtualKey(name * 64, subscription_id, f"the {name} key", KeyStatus.ACTIVE, created_at)


def add(accounts: Accounts, *keys: VirtualKey) -> None:
    for one in keys:
        made = claim(idempotency_key=f"makes-{one.key_hash}")
        accounts.requests.claim(made, NOW)
        accounts.requests.finish(made, one)


def hashes(keys: Sequence[VirtualKey]) -> list[str]:
    return [one.key_hash for one in keys]


def test_a_nonce_is_consumed_once(accounts: Accounts) -> None:
    accounts.nonces.put("n1", NOW + MINUTE)
    assert [accounts.nonces.consume("n1", NOW) for _ in range(2)] == [True, False]


def test_a_nonce_that_is_expired_or_unknown_is_not_accepted(accounts: Accounts) -> None:
    accounts.nonces.put("n1", NOW + MINUTE)
    assert not accounts.nonces.consume("n1", NOW + MINUTE)
    assert not accounts.nonces.consume("n2", NOW)


def test_a_session_is_found_by_its_hash_only(accounts: Accounts) -> None:
    session = Session(ALICE, (NOW + MINUTE).replace(microsecond=0))
    accounts.sessions.put("h1", session)
    assert accounts.sessions.find("h1") == session
    assert accounts.sessions.find("h2") is None


def test_a_key_is_found_and_listed_with_its_subscription_oldest_first(accounts: Accounts) -> None:
    first, second, other = key("b"), key("a", created_at=NOW + MINUTE), key("c", subscription_id=8)
    add(accounts, second, first, other)
    assert accounts.keys.find(first.key_hash) == first
    assert accounts.keys.find("d" * 64) is None
    assert hashes(accounts.keys.of_subscription(7)) == [first.key_hash, second.key_hash]
    assert accounts.keys.of_subscription(9) == []


def test_a_key_is_marked_until_it_is_deleted(accounts: Accounts) -> None:
    add(accounts, key())
    told = [accounts.keys.mark(key(), status) for status in (KeyStatus.BLOCKED, KeyStatus.DELETED, KeyStatus.ACTIVE)]
    assert told == [True, True, False]
    assert accounts.keys.of_subscription(7) == [replace(key(), status=KeyStatus.DELETED)]


def test_an_unknown_key_is_not_marked(accounts: Accounts) -> None:
    assert not accounts.keys.mark(key(), KeyStatus.BLOCKED)
    assert accounts.keys.of_subscription(7) == []


def test_a_request_is_claimed_by_one_attempt_at_a_time(accounts: Accounts) -> None:
    accounts.requests.claim(claim(), NOW)
    with pytest.raises(RaceLostError):
        accounts.requests.claim(claim(), NOW)
    assert accounts.requests.find(ALICE, "request-1") == claim()


def test_a_request_belongs_to_its_account(accounts: Accounts) -> None:
    accounts.requests.claim(claim(), NOW)
    assert accounts.requests.find(BOB, "request-1") is None
    accounts.requests.claim(claim(owner=BOB), NOW)


def test_a_lease_that_has_ended_or_was_released_can_be_taken(accounts: Accounts) -> None:
    # Given a claim whose time has come
    accounts.requests.claim(claim(), NOW)
    second = claim(lease_until=NOW + 2 * MINUTE)
    accounts.requests.claim(second, NOW + MINUTE)
    # When the first attempt wants to release or finish it, then it is not the first's any more
    accounts.requests.release(claim(), NOW)
    with pytest.raises(RaceLostError):
        accounts.requests.finish(claim(), key())
    assert accounts.keys.find(key().key_hash) is None
    # And once the second has released it, it can be taken at once
    accounts.requests.release(second, NOW + MINUTE)
    accounts.requests.claim(claim(lease_until=NOW + 3 * MINUTE), NOW + MINUTE)


def test_a_request_that_is_done_stays_done(accounts: Accounts) -> None:
    # Given a request that made a key
    accounts.requests.claim(claim(), NOW)
    accounts.requests.finish(claim(), key())
    # Then it says which, and neither time nor a release opens it again
    done = claim(key_hash=key().key_hash)
    assert accounts.requests.find(ALICE, "request-1") == done
    accounts.requests.release(claim(), NOW)
    with pytest.raises(RaceLostError):
        accounts.requests.claim(claim(), NOW + 60 * MINUTE)
    with pytest.raises(RaceLostError):
        accounts.requests.finish(claim(), key("b"))
    assert accounts.requests.find(ALICE, "request-1") == done


def test_an_attempt_releases_only_its_own_lease(accounts: Accounts) -> None:
    # Given a request that a second attempt took over when the lease of the first had ended
    accounts.requests.claim(claim(), NOW)
    accounts.requests.claim(claim(lease_until=NOW + 2 * MINUTE), NOW + MINUTE)
    # When the first attempt releases it
    accounts.requests.release(claim(), NOW)
    # Then it is still the second's
    with pytest.raises(RaceLostError):
        accounts.requests.claim(claim(lease_until=NOW + 3 * MINUTE), NOW + MINUTE)
