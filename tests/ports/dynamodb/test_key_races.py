"""Requests for keys at the same time, on DynamoDB: what one of them alone would do, and never more."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.key_changes import MakeFirstKeys, RotateKey
from flareflow.accounts.keys import CreatedKey, CreateKey, DeleteKey
from flareflow.accounts.leases import LeaseCredit
from flareflow.accounts.models import UNLIMITED, IssuedKey, KeyLimits
from flareflow.accounts.ports import KEYS_PER_SUBSCRIPTION_MAX
from flareflow.accounts.requests import KeyRequest, LeaseRequest, RotationRequest
from flareflow.accounts.standings import JudgeStanding
from flareflow.adapters.dynamodb.leases import DynamoLeases
from flareflow.adapters.dynamodb.standings import DynamoStandings
from flareflow.adapters.dynamodb.virtual_keys import DynamoKeyRequests, DynamoVirtualKeys
from flareflow.errors import NotFoundError, RaceLostError, RequestError
from tests.fakes.accounts import ALICE, FakeClock, FakeLedger, FakeMeteredUsage, FakeOnChainSubscriptions
from tests.fakes.keys import FakeKeyIssuer, FakeKeyUsages
from tests.fakes.settlement import FakeKnownRates
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

pytestmark = pytest.mark.stack

AT_ONCE = 10
TRIES_MAX = 30
"""A client that is told to try again does so."""


@dataclass
class OneAtATime(FakeKeyIssuer):
    """LiteLLM carries out one request after the other."""

    lock: threading.RLock = field(default_factory=threading.RLock, compare=False)

    def issue(
        self, alias: str, subscription_id: int, owner: str, budget_microusd: int, limits: KeyLimits = UNLIMITED
    ) -> IssuedKey:
        with self.lock:
            return super().issue(alias, subscription_id, owner, budget_microusd, limits)

    def delete(self, key_hash: str) -> None:
        with self.lock:
            super().delete(key_hash)

    def delete_alias(self, alias: str) -> None:
        with self.lock:
            super().delete_alias(alias)


@dataclass
class Requests:
    """Alice's requests for keys of subscription 7, and what became of them."""

    table: "Table"
    clock: FakeClock = field(default_factory=FakeClock)
    chain: FakeOnChainSubscriptions = field(default_factory=FakeOnChainSubscriptions)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    issuer: OneAtATime = field(default_factory=OneAtATime)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.keys = DynamoVirtualKeys(self.table)
        self.chain.open(7, ALICE)
        self.ledger.open(7, ALICE, 100_000_000)
        usage, rates = FakeMeteredUsage(), FakeKnownRates()
        self.judge = JudgeStanding(self.ledger, usage, rates, DynamoStandings(self.table), self.clock)
        requests = DynamoKeyRequests(self.table, self.table)
        self.creating = CreateKey(self.chain, requests, self.keys, self.issuer, self.judge, Budgets(10), self.clock)

    def create(self, idempotency_key: str) -> None:
        self.note(lambda: self.creating.run(ALICE, idempotency_key, KeyRequest(subscription_id=7)))

    def rotate(self, idempotency_key: str, key_hash: str) -> None:
        rotating = RotateKey(self.chain, self.keys, self.issuer, self.creating, FakeKeyUsages(), self.clock)
        self.note(lambda: rotating.run(ALICE, idempotency_key, key_hash, RotationRequest()))

    def note(self, work: Callable[[], CreatedKey]) -> None:
        for _ in range(TRIES_MAX):
            try:
                work()
            except RaceLostError:
                continue
            except RequestError as error:
                self.outcomes[error.code] += 1
                if error.code == "request_in_progress":
                    continue
            else:
                self.outcomes["made"] += 1
            return
        raise AssertionError(f"refused {TRIES_MAX} times")


@pytest.fixture
def requests(server: None) -> Iterator[Requests]:
    with fresh_table("AccountsTable") as table:
        yield Requests(table)


def at_once(work: Callable[[int], object], times: int = AT_ONCE) -> None:
    with ThreadPoolExecutor(times) as pool:
        list(pool.map(work, range(times)))


def test_ten_equal_requests_at_once_make_one_key_and_show_one_secret(requests: Requests) -> None:
    at_once(lambda _: requests.create("the-same-request"))
    assert (requests.outcomes["made"], requests.outcomes["secret_already_shown"]) == (1, AT_ONCE - 1)
    assert len(requests.keys.living(7)) == len(requests.issuer.blocked) == 1


def test_more_requests_at_once_than_there_may_be_keys_make_exactly_as_many(requests: Requests) -> None:
    more = 10
    at_once(lambda number: requests.create(f"request-{number}"), KEYS_PER_SUBSCRIPTION_MAX + more)
    assert requests.outcomes["made"] == KEYS_PER_SUBSCRIPTION_MAX
    assert requests.outcomes["too_many_keys"] == more
    assert len(requests.keys.living(7)) == len(requests.issuer.blocked) == KEYS_PER_SUBSCRIPTION_MAX


def test_ten_equal_rotations_at_once_make_one_key(requests: Requests) -> None:
    old = requests.creating.run(ALICE, "the-old-one", KeyRequest(subscription_id=7))
    at_once(lambda _: requests.rotate("rotation-1", old.key_hash))
    assert requests.outcomes["made"] == 1
    assert len(requests.keys.living(7)) == len(requests.issuer.blocked) == 2


def test_keys_that_are_rotated_again_and_again_at_once_share_one_cap(requests: Requests) -> None:
    # Given a key with a cap, and its successor
    cap = KeyRequest(subscription_id=7, cap_rated_tokens=1_000)
    first = requests.creating.run(ALICE, "the-old-one", cap).key_hash
    requests.rotate("rotation", first)
    [second] = [key.key_hash for key in requests.keys.living(7) if key.key_hash != first]
    # When both are rotated at the same time, each twice
    at_once(lambda number: requests.rotate(f"rotation-{number}", (first, second)[number % 2]), times=4)
    # Then there are as many keys more, and each knows of all others
    living = {key.key_hash: set(key.shares_cap_with) for key in requests.keys.living(7)}
    assert len(living) == len(requests.issuer.blocked) == 6
    assert living == {key_hash: set(living) - {key_hash} for key_hash in living}


def test_first_keys_that_are_asked_for_ten_times_at_once_are_made_once(requests: Requests) -> None:
    first = MakeFirstKeys(requests.ledger, requests.keys, requests.creating)
    made: list[CreatedKey] = []
    at_once(lambda _: made.extend(first.run(ALICE)))
    assert len(made) == len(requests.keys.living(7)) == len(requests.issuer.blocked) == 1


def test_a_key_that_is_deleted_while_it_is_used_gets_no_credit_afterwards(requests: Requests) -> None:
    # Given a key for which many gates lease credit
    made = requests.creating.run(ALICE, "the-key", KeyRequest(subscription_id=7))
    leases = DynamoLeases(requests.table)
    leasing = LeaseCredit(lambda: "", requests.keys, requests.judge, leases, FakeKeyUsages(), requests.clock)

    def lease(gate: int) -> None:
        amounts = {"kept_microtokens": 0, "needed_microtokens": 1, "wanted_microtokens": 0}
        request = {"gate": f"{gate:032x}", "key_hash": made.key_hash, **amounts}
        leasing.run("Bearer ", LeaseRequest.model_validate(request))

    def use_until_it_ends(gate: int) -> None:
        for _ in range(TRIES_MAX):
            with suppress(NotFoundError, RaceLostError):
                lease(gate)

    # When it is deleted at the same time
    deleting = DeleteKey(requests.chain, requests.keys, requests.issuer)
    at_once(lambda number: use_until_it_ends(number) if number else deleting.run(ALICE, made.key_hash))
    # Then nobody leases credit for it any more, and LiteLLM does not have it
    with pytest.raises(NotFoundError, match="no such key"):
        lease(AT_ONCE)
    assert requests.issuer.blocked == {}
