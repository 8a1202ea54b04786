"""The ports over AccountsTable, fakes and DynamoDB alike."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.accounts.models import (
    KeyLimits,
    KeyStatus,
    KnownStanding,
    Lease,
    Session,
    Standing,
    SubscriptionLeases,
    VirtualKey,
)
from flareflow.accounts.ports import (
    KEYS_PER_SUBSCRIPTION_MAX,
    KeyRequestClaim,
    KeyRequests,
    Leases,
    Standings,
    VirtualKeys,
)
from flareflow.accounts.sign_in_ports import Nonces, Sessions
from flareflow.adapters.dynamodb.accounts import DynamoNonces, DynamoSessions
from flareflow.adapters.dynamodb.errors import ConditionFailedError
from flareflow.adapters.dynamodb.leases import DynamoLeases
from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.adapters.dynamodb.standings import DynamoStandings
from flareflow.adapters.dynamodb.virtual_keys import DynamoKeyRequests, DynamoVirtualKeys
from flareflow.errors import RaceLostError
from flareflow.inputs import Client
from flareflow.limits import RequestCounts
from tests.fakes.accounts import (
    ALICE,
    BOB,
    FakeKeyRequests,
    FakeLeases,
    FakeNonces,
    FakeRequestCounts,
    FakeSessions,
    FakeStandings,
    FakeVirtualKeys,
)

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
    standings: Standings
    leases: Leases
    counts: RequestCounts


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    if request.param == "fake":
        keys, kept = FakeVirtualKeys(), FakeStandings()
        return with_standings(
            Accounts(
                FakeNonces(), FakeSessions(), keys, FakeKeyRequests(keys, kept), kept, FakeLeases(), FakeRequestCounts()
            )
        )
    return with_standings(over_dynamodb(request.getfixturevalue("table")))


def over_dynamodb(table: "Table") -> Accounts:
    return Accounts(
        DynamoNonces(table),
        DynamoSessions(table),
        DynamoVirtualKeys(table),
        DynamoKeyRequests(table, table),
        DynamoStandings(table),
        DynamoLeases(table),
        DynamoRequestCounts(table),
    )


def with_standings(accounts: Accounts) -> Accounts:
    """Alice owns subscriptions 7 and 8, whose standing allows calls."""
    for subscription_id in (7, 8):
        accounts.standings.replace(KnownStanding(subscription_id, Standing.WARNED, ALICE, NOW, 1))
    return accounts


def claim(**changes: object) -> KeyRequestClaim:
    first = KeyRequestClaim(ALICE, "request-1", "hash-1", NOW + MINUTE)
    return replace(first, **changes)  # type: ignore[arg-type]


def key(name: str = "a", subscription_id: int = 7, created_at: datetime = NOW) -> VirtualKey:
    return VirtualKey(name * 64, subscription_id, f"the {name} key", KeyStatus.ACTIVE, created_at, ALICE, 5, 1_250_000)


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


def session(session_id: str = "s1", address: str = ALICE, refresh_hash: str = "r1") -> Session:
    end = (NOW + MINUTE).replace(microsecond=0)
    client = Client("192.0.2.1", "a browser")
    return Session(session_id, address, NOW, NOW + MINUTE, end, "a1", NOW + MINUTE, refresh_hash, client)


def test_a_session_is_found_by_its_account_and_id_until_it_ends(accounts: Accounts) -> None:
    accounts.sessions.open(session())
    assert accounts.sessions.find(ALICE, "s1") == session()
    assert (accounts.sessions.find(BOB, "s1"), accounts.sessions.find(ALICE, "s2")) == (None, None)
    assert not accounts.sessions.end(BOB, "s1")
    assert [accounts.sessions.end(ALICE, "s1") for _ in range(2)] == [True, False]
    assert accounts.sessions.find(ALICE, "s1") is None


def test_an_account_has_its_own_sessions(accounts: Accounts) -> None:
    first, second = session("s1"), session("s2")
    for one in (first, second, session("s3", BOB)):
        accounts.sessions.open(one)
    found = sorted(accounts.sessions.of(ALICE), key=lambda one: one.session_id)
    assert (found, accounts.sessions.of("0x0000000000000001")) == ([first, second], [])


def test_a_session_is_refreshed_by_the_refresh_token_that_it_has(accounts: Accounts) -> None:
    # Given a session that was refreshed
    first, second = session(refresh_hash="r1"), session(refresh_hash="r2")
    accounts.sessions.open(first)
    assert accounts.sessions.refresh(first, second)
    # When another refresh has read it before
    assert not accounts.sessions.refresh(first, session(refresh_hash="r3"))
    # Then nothing has changed, and a session that was ended does not come back
    assert accounts.sessions.find(ALICE, "s1") == second
    accounts.sessions.end(ALICE, "s1")
    assert not accounts.sessions.refresh(second, session(refresh_hash="r3"))
    assert accounts.sessions.find(ALICE, "s1") is None


def test_a_session_forgets_the_token_before_once_its_newest_pair_is_used(accounts: Accounts) -> None:
    # Given a session that remembers the refresh token before its newest one, and for how long
    remembers = replace(session(refresh_hash="r2"), replaced_hash="r1", replaced_until=NOW + MINUTE)
    accounts.sessions.open(remembers)
    assert accounts.sessions.find(ALICE, "s1") == remembers
    # When a pair is used that it does not have any more, and one of a session that has ended
    accounts.sessions.confirm(replace(remembers, access_hash="a0"))
    accounts.sessions.confirm(session("s2"))
    # Then nothing has changed
    assert (accounts.sessions.find(ALICE, "s1"), accounts.sessions.find(ALICE, "s2")) == (remembers, None)
    # And when its own is used, Then it forgets the token before
    accounts.sessions.confirm(remembers)
    assert accounts.sessions.find(ALICE, "s1") == replace(remembers, replaced_hash="")


def test_requests_are_counted_up_to_the_most_that_there_may_be(accounts: Accounts) -> None:
    # Given a counter that has reached its limit
    assert [accounts.counts.count("route#alice", NOW, 3) for _ in range(5)] == [True, True, True, False, False]
    # Then other counters, other windows and a higher limit go on
    assert accounts.counts.count("route#bob", NOW, 3)
    assert accounts.counts.count("route#alice", NOW + MINUTE, 3)
    assert [accounts.counts.count("route#alice", NOW, 4) for _ in range(2)] == [True, False]


def test_a_key_is_found_and_listed_with_its_subscription_oldest_first(accounts: Accounts) -> None:
    first, second, other = key("b"), key("a", created_at=NOW + MINUTE), key("c", subscription_id=8)
    add(accounts, second, first, other)
    assert accounts.keys.find(first.key_hash) == first
    assert accounts.keys.find("d" * 64) is None
    assert hashes(accounts.keys.living(7)) == [first.key_hash, second.key_hash]
    assert accounts.keys.living(9) == []


def test_a_key_is_marked_until_it_is_deleted(accounts: Accounts) -> None:
    add(accounts, key())
    told = [accounts.keys.mark(key(), status) for status in (KeyStatus.BLOCKED, KeyStatus.DELETED, KeyStatus.ACTIVE)]
    assert told == [True, True, False]
    deleted = replace(key(), status=KeyStatus.DELETED)
    assert accounts.keys.living(7) == []
    assert (accounts.keys.find(deleted.key_hash), accounts.keys.deleted(7, None).items) == (deleted, [deleted])


def test_an_unknown_key_is_not_marked(accounts: Accounts) -> None:
    assert not accounts.keys.mark(key(), KeyStatus.BLOCKED)
    assert accounts.keys.living(7) == []


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


@pytest.mark.parametrize(
    ("standing", "owner"),
    [
        *((standing, ALICE) for standing in Standing if not standing.allows_calls),
        (Standing.ACTIVE, BOB),
        (Standing.ACTIVE, None),
    ],
)
def test_a_key_is_recorded_only_while_the_standing_allows_it(
    accounts: Accounts, standing: Standing, owner: str | None
) -> None:
    # Given a standing that was stored while the key was made
    accounts.requests.claim(claim(), NOW)
    accounts.standings.replace(KnownStanding(7, standing, owner, NOW, 2))
    # When it is to be recorded, Then it is not
    with pytest.raises(RaceLostError):
        accounts.requests.finish(claim(), key())
    assert accounts.keys.find(key().key_hash) is None


def test_no_key_is_recorded_without_a_standing(accounts: Accounts) -> None:
    accounts.requests.claim(claim(), NOW)
    with pytest.raises(RaceLostError):
        accounts.requests.finish(claim(), key(subscription_id=9))


def test_no_more_keys_are_recorded_than_there_may_be_however_many_were_deleted(accounts: Accounts) -> None:
    # Given three keys that were deleted, and as many living ones as there may be
    names = [f"{number:02}" * 32 for number in range(KEYS_PER_SUBSCRIPTION_MAX + 4)]
    keys = [replace(key(), key_hash=name) for name in names]
    for gone in keys[:3]:
        add(accounts, gone)
        assert [accounts.keys.mark(gone, KeyStatus.DELETED) for _ in range(2)] == [True, False]
    add(accounts, *keys[3:-1])
    # When another is to be recorded, Then it is not, until one is deleted
    with pytest.raises(RaceLostError):
        add(accounts, keys[-1])
    accounts.keys.mark(keys[3], KeyStatus.DELETED)
    accounts.requests.finish(claim(idempotency_key=f"makes-{names[-1]}"), keys[-1])
    assert hashes(accounts.keys.living(7)) == names[4:]
    assert len(accounts.keys.deleted(7, None).items) == 4


def test_a_key_is_renamed_and_limited_until_it_is_deleted(accounts: Accounts) -> None:
    limits = KeyLimits(("gpt-4o", "o1"), NOW + MINUTE, 5, 9_000)
    add(accounts, replace(key(), limits=limits, replaces="b" * 64))
    assert accounts.keys.find("a" * 64) == replace(key(), limits=limits, replaces="b" * 64)
    assert accounts.keys.change(replace(key(), alias="phone", cap_microtokens=10**12))
    accounts.keys.note_limits(key(), KeyLimits(expires_at=NOW))
    assert accounts.keys.find("a" * 64) == replace(
        key(), alias="phone", cap_microtokens=10**12, limits=KeyLimits(expires_at=NOW), replaces="b" * 64
    )
    assert accounts.keys.change(replace(key(), alias="phone"))
    [known] = accounts.keys.living(7)
    accounts.keys.mark(known, KeyStatus.DELETED)
    assert not accounts.keys.change(key())
    assert accounts.keys.deleted(7, None).items == [replace(known, status=KeyStatus.DELETED)]


def test_a_key_ends_when_the_one_is_recorded_that_replaces_it(accounts: Accounts) -> None:
    add(accounts, key("a"))
    ending = replace(key("a"), limits=KeyLimits(expires_at=NOW + MINUTE))
    accounts.requests.claim(claim(), NOW)
    accounts.requests.finish(claim(), replace(key("b"), replaces="a" * 64), ending)
    assert accounts.keys.find("a" * 64) == ending
    # And none is recorded in the place of a key that is deleted
    accounts.keys.mark(ending, KeyStatus.DELETED)
    accounts.requests.claim(claim(idempotency_key="request-2"), NOW)
    with pytest.raises(RaceLostError):
        accounts.requests.finish(claim(idempotency_key="request-2"), key("c"), ending)
    assert hashes(accounts.keys.living(7)) == ["b" * 64]


@pytest.mark.stack
def test_concurrent_requests_record_as_many_keys_as_there_may_be(table: "Table") -> None:
    # Given more requests at once than a subscription may have keys
    accounts = with_standings(over_dynamodb(table))
    names = [f"{number:064x}" for number in range(KEYS_PER_SUBSCRIPTION_MAX + 12)]
    for name in names:
        accounts.requests.claim(claim(idempotency_key=name), NOW)

    def record(name: str) -> bool:
        for _ in range(20):
            try:
                accounts.requests.finish(claim(idempotency_key=name), replace(key(), key_hash=name))
            except ConditionFailedError:
                return False
            except RaceLostError:  # as a client that tries again
                continue
            return True
        raise AssertionError("in the way of other requests 20 times")

    # When all are recorded at the same time
    with ThreadPoolExecutor(len(names)) as pool:
        recorded = sum(pool.map(record, names))
    # Then there are exactly as many
    assert recorded == len(accounts.keys.living(7)) == KEYS_PER_SUBSCRIPTION_MAX


def test_a_budget_is_noted(accounts: Accounts) -> None:
    add(accounts, key())
    accounts.keys.note_budget(key(), 7)
    assert accounts.keys.find(key().key_hash) == replace(key(), budget_microusd=7)


def test_a_standing_replaces_the_version_before_it_only(accounts: Accounts) -> None:
    second = KnownStanding(7, Standing.OVERDRAWN, None, NOW, 2)
    assert accounts.standings.find(9) is None
    accounts.standings.replace(second)
    for late in (replace(second, version=1), second, replace(second, version=4)):
        with pytest.raises(RaceLostError):
            accounts.standings.replace(late)
    assert accounts.standings.find(7) == second


def test_leases_replace_the_version_before_them_only(accounts: Accounts) -> None:
    # Given no leases, and then one
    none = accounts.leases.of(7)
    assert none == SubscriptionLeases(7, {}, 0)
    first = none.with_lease("gate.key", Lease(10**18, NOW))
    accounts.leases.replace(first)
    # When another gate has read what was there before, Then it cannot store
    with pytest.raises(RaceLostError):
        accounts.leases.replace(none.with_lease("other.key", Lease(1, NOW)))
    second = first.with_lease("other.key", Lease(1, NOW + MINUTE))
    accounts.leases.replace(second)
    assert accounts.leases.of(7) == second
    assert accounts.leases.of(8).leases == {}
