"""Leases of credit: many gates share a subscription, and together hold no more than is left."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.accounts.leases import HOLDERS_MAX, LEASE_LIFETIME, GrantedLease, LeaseCredit, granted_microtokens
from flareflow.accounts.models import KeyStatus, Standing, VirtualKey
from flareflow.accounts.requests import LeaseRequest
from flareflow.accounts.standings import JudgeStanding
from flareflow.errors import RequestError
from tests.fakes.accounts import (
    ALICE,
    BOB,
    FakeClock,
    FakeLeases,
    FakeLedger,
    FakeMeteredUsage,
    FakeStandings,
    FakeVirtualKeys,
)
from tests.fakes.keys import FakeKeyUsages
from tests.fakes.settlement import FakeKnownRates

TOKENS = 10**6
KEY, OTHER_KEY = "ab" * 32, "cd" * 32
ALL = 50_000 * TOKENS
"""What the deposit of subscription 7 pays for."""


def asking(kept: int = 0, needed: int = 1, wanted: int = 0, gate: str = "1", key_hash: str = KEY) -> LeaseRequest:
    return LeaseRequest(
        gate=f"{gate:0<32}",
        key_hash=key_hash,
        kept_microtokens=kept,
        needed_microtokens=needed,
        wanted_microtokens=wanted,
    )


@dataclass
class Counter:
    """Subscription 7 with a deposit of 1 FLOW, which pays for 50,000 tokens, and two keys."""

    clock: FakeClock = field(default_factory=FakeClock)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    usage: FakeMeteredUsage = field(default_factory=FakeMeteredUsage)
    standings: FakeStandings = field(default_factory=FakeStandings)
    keys: FakeVirtualKeys = field(default_factory=FakeVirtualKeys)
    leases: FakeLeases = field(default_factory=FakeLeases)
    usages: FakeKeyUsages = field(default_factory=FakeKeyUsages)

    def __post_init__(self) -> None:
        self.ledger.open(7, ALICE, 100_000_000)
        for key_hash in (KEY, OTHER_KEY):
            self.keys.keys[key_hash] = VirtualKey(key_hash, 7, "", KeyStatus.ACTIVE, self.clock(), ALICE, 0, 0)

    def lease(
        self, kept: int = 0, needed: int = 0, wanted: int = 0, *, gate: str = "1", key_hash: str = KEY
    ) -> GrantedLease:
        self.ledger.complete = self.clock()
        judge = JudgeStanding(self.ledger, self.usage, FakeKnownRates(), self.standings, self.clock)
        use_case = LeaseCredit(lambda: "secret", self.keys, judge, self.leases, self.usages, self.clock)
        return use_case.run("Bearer secret", asking(kept, needed, wanted, gate, key_hash))


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_a_gate_gets_what_it_needs_and_half_of_the_rest_at_most(counter: Counter) -> None:
    granted = counter.lease(needed=10_000 * TOKENS, wanted=ALL)
    assert granted == GrantedLease(Standing.ACTIVE, 30_000 * TOKENS, ALL, 180)


def test_what_is_needed_is_given_whole_or_not_at_all(counter: Counter) -> None:
    assert counter.lease(needed=ALL + 1).held_microtokens == 0
    assert counter.leases.stored == {}
    assert counter.lease(needed=ALL).held_microtokens == ALL


def test_gates_and_keys_together_hold_no_more_than_is_left(counter: Counter) -> None:
    # Given a gate that holds 30,000 tokens for one key
    counter.lease(needed=30_000 * TOKENS)
    # When another gate, or the same for another key, needs 20,001, Then there are only 20,000
    for holder in ({"gate": "2"}, {"key_hash": OTHER_KEY}):
        assert counter.lease(needed=20_001 * TOKENS, **holder).held_microtokens == 0  # type: ignore[arg-type]
    assert counter.lease(needed=20_000 * TOKENS, gate="2").held_microtokens == 20_000 * TOKENS


def test_metered_usage_is_taken_off_what_is_left(counter: Counter) -> None:
    counter.usage.meter(7, counted=30_000 * TOKENS, unconfirmed=15_000 * TOKENS)
    assert counter.lease(needed=5_001 * TOKENS).held_microtokens == 0
    assert counter.lease(needed=5_000 * TOKENS).held_microtokens == 5_000 * TOKENS


def test_what_a_gate_keeps_stays_reserved_even_where_it_is_not_left(counter: Counter) -> None:
    counter.usage.meter(7, counted=49_999 * TOKENS)
    assert counter.lease(kept=10 * TOKENS, needed=1).held_microtokens == 10 * TOKENS
    assert counter.lease(needed=1, gate="2").held_microtokens == 0


def test_the_lease_of_a_gate_that_was_lost_runs_out(counter: Counter) -> None:
    counter.lease(needed=ALL)
    counter.clock.advance(LEASE_LIFETIME - timedelta(seconds=1))
    assert counter.lease(needed=1, gate="2").held_microtokens == 0
    counter.clock.advance(timedelta(seconds=1))
    assert counter.lease(needed=ALL, gate="2").held_microtokens == ALL


def test_a_lease_that_is_given_back_is_free_for_others(counter: Counter) -> None:
    counter.lease(needed=ALL)
    counter.lease()
    assert counter.lease(needed=ALL, gate="2").held_microtokens == ALL


@pytest.mark.parametrize("used", [50_000, 60_000])
def test_whoever_is_overdrawn_gets_nothing_and_that_is_stored(counter: Counter, used: int) -> None:
    counter.usage.meter(7, counted=used * TOKENS)
    granted = counter.lease(needed=1)
    assert (granted.standing, granted.held_microtokens, granted.left_microtokens) == (Standing.OVERDRAWN, 0, 0)
    assert counter.standings.known[7].standing is Standing.OVERDRAWN


def test_a_gate_that_lost_a_race_looks_again(counter: Counter) -> None:
    # Given another gate that leases all but a token while this one decides
    live = counter.usage.live
    raced: list[bool] = []

    def live_then_race(subscription_id: int) -> object:
        found = live(subscription_id)
        if not raced:
            raced.append(True)
            assert counter.lease(needed=ALL - TOKENS, gate="2").held_microtokens
        return found

    counter.usage.live = live_then_race  # type: ignore[method-assign, assignment]
    # When it goes on, Then it gets no more than is left
    assert counter.lease(needed=2 * TOKENS).held_microtokens == 0


@pytest.mark.parametrize("key_hash", ["00" * 32, OTHER_KEY])
def test_a_key_that_is_unknown_or_deleted_gets_no_credit(counter: Counter, key_hash: str) -> None:
    counter.keys.mark(counter.keys.keys[OTHER_KEY], KeyStatus.DELETED)
    with pytest.raises(RequestError) as refused:
        counter.lease(needed=1, key_hash=key_hash)
    assert refused.value.code == "key_not_found"


def test_a_key_of_a_former_owner_gets_no_credit_although_it_is_not_deleted_yet(counter: Counter) -> None:
    # Given a subscription that has moved while LiteLLM could not be told to delete its keys
    assert counter.lease(needed=1).held_microtokens
    counter.ledger.open(7, BOB, 100_000_000)
    # When the former owner's key calls, Then the new owner does not pay for it
    with pytest.raises(RequestError) as refused:
        counter.lease(needed=1)
    assert refused.value.code == "key_not_found"


def test_only_who_knows_the_secret_leases_credit(counter: Counter) -> None:
    judge = JudgeStanding(counter.ledger, counter.usage, FakeKnownRates(), counter.standings, counter.clock)
    use_case = LeaseCredit(lambda: "secret", counter.keys, judge, counter.leases, counter.usages, counter.clock)
    request = LeaseRequest(gate="1" * 32, key_hash=KEY, kept_microtokens=0, needed_microtokens=1, wanted_microtokens=0)
    for authorization in ("", "Bearer another", "secret"):
        with pytest.raises(RequestError) as refused:
            use_case.run(authorization, request)
        assert refused.value.code == "gate_secret_wrong"


def test_more_holders_than_there_may_be_get_nothing(counter: Counter) -> None:
    for number in range(HOLDERS_MAX):
        counter.lease(needed=1, gate=f"{number:08x}")
    assert counter.lease(needed=1, gate="ffff").held_microtokens == 0


@given(
    kept=st.integers(0, 10**9), needed=st.integers(0, 10**9), wanted=st.integers(0, 10**9), free=st.integers(-10, 10**9)
)
def test_a_grant_is_within_what_is_free_unless_it_was_spent_already(
    kept: int, needed: int, wanted: int, free: int
) -> None:
    held = granted_microtokens(asking(kept, needed, wanted), free)
    assert kept <= held <= max(kept, free)
    assert held >= kept + needed or kept + needed > free


def capped(counter: Counter, cap: int, used: int = 0) -> None:
    counter.keys.keys[KEY] = replace(counter.keys.keys[KEY], cap_microtokens=cap)
    counter.usages.used[KEY] = used


def test_a_key_gets_no_more_than_is_left_of_its_cap(counter: Counter) -> None:
    # Given a key that may use 1,000 tokens in all and has used 400
    capped(counter, 1_000 * TOKENS, used=400 * TOKENS)
    # When it needs 600 tokens, Then it gets them; and 601 it does not
    assert counter.lease(needed=601 * TOKENS).held_microtokens == 0
    granted = counter.lease(needed=600 * TOKENS, wanted=ALL)
    assert (granted.held_microtokens, granted.key_left_microtokens) == (600 * TOKENS, 600 * TOKENS)
    assert granted.left_microtokens == ALL


def test_gates_together_hold_no_more_than_is_left_of_the_cap_of_a_key(counter: Counter) -> None:
    # Given a cap of 1,000 tokens, and a gate that holds credit for another key
    capped(counter, 1_000 * TOKENS)
    counter.lease(needed=900 * TOKENS, gate="2", key_hash=OTHER_KEY)
    # When two gates lease for the key, Then they get 1,000 together
    assert counter.lease(needed=700 * TOKENS, gate="1").held_microtokens == 700 * TOKENS
    assert counter.lease(needed=301 * TOKENS, gate="2").held_microtokens == 0
    assert counter.lease(needed=300 * TOKENS, gate="2").held_microtokens == 300 * TOKENS


def test_a_gate_keeps_what_it_may_have_spent_of_a_cap_that_was_lowered(counter: Counter) -> None:
    capped(counter, 1_000 * TOKENS)
    counter.lease(needed=700 * TOKENS)
    capped(counter, 500 * TOKENS)
    assert counter.lease(kept=700 * TOKENS, wanted=ALL).held_microtokens == 700 * TOKENS


def rotated(counter: Counter, cap: int) -> None:
    """Both keys share what is left of a cap: `KEY` has used 400 tokens before, `OTHER_KEY` is its successor."""
    counter.usages.used[KEY] = 400 * TOKENS
    shares = {KEY: {OTHER_KEY: 0}, OTHER_KEY: {KEY: 400 * TOKENS}}
    for key_hash, left in ((KEY, cap), (OTHER_KEY, cap - 400 * TOKENS)):
        known = counter.keys.keys[key_hash]
        counter.keys.keys[key_hash] = replace(known, cap_microtokens=left, shares_cap_with=shares[key_hash])


def test_a_rotated_key_and_its_successor_together_hold_no_more_than_was_left(counter: Counter) -> None:
    # Given a key with 600 tokens left of its cap, which was rotated
    rotated(counter, 1_000 * TOKENS)
    # When a gate holds 350 for the old one, Then there are 250 for the new one, at that gate and at another
    counter.lease(needed=350 * TOKENS)
    for gate in ("1", "2"):
        assert counter.lease(needed=251 * TOKENS, gate=gate, key_hash=OTHER_KEY).held_microtokens == 0
    granted = counter.lease(needed=250 * TOKENS, gate="2", key_hash=OTHER_KEY)
    assert (granted.held_microtokens, granted.key_left_microtokens) == (250 * TOKENS, 600 * TOKENS)
    # And when both have used what they held, Then nothing is left for either
    counter.usages.used |= {KEY: 750 * TOKENS, OTHER_KEY: 250 * TOKENS}
    for key_hash in (KEY, OTHER_KEY):
        assert counter.lease(needed=1, gate="3", key_hash=key_hash).key_left_microtokens == 0


@given(st.lists(st.tuples(st.sampled_from([KEY, OTHER_KEY]), st.integers(1, 3), st.integers(1, 400)), max_size=12))
def test_whatever_both_keys_ask_for_the_cap_is_never_exceeded(asked: list[tuple[str, int, int]]) -> None:
    # Given a rotated key and its successor, with 600 tokens left, and calls of both at three gates
    counter = Counter()
    rotated(counter, 1_000 * TOKENS)
    held: dict[tuple[str, int], int] = {}
    for key_hash, gate, needed in asked:
        # When a gate leases for a call, and the call uses all of it at once
        kept = held.get((key_hash, gate), 0)
        granted = counter.lease(kept=kept, needed=needed * TOKENS, gate=str(gate), key_hash=key_hash)
        held[key_hash, gate] = granted.held_microtokens
        # Then what is held by all, or was used, is never more than the cap
        assert sum(held.values()) + counter.usages.used[KEY] <= 1_000 * TOKENS


def test_nothing_is_read_for_a_key_without_a_cap(counter: Counter) -> None:
    assert counter.lease(needed=TOKENS).key_left_microtokens is None
    assert counter.usages.asked == 0
